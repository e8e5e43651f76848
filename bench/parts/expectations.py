"""The contract of a day's rows, by Great Expectations."""

from __future__ import annotations

import shutil
from typing import Any

from bench.measurement import measure, prepare
from bench.options import Options
from bench.prepare.columns import ID, SCORE, TIME, VERSION
from bench.prepare.monitor import monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import DAY, Workspace, say

NAME = "expectations"

_ROWS = (10_000_000,)
_NUMBERS = {
    "normal": (-200, 300),
    "shifted_normal": (-1_100, -900),
    "log_normal": (0, None),
    "pareto": (0, None),
    "uniform": (0, 100),
    "exponential": (0, None),
    "bimodal": (-100, 200),
    "money": (0, None),
    "narrow": (1_000, 1_030),
    "zero_inflated": (0, 5),
    "few_values": (0, 24),
    "count": (0, None),
}
_CATEGORIES = {
    "origin": ["EWR", "JFK", "LGA"],
    "carrier": [f"carrier {k}" for k in range(17)],
    "route": [f"route {k}" for k in range(401)],
    "weekday": [f"day {k}" for k in range(8)],
}


def contract() -> dict[str, dict[str, Any]]:
    """16 features whose contract, with that of the four roles, is 60 expectations."""
    numbers: dict[str, dict[str, Any]] = {
        name: {"type": "number", "nullable": False, "min": low} | ({} if high is None else {"max": high})
        for name, (low, high) in _NUMBERS.items()
    }
    numbers["few_values"]["allowed"] = list(range(25))
    categories = {
        name: {"type": "category", "nullable": False, "allowed": allowed}
        for name, allowed in _CATEGORIES.items()
    }
    return numbers | categories


def run(options: Options, workspace: Workspace) -> None:
    """Validate a day at every number of rows; its ingestion is not measured."""
    document = monitor(contract=contract(), segments=(), optional_roles=False)
    described = workspace.monitor(NAME, document)
    columns = [ID, TIME, VERSION, SCORE, *_NUMBERS, *_CATEGORIES]
    for rows in options.rows or _ROWS:
        log = described.parent / "logs" / f"{DAY}.parquet"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        log.symlink_to(workspace.rows(rows, columns=columns).absolute())
        lake = described.parent / "lake"
        say(f"Ingesting {rows_of(rows)} rows")
        prepare("lake", {"monitor": str(described), "lake": str(lake), "days": [DAY], "profiled": False})
        say(f"Validating {rows_of(rows)} rows")
        arguments = {"monitor": str(described), "lake": str(lake), "day": DAY}
        found = measure("expectations", arguments, limits=options.limits, repeats=options.repeats_at(rows))
        write(NAME, rows_of(rows), {"rows": rows, "columns": len(columns), **found.to_json()})
        shutil.rmtree(lake)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    return [
        (
            f"{took['facts']['expectations']} expectations over {case} rows of {took['columns']} columns",
            f"{seconds(took['seconds'])} s, {size(took['peak'])} MB",
        )
        for case, each in cases.items()
        if not (took := each["measured"])["failure"]
    ]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for case, each in cases.items():
        took = each["measured"]
        if took["failure"]:
            lines.append([case, str(took["columns"]), "", took["failure"], "", ""])
            continue
        lines.append(
            [
                case,
                str(took["columns"]),
                str(took["facts"]["expectations"]),
                seconds(took["seconds"]),
                f"{took['rows'] / took['seconds']:,.0f}",
                size(took["peak"]),
            ]
        )
    titles = ["rows", "columns", "expectations", "seconds", "rows/s", "peak MB"]
    return table(titles, lines, words=0)
