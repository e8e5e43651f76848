"""The profile beside a bare scan of the same columns, and its memory as rows grow."""

from __future__ import annotations

from typing import Any

from bench.measured.scan import query
from bench.measurement import measure
from bench.options import Options
from bench.prepare.monitor import features, monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "scan"

_ROWS = (1_000_000, 10_000_000, 100_000_000)
_FITTED = 100_000

_WAYS = {"scan": "scan", "profile": "profile"}


def run(options: Options, workspace: Workspace) -> None:
    """Measure both ways at every number of rows."""
    described = workspace.monitor(NAME, monitor(contract=features()))
    reference = workspace.baseline(_FITTED)
    for rows in options.rows or _ROWS:
        arguments = {"current": str(workspace.rows(rows)), "monitor": str(described)}
        found: dict[str, Any] = {"rows": rows}
        for way in _WAYS:
            say(f"Measuring the {way} of {rows_of(rows)} rows")
            own = {**arguments, "reference": str(reference)} if way == "profile" else arguments
            found[way] = measure(way, own, limits=options.limits, repeats=options.repeats).to_json()
        write(NAME, rows_of(rows), found)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    lines = []
    for case, each in cases.items():
        scan, profile = (each["measured"][way] for way in _WAYS)
        if not scan["failure"] and not profile["failure"]:
            ratio = f"{profile['seconds'] / scan['seconds']:.1f} times a bare scan"
            took = f"{seconds(profile['seconds'])} s, {ratio}, {size(profile['peak'])} MB"
            lines.append((f"a profile of {case} rows, 24 columns", took))
    return lines


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for case, each in cases.items():
        found = each["measured"]
        scan = found["scan"]
        for way in _WAYS:
            took = found[way]
            if took["failure"]:
                lines.append([case, way, took["failure"], "", "", "", "", ""])
                continue
            lines.append(
                [
                    case,
                    way,
                    seconds(took["seconds"]),
                    f"{found['rows'] / took['seconds']:,.0f}",
                    seconds(took["cpu"]),
                    f"{took['seconds'] / scan['seconds']:.1f}" if scan["seconds"] else "",
                    f"{took['cpu'] / scan['cpu']:.1f}" if scan["cpu"] else "",
                    size(took["peak"]),
                ]
            )
    titles = ["rows", "way", "seconds", "rows/s", "CPU s", "times the scan", "the same, CPU", "peak MB"]
    return f"{table(titles, lines, words=2)}\n\nThe scan:\n\n```sql\nSELECT {query()}\n```"
