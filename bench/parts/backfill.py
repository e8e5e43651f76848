"""A year of the demo's flights by `obs backfill`."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from bench.measurement import prepare
from bench.nights import obs
from bench.options import Options
from bench.results import write
from bench.table import seconds, size, table
from bench.workspace import Workspace, say

NAME = "backfill"

_FIRST = dt.date(2013, 1, 1)
_DAYS = 365
_MODEL = "flight_delay"
_SHIPPED = Path(__file__).parents[2] / "monitors" / f"{_MODEL}.yaml"


def run(options: Options, workspace: Workspace) -> None:
    """Measure one backfill, of the whole year unless fewer days are asked for."""
    days = min(options.days or _DAYS, _DAYS)
    last = _FIRST + dt.timedelta(days=days - 1)
    folder = workspace.folder / "backfill"
    shutil.rmtree(folder, ignore_errors=True)
    home, monitors = folder / "home", folder / "monitors"
    home.mkdir(parents=True)
    say(f"Replaying {days} days of flights")
    wanted = {"home": str(home), "monitors": str(monitors), "shipped": str(_SHIPPED)}
    environ = {"OBS_HOME": str(home)}
    prepare("flights", {**wanted, "first": str(_FIRST), "last": str(last)}, environ)
    say(f"Evaluating {days} nights")
    arguments = ["backfill", _MODEL, "--from", str(_FIRST), "--to", str(last)]
    done = obs(arguments, home=home, monitors=monitors, limits=options.limits)
    if done.failure:
        say(f"  {done.failure}")
    disk = {
        name: _size(home / name) for name in ("lake", "history.db", "mlflow.db", "mlartifacts", "dagster")
    }
    write(NAME, f"{days} days", {"days": days, "disk": disk, **done.to_json()})
    shutil.rmtree(folder, ignore_errors=True)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 if there is none."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    measured = [each["measured"] for each in cases.values()]
    return [
        (
            f"{took['days']} nights of flights in one run",
            f"{seconds(took['wall'])} s, {size(took['peak'])} MB",
        )
        for took in measured
        if not took["failure"]
    ]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines, stored = [], []
    for case, each in cases.items():
        took = each["measured"]
        if took["failure"]:
            lines.append([case, took["failure"], "", "", ""])
            continue
        stages = sorted(took["stages"].items(), key=lambda stage: -stage[1])
        worst = ", ".join(f"{stage} {seconds(each)}" for stage, each in stages)
        wall, days = took["wall"], took["days"]
        lines.append([case, seconds(wall), seconds(wall / days), size(took["peak"]), worst])
        stored.append([case, *(size(bytes_) for bytes_ in took["disk"].values())])
    titles = ["nights", "seconds", "a night, s", "peak MB", "seconds of each stage"]
    kept = table(
        ["MB on disk afterwards", "lake", "history", "MLflow", "MLflow's artifacts", "Dagster"], stored
    )
    return f"{table(titles, lines)}\n\n{kept}"
