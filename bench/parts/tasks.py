"""A night of every kind of model, beside that of a binary classifier of the same traffic and features.

The nights of a day are run in turn, so that a machine that is now faster, now slower, is so for all of them.
"""

from __future__ import annotations

import shutil
import statistics
from typing import Any

from bench.options import Options
from bench.prepare.kinds import BINARY, KINDS
from bench.results import write
from bench.season import Season
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "tasks"

_ROWS = (1_000_000,)


def run(options: Options, workspace: Workspace) -> None:
    """Measure nights of all kinds, in turn, after a first one of each."""
    for rows in options.rows or _ROWS:
        folder = workspace.folder / f"{NAME}-{rows}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            measured = _measured(options, workspace, rows)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        write(NAME, rows_of(rows), {"rows": rows, "tasks": measured})


def _measured(options: Options, workspace: Workspace, rows: int) -> dict[str, Any]:
    """What nights took by task: medians, or why one failed."""
    folder = workspace.folder / f"{NAME}-{rows}"
    seasons = {task: Season(workspace, folder / task, rows, kind) for task, kind in KINDS.items()}
    nights: dict[str, list[Any]] = {task: [] for task in seasons}
    say("First nights, which make databases and read baselines, are not counted")
    for counted in (False, *[True] * options.repeats_at(rows)):
        for task, season in seasons.items():
            taken = season.night(options.limits)
            if taken.failure:
                return {task: {"failure": taken.failure}}
            if counted:
                nights[task].append(taken)
    return {
        task: {
            "failure": "",
            "wall": statistics.median(each.wall for each in found),
            "cpu": statistics.median(each.cpu for each in found),
            "stages": {
                name: statistics.median(each.stages[name] for each in found) for name in found[0].stages
            },
            "peak": max(each.peak for each in found),
            # of each day, so that what the machine did is in both
            "times": statistics.median(
                each.wall / binary.wall for each, binary in zip(found, nights[BINARY.task], strict=True)
            ),
            # on a busy machine the surer one of the two
            "cpu_times": statistics.median(
                each.cpu / binary.cpu for each, binary in zip(found, nights[BINARY.task], strict=True)
            ),
        }
        for task, found in nights.items()
    }


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    return [
        (
            f"a night of {task.replace('_', ' ')}, {case} rows",
            f"{seconds(took['wall'])} s, {took['times']:.2f} times the binary night, {size(took['peak'])} MB",
        )
        for case, each in cases.items()
        for task, took in each["measured"]["tasks"].items()
        if not took["failure"] and task != BINARY.task
    ]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown, one for each number of rows."""
    return "\n\n".join(_table(case, each["measured"]["tasks"]) for case, each in cases.items())


def _table(case: str, tasks: dict[str, Any]) -> str:
    if failed := [f"{task}: {took['failure']}" for task, took in tasks.items() if took["failure"]]:
        return f"{case} rows: {failed[0]}"
    stages = next(iter(tasks.values()))["stages"]
    lines = [
        ["**the whole night**", *(f"**{seconds(took['wall'])}**" for took in tasks.values())],
        *([name, *(seconds(took["stages"][name]) for took in tasks.values())] for name in stages),
        ["CPU seconds of the whole night", *(seconds(took["cpu"]) for took in tasks.values())],
        ["times the binary night", *(f"{took['times']:.2f}" for took in tasks.values())],
        ["the same, by CPU seconds", *(f"{took['cpu_times']:.2f}" for took in tasks.values())],
        ["peak MB", *(size(took["peak"]) for took in tasks.values())],
    ]
    return table([f"seconds, {case} rows", *(task.replace("_", " ") for task in tasks)], lines)
