"""What more columns, segment columns and versions cost."""

from __future__ import annotations

from typing import Any

from bench.measurement import measure
from bench.options import Options
from bench.prepare.columns import CATEGORIES, NUMBERS, SEGMENTS
from bench.prepare.monitor import features, monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "width"

_ROWS = (1_000_000,)
_REFERENCE = 100_000
_FEATURES = len(NUMBERS) + len(CATEGORIES)
#: What is varied: columns, segment columns, versions. The others are as in the first row.
_SHAPES = ((20, 2, 2), (200, 2, 2), (1_000, 2, 2), (20, 0, 2), (20, 1, 2), (20, 4, 2), (20, 2, 1), (20, 2, 8))


def run(options: Options, workspace: Workspace) -> None:
    """Measure every shape of log."""
    for rows in options.rows or _ROWS:
        for columns, segments, versions in _SHAPES:
            extra = columns - _FEATURES
            document = monitor(contract=features(extra), segments=SEGMENTS[:segments])
            arguments = {
                "reference": str(workspace.baseline(_REFERENCE, extra=extra, versions=versions)),
                "current": str(workspace.rows(rows, extra=extra, versions=versions)),
                "monitor": str(workspace.monitor(f"width-{columns}-{segments}-{versions}", document)),
                "drift": True,
            }
            case = f"{rows_of(rows)}, {columns} columns, {segments} segment columns, {versions} versions"
            say(f"Profiling {case}")
            found = measure("profile", arguments, limits=options.limits, repeats=options.repeats_at(rows))
            shape = {"rows": rows, "columns": columns, "segments": segments, "versions": versions}
            write(NAME, case, shape | found.to_json())


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the widest log comes to."""
    measured = [each["measured"] for each in cases.values() if not each["measured"]["failure"]]
    widest = max(measured, key=lambda took: took["columns"], default=None)
    if widest is None:
        return []
    what = f"profile and drift of {rows_of(widest['rows'])} rows of {widest['columns']:,} columns"
    took = widest["phases"]["profile"] + widest["phases"]["drift"]
    return [(what, f"{seconds(took)} s, {size(widest['peak'])} MB")]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for each in cases.values():
        took = each["measured"]
        shape = [rows_of(took["rows"]), *(f"{took[name]:,}" for name in ("columns", "segments", "versions"))]
        if took["failure"]:
            lines.append([*shape, took["failure"], "", "", "", ""])
            continue
        phases, facts = took["phases"], took["facts"]
        lines.append(
            [
                *shape,
                seconds(phases["profile"]),
                seconds(phases["drift"]),
                f"{facts['counts']:,}",
                size(facts["bytes"]),
                size(took["peak"]),
            ]
        )
    titles = ["rows", "columns", "segment columns", "versions"]
    titles += ["profile, s", "drift, s", "counts", "profile, MB on disk", "peak MB"]
    return table(titles, lines, words=0)
