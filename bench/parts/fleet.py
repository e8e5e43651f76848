"""Many monitors: how long they take to load, and a night of all of them by `obs nights`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bench.measurement import measure, prepare
from bench.options import Options
from bench.prepare.kinds import BINARY
from bench.results import write
from bench.season import Season
from bench.table import rows_of, seconds, size, table
from bench.workspace import Workspace, say

NAME = "fleet"

_MONITORS = 100
_ROWS = (10_000,)
_SHIPPED = Path(__file__).parents[2] / "monitors"


def run(options: Options, workspace: Workspace) -> None:
    """Measure loading, and a night of all at every number of rows a day."""
    number = options.monitors or _MONITORS
    folder = workspace.folder / "fleet"
    shutil.rmtree(folder, ignore_errors=True)
    say(f"Loading {number} monitors")
    prepare("copies", {"folder": str(folder / "copies"), "source": str(_SHIPPED), "number": number})
    loaded = measure(
        "loading", {"folder": str(folder / "copies")}, limits=options.limits, repeats=options.repeats
    )
    write(NAME, f"loading {number}", {"monitors": number, **loaded.to_json()})
    for rows in options.rows or _ROWS:
        try:
            measured = _night(options, workspace, folder / str(rows), number, rows)
        finally:
            shutil.rmtree(folder / str(rows), ignore_errors=True)
        write(NAME, f"{number} nights of {rows_of(rows)}", {"monitors": number, "rows": rows, **measured})
    shutil.rmtree(folder, ignore_errors=True)


def _night(options: Options, workspace: Workspace, folder: Path, number: int, rows: int) -> dict[str, Any]:
    """The second night of all, and how long the first took, which makes databases and reads baselines."""
    season = Season(workspace, folder, rows, BINARY)
    files = str(season.monitors)
    prepare("copies", {"folder": files, "source": files, "number": number})
    first = season.night(options.limits, ["nights"])
    taken = first if first.failure else season.night(options.limits, ["nights"])
    return {"first": first.wall, **taken.to_json()}


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    found = []
    for each in cases.values():
        took = each["measured"]
        if took["failure"]:
            continue
        if "phases" in took:
            whole = seconds(took["phases"]["monitors"] + took["phases"]["definitions"])
            one = seconds(took["phases"]["one"])
            found.append((f"loading {took['monitors']} monitors", f"{whole} s; those of a run, {one} s"))
        else:
            what = f"the night of {took['monitors']} models, {rows_of(took['rows'])} rows each"
            found.append((what, f"{seconds(took['wall'])} s, {size(took['peak'])} MB a process"))
    return found


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    loaded, nights = [], []
    for each in cases.values():
        took = each["measured"]
        if "phases" not in took:
            nights.append(_night_line(took))
        elif took["failure"]:
            loaded.append([str(took["monitors"]), took["failure"], "", "", "", ""])
        else:
            phases = took["phases"]
            together = phases["monitors"] + phases["definitions"]
            figures = (phases["monitors"], phases["definitions"], together, took["cpu"], phases["one"])
            loaded.append([str(took["monitors"]), *map(seconds, figures)])
    titles = [
        "monitors",
        "files and checks, s",
        "definitions, s",
        "together, s",
        "CPU s",
        "one of them, for its run, s",
    ]
    tables = [table(titles, loaded, words=0)] if loaded else []
    titles = [
        "models",
        "rows a day",
        "seconds",
        "a night, s",
        "CPU seconds a night",
        "the first, s",
        "peak MB",
    ]
    tables += [table(titles, nights, words=0)] if nights else []
    return "\n\n".join(tables)


def _night_line(took: dict[str, Any]) -> list[str]:
    number = took["monitors"]
    line = [str(number), rows_of(took["rows"])]
    if took["failure"]:
        return [*line, took["failure"], "", "", "", ""]
    each = (took["wall"], took["wall"] / number, took["cpu"] / number, took["first"])
    return [*line, *map(seconds, each), size(took["peak"])]
