"""A window of four weeks from stored profiles, and what profiles take on disk."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import Any

from bench.measurement import measure, prepare
from bench.options import Options
from bench.prepare.columns import CATEGORIES, NUMBERS
from bench.prepare.monitor import FIRST_DAY, MODEL, features, monitor
from bench.results import write
from bench.table import rows_of, seconds, size, table
from bench.workspace import BASELINE_DAY, Workspace, say

NAME = "windows"

_ROWS = (10_000, 1_000_000)
_WINDOW = 28
_COLUMNS = 50
_BASELINE_ROWS = 100_000
_YEAR = 365


def run(options: Options, workspace: Workspace) -> None:
    """Store the profiles of days, then measure a window over them."""
    extra = _COLUMNS - len(NUMBERS) - len(CATEGORIES)
    count = options.days or _WINDOW
    document = monitor(contract=features(extra), windows=sorted({1, count}))
    for rows in options.rows or _ROWS:
        described = workspace.monitor(f"{NAME}-{rows}", document)
        lake = described.parent / "lake"
        shutil.rmtree(lake, ignore_errors=True)
        for version, day in (("1", BASELINE_DAY), ("2", "2023-12-02")):
            baseline = described.parent / "baseline" / f"{version}.parquet"
            baseline.parent.mkdir(exist_ok=True)
            baseline.unlink(missing_ok=True)
            made = workspace.rows(_BASELINE_ROWS, day, drift=0.0, extra=extra, versions=1)
            baseline.symlink_to(made.absolute())
        first = dt.date.fromisoformat(FIRST_DAY)
        days = [(first + dt.timedelta(days=offset)).isoformat() for offset in range(count)]
        for day in days:
            log = described.parent / "logs" / f"{day}.parquet"
            log.parent.mkdir(exist_ok=True)
            # many days are more than the disk should hold: a day's rows go when its profile is there
            workspace.rows(rows, day, extra=extra).replace(log)
            say(f"Profiling {day}, {rows_of(rows)} rows")
            prepare("lake", {"monitor": str(described), "lake": str(lake), "days": [day], "profiled": True})
            log.unlink()
            shutil.rmtree(lake / MODEL / "inference_logs")
        say(f"Merging {count} days of {rows_of(rows)} rows")
        arguments = {"monitor": str(described), "lake": str(lake), "day": days[-1]}
        found = measure("window", arguments, limits=options.limits, repeats=options.repeats)
        write(NAME, f"{rows_of(rows)}, {count} days", {"rows": rows, **found.to_json()})
        shutil.rmtree(lake)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    lines = []
    for each in cases.values():
        took = each["measured"]
        if not took["failure"]:
            facts = took["facts"]
            year = size(facts["bytes"] / facts["days"] * _YEAR)
            what = f"drift of a window of {facts['days']} days, {rows_of(took['rows'])} rows a day"
            lines.append((what, f"{seconds(took['phases']['drift'])} s; a year's profiles {year} MB"))
    return lines


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for each in cases.values():
        took = each["measured"]
        if took["failure"]:
            lines.append([rows_of(took["rows"]), took["failure"], "", "", "", "", ""])
            continue
        phases, facts = took["phases"], took["facts"]
        day = facts["bytes"] / facts["days"]
        lines.append(
            [
                rows_of(took["rows"]),
                str(facts["days"]),
                seconds(phases["merge"]),
                seconds(phases["drift"]),
                size(took["peak"]),
                size(day),
                size(day * _YEAR),
            ]
        )
    titles = [
        "rows a day",
        "days",
        "merge, s",
        "drift of the night, s",
        "peak MB",
        "a day's profile, MB",
        "a year's, MB",
    ]
    return table(titles, lines, words=0)
