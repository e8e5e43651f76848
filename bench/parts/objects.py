"""A night whose logs, labels, baseline and lake are objects of an S3 server, beside one of files on disk.

Server and night share the machine's cores, so what the server does is part of the night's time.
"""

from __future__ import annotations

import shutil
import statistics
from contextlib import ExitStack
from typing import Any

from bench.bucket import serving
from bench.options import Options
from bench.prepare.kinds import BINARY
from bench.results import write
from bench.season import Season
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "objects"
#: The results stand in this document.
DOCUMENT = "storage.md"

_ROWS = (10_000_000,)
_PLACES = ("on disk", "in a bucket")
_WHOLE = "**the whole night**"


def run(options: Options, workspace: Workspace) -> None:
    """Measure nights after the first one in both places, in turns."""
    for rows in options.rows or _ROWS:
        folder = workspace.folder / f"objects-{rows}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            measured = _places(options, workspace, rows)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        write(NAME, rows_of(rows), {"rows": rows, "places": measured})


def _places(options: Options, workspace: Workspace, rows: int) -> dict[str, Any]:
    """What the nights in each place took: medians, or only why one failed."""
    found: dict[str, list[Any]] = {place: [] for place in _PLACES}
    with ExitStack() as stack:
        folder = workspace.folder / f"objects-{rows}"
        buckets = dict(zip(_PLACES, (None, stack.enter_context(serving())), strict=True))
        seasons = {
            place: Season(workspace, folder / str(number), rows, BINARY, buckets[place])
            for number, place in enumerate(_PLACES)
        }
        for _ in range(1 + options.repeats_at(rows)):
            for place, season in seasons.items():
                say(f"{place}:")
                found[place].append(season.night(options.limits))
                if failure := found[place][-1].failure:
                    return {place: {"failure": failure}}
    return {
        place: {
            "failure": "",
            "wall": statistics.median(each.wall for each in later),
            "cpu": statistics.median(each.cpu for each in later),
            "server": statistics.median(each.server for each in later),
            "peak": max(each.peak for each in later),
            "stages": {name: statistics.median(each.stages[name] for each in later) for name in first.stages},
        }
        for place, (first, *later) in found.items()
    }


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What objects cost."""
    found = []
    for case, each in cases.items():
        places = each["measured"]["places"]
        if not any(took["failure"] for took in places.values()):
            disk, bucket = (places[name]["wall"] for name in _PLACES)
            what = f"a whole night of {case} rows in object storage"
            found.append((what, f"{seconds(bucket)} s, {bucket / disk:.2f} times one on disk"))
    return found


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    tables = []
    for case, each in cases.items():
        places = each["measured"]["places"]
        if failure := next((took["failure"] for took in places.values() if took["failure"]), ""):
            tables.append(f"{case} rows: {failure}")
            continue
        disk, bucket = (places[name] for name in _PLACES)
        lines = [[_WHOLE, *_beside(disk["wall"], bucket["wall"])]]
        lines += [
            [name, *_beside(took, bucket["stages"].get(name, 0.0))] for name, took in disk["stages"].items()
        ]
        lines.append(["CPU seconds", *_beside(disk["cpu"], bucket["cpu"])])
        lines.append(["CPU seconds of the server", "", seconds(bucket["server"]), ""])
        lines.append(["peak MB", size(disk["peak"]), size(bucket["peak"]), ""])
        tables.append(table([f"seconds, {case} rows", *_PLACES, "times"], lines))
    return "\n\n".join(tables)


def _beside(disk: float, bucket: float) -> list[str]:
    return [seconds(disk), seconds(bucket), f"{bucket / disk:.2f}" if disk else ""]
