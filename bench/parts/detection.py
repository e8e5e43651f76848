"""How many faults are found, how soon, and at how many false alarms: by our defaults, and those of peers."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.detection.faults import KINDS
from bench.detection.found import flagged, found_on, onsets, tuned
from bench.detection.world import QUIET
from bench.environments import NotInstalledError, pinned, python_of
from bench.measurement import BenchError, measure
from bench.options import Options
from bench.results import write
from bench.table import table
from bench.workspace import Workspace, say

NAME = "detection"
DOCUMENT = "detection.md"
OURS = "obs-dagster"
PEERS = ("evidently", "nannyml")
NAMES = ("flights", "independent", "seasonal")
_DAYS_OF_YEAR = 365
_OUTPUTS = 2
"""Columns beside the features that are watched: the score, and the decision."""


def run(options: Options, workspace: Workspace) -> None:
    """Evaluate every world with every tool."""
    for world in NAMES:
        folder = workspace.folder / NAME / world
        folder.mkdir(parents=True)
        say(f"Nights of the world {world}")
        arguments = {"folder": str(folder), "world": world, "cases": [], "nights": QUIET}
        ours = measure("detection_ours", arguments, limits=options.limits, repeats=1)
        if ours.failure:
            raise BenchError(f"{world}: {ours.failure}")
        columns = {name: ours.facts[name] for name in ("numbers", "categories")}
        seconds = {OURS: ours.cpu}
        for tool in PEERS:
            say(f"The same days with {tool}")
            try:
                python = python_of(tool)
            except NotInstalledError as error:
                raise BenchError(f"{tool} is not installed: {error}") from error
            peer = {"folder": str(folder), **columns}
            done = measure(f"detection_{tool}", peer, limits=options.limits, repeats=1, python=python)
            if done.failure:
                raise BenchError(f"{tool}, {world}: {done.failure}")
            seconds[tool] = done.cpu
        write(
            NAME,
            world,
            compared(folder, len(columns["numbers"]) + len(columns["categories"]) + _OUTPUTS)
            | {"told": ours.facts["told"], "seconds": seconds},
        )


def compared(folder: Path, columns: int) -> dict[str, Any]:
    """What the files of a world's folder come to, by tool.

    Args:
        folder: with a file of each tool.
        columns: that are watched.
    """
    ours = json.loads((folder / f"{OURS}.json").read_text(encoding="utf-8"))
    # nights of the twin go on from those before them
    alarms = onsets([*ours["quiet"], *ours["twin"]])
    found = {OURS: _found(ours, ours["twin"]) | {"alarms": alarms, "kinds": _noisy(ours)}}
    for tool in PEERS:
        seen = json.loads((folder / f"{tool}.json").read_text(encoding="utf-8"))
        quiet = [*seen["quiet"], *seen["twin"]]
        limits = tuned(quiet, alarms)
        for name, thresholds in ((tool, None), (f"{tool}, tuned", limits)):
            on = {case: flagged(nights, thresholds) for case, nights in seen.items() if case in ours}
            found[name] = _found(on, on["twin"]) | {"alarms": onsets(flagged(quiet, thresholds))}
    return {"tools": found, "columns": columns, "nights": len(ours["quiet"]) + len(ours["twin"])}


def _found(cases: dict[str, list[list[str]]], twin: list[list[str]]) -> dict[str, Any]:
    """On which night each case was found, and by what."""
    nights, by = {}, {}
    for case, each in cases.items():
        if case not in ("quiet", "twin"):
            nights[case] = night = found_on(each, twin)
            if night is not None:
                by[case] = sorted(set(each[night - 1]) - set(twin[night - 1]))
    return {"found": nights, "by": by}


def _noisy(cases: dict[str, list[list[str]]]) -> list[str]:
    return sorted({name for night in [*cases["quiet"], *cases["twin"]] for name in night})


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """How many faults are found."""
    if not cases:
        return []
    told = ", ".join(f"{tool} {_share(_every(cases, tool))}" for tool in (OURS, *PEERS))
    return [(f"faults found, of {len(_every(cases, OURS))} in {len(cases)} worlds", told)]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    return "\n\n".join([summary(cases), *(_nights(cases, suffix) for suffix in ("", ", tuned"))])


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
        "defaults of",
        "weak faults found",
        "middling",
        "strong",
        "median night",
        "false alarms",
        "a column-year",
    ]
    return table(titles, lines, words=2)


def _nights(cases: dict[str, dict[str, Any]], suffix: str) -> str:
    """The night on which each fault was found, of each world: ours, and the peers' with a suffix."""
    tools = (OURS, *(f"{peer}{suffix}" for peer in PEERS))
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
    how = "at equal false alarms" if suffix else "with defaults"
    told = f"The night on which a fault was found, {how} (E: Evidently, N: NannyML; -: not found):"
    return f"{told}\n\n{table([*titles, 'peers do not know'], lines, words=2)}"


def _every(cases: dict[str, dict[str, Any]], tool: str) -> list[int | None]:
    return [night for each in cases.values() for night in each["measured"]["tools"][tool]["found"].values()]


def _called(tool: str) -> str:
    name, tuned_, _ = tool.partition(",")
    return (
        tool
        if name == OURS
        else f"{name} {pinned(name)}{', thresholds for as few false alarms' if tuned_ else ''}"
    )


def _share(nights: Sequence[int | None]) -> str:
    found = sum(night is not None for night in nights)
    return f"{found / len(nights):.0%}" if nights else ""


def _median(nights: Sequence[int | None]) -> str:
    found = [night for night in nights if night is not None]
    return f"{statistics.median(found):g}" if found else "-"


def _night(found: Mapping[str, int | None], case: str) -> str:
    """The night; `-` if there was none, and nothing if it was not measured."""
    return "" if case not in found else "-" if found[case] is None else str(found[case])
