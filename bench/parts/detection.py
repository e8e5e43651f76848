"""How many faults are found, how soon, and at how many false alarms: by our defaults, and those of peers."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.detection.compared import EQUAL, MONTHLY, PEERS, compared, named_causes
from bench.detection.faults import KINDS
from bench.detection.faults import cases as every
from bench.detection.named import FIRST
from bench.detection.ours import OURS
from bench.detection.world import AFTER, BEFORE
from bench.environments import NotInstalledError, pinned, python_of
from bench.measurement import BenchError, measure
from bench.options import Options
from bench.results import write
from bench.table import table
from bench.workspace import Workspace, say

NAME = "detection"
DOCUMENT = "detection.md"
NAMES = ("flights", "independent", "seasonal")
_DAYS_OF_YEAR = 365
_NEVER = 99
_OUTPUTS = 2
"""Columns beside the features that are watched: the score, and the decision."""


def run(options: Options, workspace: Workspace) -> None:
    """Evaluate every world with every tool; what a kept workspace has already is not measured again."""
    cases = [case.name for case in every() if not options.cases or case.name in options.cases]
    for world in options.worlds or NAMES:
        folder = workspace.folder / NAME / world
        folder.mkdir(parents=True, exist_ok=True)
        say(f"Nights of the world {world}")
        arguments: dict[str, Any] = {"folder": str(folder), "cases": cases}
        ours = measure("detection_ours", arguments | {"world": world}, limits=options.limits, repeats=1)
        if ours.failure:
            raise BenchError(f"{world}: {ours.failure}")
        columns = {name: ours.facts[name] for name in ("numbers", "categories")}
        for tool in PEERS:
            say(f"The same days with {tool}")
            try:
                python = python_of(tool)
            except NotInstalledError as error:
                raise BenchError(f"{tool} is not installed: {error}") from error
            peer = arguments | columns | {"cases": [BEFORE, AFTER, *cases]}
            done = measure(f"detection_{tool}", peer, limits=options.limits, repeats=1, python=python)
            if done.failure:
                raise BenchError(f"{tool}, {world}: {done.failure}")
        watched = len(columns["numbers"]) + len(columns["categories"]) + _OUTPUTS
        found = compared(folder, cases, watched) | {"told": ours.facts["told"]}
        found["named"] = named_causes(folder, cases, ours.facts["behind"])
        if options.cases:
            say(section({world: {"measured": found}}))
        else:
            write(NAME, world, found)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """How many faults are found."""
    if not cases:
        return []
    told = ", ".join(f"{tool} {_share(_every(cases, tool))}" for tool in (OURS, *PEERS))
    return [(f"faults found, of {len(_every(cases, OURS))} in {len(cases)} worlds", told)]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    tables = (_nights(cases, suffix) for suffix in ("", EQUAL, MONTHLY))
    told = [summary(cases), beside_the_better(cases), causes(cases), *tables]
    return "\n\n".join(filter(None, told))


def causes(cases: dict[str, dict[str, Any]]) -> str:
    """For each world where it is known: how often incidents name what was done, first or among the first."""
    lines = []
    for world, each in cases.items():
        places = each["measured"].get("named")
        if places is None:
            continue
        first, among = (
            sum(place is not None and place <= most for place in places.values()) for most in (1, FIRST)
        )
        others = [case for case, place in places.items() if place is None or place > 1]
        shares = (f"{count} ({count / len(places):.0%})" if places else "" for count in (first, among))
        lines.append([world, f"{len(places)}", *shares, ", ".join(map(with_strength, others))])
    titles = ["world", "faults found", "named first", f"among the first {FIRST}", "not named first"]
    if not lines:
        return ""
    told = (
        "What the incident of a fault names as its likely cause on the night on which it is found (of labels "
        "and concepts, that scores no longer mean what they did):"
    )
    return f"{told}\n\n{table(titles, lines, words=2)}"


def summary(cases: dict[str, dict[str, Any]]) -> str:
    """For each world and tool: what was found, how soon, and false alarms."""
    lines = []
    for world, each in cases.items():
        measured = each["measured"]
        years = measured["columns"] * measured["nights"] / _DAYS_OF_YEAR
        for tool, found in measured["tools"].items():
            nights = found["found"]
            of_strength = (
                [night for case, night in nights.items() if case.endswith(f"/{place}")] for place in range(3)
            )
            weak, middling, strong = map(_share, of_strength)
            lines.append(
                [
                    world,
                    _called(tool),
                    weak,
                    middling,
                    strong,
                    _median(list(nights.values())),
                    f"{found['alarms']}",
                    f"{found['alarms'] / years:.1f}",
                ]
            )
    titles = [
        "world",
        "tool",
        "weak faults found",
        "middling",
        "strong",
        "median night",
        "false alarms",
        "a column-year",
    ]
    return table(titles, lines, words=2)


def beside_the_better(cases: dict[str, dict[str, Any]]) -> str:
    """For each world and number of false alarms: how ours do beside the better peer of each fault."""
    lines = []
    for world, each in cases.items():
        tools = each["measured"]["tools"]
        for suffix in (EQUAL, MONTHLY):
            ours = tools[f"{OURS}{suffix}"]["found"]
            better = {
                case: min(
                    _found_nights(tools[f"{peer}{suffix}"]["found"][case] for peer in PEERS), default=None
                )
                for case in ours
            }
            pairs = [(_late(ours[case]), _late(better[case])) for case in ours]
            later = [case for case in ours if _late(ours[case]) > _late(better[case])]
            # of faults that both find, lest who finds more that is hard seems slow
            both = [(our, peer) for our, peer in pairs if max(our, peer) < _NEVER]
            lines.append(
                [
                    world,
                    suffix.removeprefix(", "),
                    f"{sum(our < _NEVER for our, _ in pairs)}",
                    f"{sum(peer < _NEVER for _, peer in pairs)}",
                    f"{sum(our < peer for our, peer in pairs)}",
                    f"{sum(our == peer for our, peer in pairs)}",
                    f"{len(later)}",
                    " and ".join(f"{statistics.mean(nights):.2f}" for nights in zip(*both, strict=True)),
                    ", ".join(map(with_strength, later)),
                ]
            )
    titles = [
        "world",
        "set",
        "found by ours",
        "by the better peer",
        "ours sooner",
        "as soon",
        "later",
        "mean night, ours and the peer's",
        "later or not at all",
    ]
    told = "Beside the better peer of each fault, at the same number of false alarms:"
    return f"{told}\n\n{table(titles, lines, words=2)}"


def _found_nights(nights: Iterable[int | None]) -> list[int]:
    return [night for night in nights if night is not None]


def _late(night: int | None) -> int:
    return _NEVER if night is None else night


def with_strength(case: str) -> str:
    """A case as tables name it."""
    name, _, place = case.partition("/")
    (kind,) = (kind for kind in KINDS if kind.name == name)
    return f"{name} ({kind.told(kind.strengths[int(place)])})"


def _nights(cases: dict[str, dict[str, Any]], suffix: str) -> str:
    """The night on which each fault was found, of each world, by tools that are set so."""
    tools = tuple(f"{tool}{suffix}" for tool in (OURS, *PEERS))
    lines = []
    for kind in KINDS:
        for place, strength in enumerate(kind.strengths):
            name = f"{kind.name}/{place}"
            if not any(name in each["measured"]["tools"][OURS]["found"] for each in cases.values()):
                continue
            nights = [
                _night(each["measured"]["tools"][tool]["found"], name)
                for each in cases.values()
                for tool in tools
            ]
            lines.append([kind.name, kind.told(strength), *nights, kind.unknown])
    short = {OURS: "ours", PEERS[0]: "E", PEERS[1]: "N"}
    titles = ["fault", "strength", *(f"{world}: {short[tool]}" for world in cases for tool in short)]
    how = suffix.removeprefix(", ") or "with defaults"
    told = f"The night on which a fault was found, {how} (E: Evidently, N: NannyML; -: not found):"
    return f"{told}\n\n{table([*titles, 'peers do not know'], lines, words=2)}"


def _every(cases: dict[str, dict[str, Any]], tool: str) -> list[int | None]:
    return [night for each in cases.values() for night in each["measured"]["tools"][tool]["found"].values()]


def _called(tool: str) -> str:
    name, comma, thresholds = tool.partition(",")
    return tool if name == OURS else f"{name} {pinned(name)}{comma}{thresholds}"


def _share(nights: Sequence[int | None]) -> str:
    found = sum(night is not None for night in nights)
    return f"{found / len(nights):.0%}" if nights else ""


def _median(nights: Sequence[int | None]) -> str:
    found = [night for night in nights if night is not None]
    return f"{statistics.median(found):g}" if found else "-"


def _night(found: Mapping[str, int | None], case: str) -> str:
    """The night; `-` if there was none, and nothing if it was not measured."""
    return "" if case not in found else "-" if found[case] is None else str(found[case])
