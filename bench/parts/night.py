"""A whole night by `obs run`, from the start of the process to the finished report in MLflow.

Beside each night the import of its libraries is measured: these machines are now faster, now slower.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

from bench.measured.imports import LIBRARIES
from bench.measurement import measure
from bench.nights import NightsTaken
from bench.options import Options
from bench.prepare.kinds import BINARY
from bench.results import write
from bench.season import Season
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "night"

_ROWS = (10_000, 1_000_000, 10_000_000)
#: The case that is no number of rows.
IMPORTS = "imports"
_WHOLE = "**the whole night**"


def run(options: Options, workspace: Workspace) -> None:
    """Measure a first night, and nights after it, at every number of rows a day."""
    say("Importing the libraries of a night")
    # what was never imported before is compiled first
    measure("imports", {}, limits=options.limits, repeats=1)
    imports = measure("imports", {}, limits=options.limits, repeats=options.repeats)
    write(NAME, IMPORTS, imports.to_json())
    for rows in options.rows or _ROWS:
        folder = workspace.folder / f"night-{rows}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            nights, loaded = _nights(options, workspace, folder, rows)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        write(NAME, rows_of(rows), {"rows": rows, **_summary(nights, loaded)})


def _summary(nights: list[NightsTaken], loaded: list[float]) -> dict[str, Any]:
    """The first night, and the medians of those after it and of imports; only a failure if one failed."""
    first, *later = nights
    if failure := nights[-1].failure:
        return {"failure": failure}
    return {
        "failure": "",
        "first": first.wall,
        "wall": statistics.median(each.wall for each in later),
        "imports": statistics.median(loaded),
        "stages": {name: statistics.median(each.stages[name] for each in later) for name in first.stages},
        "peak": max(each.peak for each in nights),
        "nights": len(later),
    }


def _nights(
    options: Options, workspace: Workspace, folder: Path, rows: int
) -> tuple[list[NightsTaken], list[float]]:
    """Nights one after the other, and the seconds of imports before each but the first."""
    season = Season(workspace, folder, rows, BINARY)
    found = [season.night(options.limits)]
    loaded: list[float] = []
    while not found[-1].failure and len(found) <= options.repeats_at(rows):
        loaded.append(measure("imports", {}, limits=options.limits, repeats=1).seconds)
        found.append(season.night(options.limits))
    return found, loaded


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to, beside the time that imports take by themselves."""
    found = []
    for case, each in cases.items():
        took = each["measured"]
        if case != IMPORTS and not took["failure"]:
            times = f"{took['wall'] / took['imports']:.1f} times the imports alone"
            found.append(
                (
                    f"a whole night of {case} rows",
                    f"{seconds(took['wall'])} s, {times}, {size(took['peak'])} MB",
                )
            )
    return found


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    nights = {case: each["measured"] for case, each in cases.items() if case != IMPORTS}
    text = table(["seconds", *(f"{case} rows" for case in nights)], _lines(list(nights.values())))
    if IMPORTS in cases:
        took = cases[IMPORTS]["measured"]["phases"]
        loaded = [[name, seconds(took[name])] for name in LIBRARIES]
        loaded.append(["**together**", seconds(sum(took.values()))])
        text += f"\n\n{table(['library', 'seconds'], loaded)}"
    return text


def _lines(nights: list[dict[str, Any]]) -> list[list[str]]:
    """A line for the whole night and each of its parts, a column for each number of rows."""
    columns = [{_WHOLE: night["failure"]} if night["failure"] else _column(night) for night in nights]
    names = dict.fromkeys(name for column in columns for name in column)
    return [[name, *(column.get(name, "") for column in columns)] for name in names]


def _column(night: dict[str, Any]) -> dict[str, str]:
    rest = night["wall"] - sum(night["stages"].values())
    return {
        _WHOLE: f"**{seconds(night['wall'])}**",
        **{stage: seconds(took) for stage, took in night["stages"].items()},
        "start of the program, and between stages": seconds(rest),
        "the first night": seconds(night["first"]),
        "importing the libraries, just before": seconds(night["imports"]),
        "peak MB": size(night["peak"]),
    }
