"""A day's evaluation, by obs-dagster and by its peers, on the same two Parquet files."""

from __future__ import annotations

from typing import Any

from bench.environments import NotInstalledError, pinned, python_of
from bench.measurement import Measurement, measure
from bench.options import Options
from bench.prepare.columns import CATEGORIES, NUMBERS
from bench.prepare.monitor import features, monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "evaluation"
OURS = "obs-dagster"
PEERS = ("evidently", "nannyml", "whylogs")
TOOLS = (OURS, *PEERS)

_ROWS = (100_000, 1_000_000, 10_000_000)
_FEATURES = len(NUMBERS) + len(CATEGORIES)
_MOST_REFERENCE_ROWS = 1_000_000
#: Every tool evaluates so many rows before it is measured: what is loaded or compiled at first use is there.
_FEW = 1_000


def run(options: Options, workspace: Workspace) -> None:
    """Measure every tool at every number of rows; one that failed is not asked for more rows."""
    described = workspace.monitor(NAME, monitor(contract=features()))
    lost: dict[str, str] = {}
    for rows in options.rows or _ROWS:
        files = {
            "few": _files(workspace, min(rows, _FEW), min(rows, _FEW)),
            "many": _files(workspace, min(rows, _MOST_REFERENCE_ROWS), rows),
        }
        found = {}
        for tool in options.tools or TOOLS:
            say(f"Evaluating {rows_of(rows)} rows with {tool}")
            if tool in lost:
                found[tool] = Measurement(failure=lost[tool])
            else:
                found[tool] = _measured(tool, files, str(described), options, rows)
            if found[tool].failure and tool not in lost:
                say(f"  {found[tool].failure}")
                lost[tool] = f"not tried: with {rows_of(rows)} rows {found[tool].failure}"
        write(NAME, rows_of(rows), {tool: each.to_json() for tool, each in found.items()} | {"rows": rows})


def _files(workspace: Workspace, reference: int, current: int) -> list[str]:
    return [str(workspace.baseline(reference)), str(workspace.rows(current))]


def _measured(
    tool: str, files: dict[str, list[str]], described: str, options: Options, rows: int
) -> Measurement:
    limits, repeats = options.limits, options.repeats_at(rows)
    if tool == OURS:
        arguments = {**files, "monitor": described}
        return measure("evaluation_ours", arguments, limits=limits, repeats=repeats)
    try:
        python = python_of(tool)
    except NotInstalledError as error:
        return Measurement(failure=f"not installed: {error}")
    return measure(f"evaluation_{tool}", files, limits=limits, repeats=repeats, python=python)


def night_alone(found: dict[str, Any]) -> float:
    """Seconds of a measurement without what could be kept of the reference."""
    return float(sum(took for phase, took in found["phases"].items() if not phase.startswith("reference")))


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to, beside the peers that finished."""
    lines = []
    for case, each in cases.items():
        tools = {tool: found for tool, found in each["measured"].items() if tool != "rows"}
        if OURS not in tools or tools[OURS]["failure"]:
            continue
        for what, took in (
            (f"evaluating a night of {case} rows of {_FEATURES} features, reference kept", night_alone),
            ("the same with the reference", lambda found: found["seconds"]),
        ):
            ours = took(tools[OURS])
            others = [
                f"{tool} takes {took(found) / ours:.0f} times as long"
                for tool, found in tools.items()
                if tool != OURS and not found["failure"]
            ]
            lines.append((what, "; ".join([f"{seconds(ours)} s", *others])))
        took, all_of_it = tools[OURS]["phases"].get("estimates"), night_alone(tools[OURS])
        if took is not None:
            told = f"{seconds(took)} s, {took / all_of_it:.1%} of the night"
            lines.append((f"estimates before labels, of {case} rows", told))
    return lines


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines, details = [], []
    for case, each in cases.items():
        rows = each["measured"]["rows"]
        tools = {tool: found for tool, found in each["measured"].items() if tool != "rows"}
        ours = tools.get(OURS, {"seconds": 0.0})["seconds"]
        for tool, found in tools.items():
            name = tool if tool == OURS else f"{tool} {pinned(tool)}"
            if found["failure"]:
                lines.append([case, name, found["failure"], "", "", "", "", ""])
                continue
            night = night_alone(found)
            lines.append(
                [
                    case,
                    name,
                    seconds(found["seconds"]),
                    f"{found['seconds'] / ours:.1f}" if ours else "",
                    f"{rows / found['seconds']:,.0f}",
                    seconds(night),
                    seconds(found["imports"]),
                    size(found["peak"]),
                ]
            )
            phases = ", ".join(f"{phase} {seconds(took)}" for phase, took in found["phases"].items())
            details.append([case, name, phases])
    titles = ["rows", "tool", "seconds", "times ours", "rows/s", "a night alone, s", "imports, s", "peak MB"]
    where = table(["rows", "tool", "seconds of each phase"], details, words=3)
    return f"{table(titles, lines, words=2)}\n\n{where}"
