"""How many faults are found, how soon, and at how many false alarms: by our defaults, and those of peers."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.detection.budgets import BUDGETS, at_budget
from bench.detection.faults import KINDS
from bench.detection.faults import cases as every
from bench.detection.found import flagged, found_on, onsets, scaled, tuned
from bench.detection.kept import Kept
from bench.detection.named import FIRST, place_of
from bench.detection.ours import OURS
from bench.detection.world import AFTER, BEFORE, LEARNED
from bench.environments import NotInstalledError, pinned, python_of
from bench.measurement import BenchError, measure
from bench.options import Options
from bench.results import write
from bench.table import table
from bench.workspace import Workspace, say

NAME = "detection"
DOCUMENT = "detection.md"
PEERS = ("evidently", "nannyml")
NAMES = ("flights", "independent", "seasonal")
TUNED, EQUAL, MONTHLY = ", tuned on the nights before", ", at equal false alarms", ", at 12 a year"
"""How tools are set beside their defaults; the last two: as sensitive as so few false alarms allow."""
_DAYS_OF_YEAR = 365
_MONTHS = 12
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


def compared(folder: Path, cases: Sequence[str], columns: int) -> dict[str, Any]:
    """What is kept in a world's folder, by tool: with its defaults, and peers with other thresholds too.

    Args:
        folder: of the world.
        cases: that count.
        columns: that are watched.
    """
    names = [BEFORE, AFTER, *cases]
    kept = {case: Kept(folder, OURS).read(case) for case in (LEARNED, *names)}
    ours = {case: [night["on"] for night in kept[case]] for case in names}
    alarms, nights = _alarms(ours), len(ours[AFTER])
    allowed = {EQUAL: alarms, MONTHLY: _MONTHS * nights // _DAYS_OF_YEAR}
    found = {OURS: _found(ours) | {"alarms": alarms, "kinds": _noisy(ours)}}
    for suffix, most in allowed.items():
        budget = _budget(kept, most)
        on = {case: _at(kept, case, budget) for case in names}
        found[f"{OURS}{suffix}"] = _found(on) | {"alarms": _alarms(on), "knob": budget}
    for tool in PEERS:
        seen = {case: Kept(folder, tool).read(case) for case in names}
        # of a year that was cut short, the nights that all have
        seen[AFTER] = seen[AFTER][:nights]
        limits = tuned(seen[BEFORE], onsets(ours[BEFORE]))
        thresholds = {suffix: scaled(limits, seen[AFTER], most) for suffix, most in allowed.items()}
        for suffix, chosen in ({"": None, TUNED: limits} | thresholds).items():
            on = {case: flagged(each, chosen) for case, each in seen.items()}
            found[f"{tool}{suffix}"] = _found(on) | {"alarms": _alarms(on)}
    return {"tools": found, "columns": columns, "nights": nights, "allowed": allowed}


def named_causes(
    folder: Path, cases: Sequence[str], behind: Mapping[str, Sequence[Sequence[str]]]
) -> dict[str, int | None]:
    """At which place incidents name what was done, of the cases that our defaults find; None: at none.

    Args:
        folder: of the world.
        cases: that count.
        behind: what may be named, of the cases that have a cause in the log.
    """
    kept, found = Kept(folder, OURS), {}
    twin = kept.read(AFTER)
    for case in (each for each in cases if each in behind):
        nights = kept.read(case)
        night = found_on([each["on"] for each in nights], [each["on"] for each in twin])
        if night is not None:
            signals = set(nights[night - 1]["on"]) - set(twin[night - 1]["on"])
            found[case] = place_of(behind[case], nights[night - 1]["named"], signals)
    return found


def _budget(kept: Mapping[str, list[Any]], most: int) -> float:
    """The largest budget up to which none has more alarms in the nights that count; at least the least."""
    best = BUDGETS[0]
    for budget in BUDGETS:
        if _alarms({AFTER: _at(kept, AFTER, budget)}) > most:
            break
        best = budget
    return best


def _at(kept: Mapping[str, list[Any]], case: str, budget: float) -> list[list[str]]:
    """What our rules say of the nights of a case at another budget."""
    before = kept[LEARNED] if case == BEFORE else [*kept[LEARNED], *kept[BEFORE]]
    return at_budget(before, kept[case], budget)


def _alarms(cases: dict[str, list[list[str]]]) -> int:
    """How many signals came on in the nights without a fault; one that is on from before is an alarm, too."""
    return onsets(cases[AFTER])


def _found(cases: dict[str, list[list[str]]]) -> dict[str, Any]:
    """On which night each case was found, and by what."""
    nights, by = {}, {}
    twin = cases[AFTER]
    for case, each in cases.items():
        if case not in (BEFORE, AFTER):
            nights[case] = night = found_on(each, twin)
            if night is not None:
                by[case] = sorted(set(each[night - 1]) - set(twin[night - 1]))
    return {"found": nights, "by": by}


def _noisy(cases: dict[str, list[list[str]]]) -> list[str]:
    return sorted({name for night in cases[AFTER] for name in night})


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
        lines.append([world, f"{len(places)}", *shares, ", ".join(map(_with_strength, others))])
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
                    ", ".join(map(_with_strength, later)),
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


def _with_strength(case: str) -> str:
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
