"""What NannyML computes, by NannyML and by obs-dagster: the same numbers of the same two Parquet files."""

from __future__ import annotations

from typing import Any

from bench.environments import NotInstalledError, pinned, python_of
from bench.measurement import Measurement, measure
from bench.options import Options
from bench.parts.evaluation import OURS, night_alone
from bench.prepare.monitor import features, monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "same_work"
PEER = "nannyml"
_TOOLS = (OURS, PEER)

_ROWS = (100_000, 1_000_000, 10_000_000)
_MOST_REFERENCE_ROWS = 1_000_000
#: Both evaluate so many rows before they are measured: what is loaded or compiled at first use is there.
_FEW = 1_000


def run(options: Options, workspace: Workspace) -> None:
    """Measure both at every number of rows."""
    described = workspace.monitor(NAME, monitor(contract=features(), segments=(), service=False))
    for rows in options.rows or _ROWS:
        few, many = (
            [str(workspace.baseline(reference, versions=1)), str(workspace.rows(current, versions=1))]
            for reference, current in ((_FEW, _FEW), (min(rows, _MOST_REFERENCE_ROWS), rows))
        )
        files: dict[str, Any] = {"few": few, "many": many}
        found = {}
        for tool in _TOOLS:
            say(f"Evaluating {rows_of(rows)} rows with {tool}, one statistic a column")
            found[tool] = _measured(tool, files, str(described), options, rows).to_json()
        write(NAME, rows_of(rows), {"rows": rows, **found})


def _measured(tool: str, files: dict[str, Any], described: str, options: Options, rows: int) -> Measurement:
    limits, repeats = options.limits, options.repeats_at(rows)
    if tool == OURS:
        return measure("same_work_ours", files | {"monitor": described}, limits=limits, repeats=repeats)
    try:
        python = python_of(tool)
    except NotInstalledError as error:
        return Measurement(failure=f"not installed: {error}")
    # of the log as a whole, as ours are
    given = files | {"chunks": 1}
    return measure(f"evaluation_{tool}", given, limits=limits, repeats=repeats, python=python)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to, where both finished."""
    lines = []
    for case, each in cases.items():
        found = _finished(each["measured"])
        if len(found) == len(_TOOLS):
            ours, theirs = (night_alone(found[tool]) for tool in _TOOLS)
            what = f"what {PEER} computes of {case} rows, reference kept"
            lines.append((what, f"{seconds(ours)} s; {PEER} takes {theirs / ours:.0f} times as long"))
    return lines


def _finished(measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The measurements of those tools that finished."""
    return {tool: measured[tool] for tool in _TOOLS if tool in measured and not measured[tool]["failure"]}


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines, details = [], []
    for case, each in cases.items():
        finished = _finished(each["measured"])
        for tool in _TOOLS:
            name = tool if tool == OURS else f"{tool} {pinned(tool)}"
            if tool not in finished:
                failure = each["measured"].get(tool, {}).get("failure", "not asked for")
                lines.append([case, name, failure, "", "", "", ""])
                continue
            found = finished[tool]
            night = night_alone(found)
            times = f"{night / night_alone(finished[OURS]):.1f}" if OURS in finished else ""
            whole = [seconds(found["seconds"]), seconds(found["cpu"]), size(found["peak"])]
            lines.append([case, name, seconds(night), times, *whole])
            phases = ", ".join(f"{phase} {seconds(took)}" for phase, took in found["phases"].items())
            details.append([case, name, phases])
    titles = ["rows", "tool", "a night alone, s", "times ours", "with the reference, s", "CPU s", "peak MB"]
    where = table(["rows", "tool", "seconds of each phase"], details, words=3)
    return f"{table(titles, lines, words=2)}\n\n{where}"
