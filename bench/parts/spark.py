"""What a night does with rows on a cluster of Spark with two workers, beside the same in one process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bench.measurement import measure
from bench.options import Options
from bench.prepare.columns import ID, LABEL
from bench.prepare.monitor import features, monitor
from bench.results import write
from bench.spark_cluster import SparkCluster
from bench.table import rows_of, seconds, size, table
from bench.workspace import DAY, Workspace, say

NAME = "spark"

_ROWS = (10_000_000,)
_BASELINE_ROWS = 1_000_000
_WORKERS = 2
#: The least that Spark takes: the process of the night sees no rows.
_DRIVER = {"spark.driver.memory": "480m", "spark.driver.extraJavaOptions": "-XX:+UseSerialGC"}


def run(options: Options, workspace: Workspace) -> None:
    """Measure both at every number of rows, one right after the other."""
    for rows in options.rows or _ROWS:
        folder = workspace.folder / f"{NAME}-{rows}"
        shutil.rmtree(folder, ignore_errors=True)
        found: dict[str, Any] = {"rows": rows}
        try:
            say(f"{rows_of(rows)} rows with DuckDB")
            found["duckdb"] = _measured(options, workspace, folder / "duckdb", rows, "duckdb")
            cluster = SparkCluster(folder / "cluster", memory="1g")
            with cluster.running(_WORKERS):
                say(f"{rows_of(rows)} rows with {_WORKERS} workers of Spark")
                config = cluster.config | _DRIVER
                engine = {"kind": "spark", "master": cluster.master, "config": config}
                found["spark"] = _measured(options, workspace, folder / "spark", rows, engine)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        write(NAME, rows_of(rows), found)


def _measured(options: Options, workspace: Workspace, folder: Path, rows: int, engine: Any) -> dict[str, Any]:
    document = monitor(contract=features()) | {"engine": engine}
    described = workspace.monitor(str(folder.relative_to(workspace.folder)), document)
    _link(workspace.rows(rows), folder / "logs" / f"{DAY}.parquet")
    _link(workspace.rows(rows, columns=[ID, LABEL]), folder / "labels" / f"{DAY}.parquet")
    for version in ("1", "2"):
        _link(workspace.baseline(min(rows, _BASELINE_ROWS)), folder / "baseline" / f"{version}.parquet")
    arguments = {"monitor": str(described), "lake": str(folder / "lake"), "day": DAY}
    return measure("nightly", arguments, limits=options.limits, repeats=options.repeats_at(rows)).to_json()


def _link(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(file.absolute())


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    found = []
    for case, each in cases.items():
        here, there = each["measured"]["duckdb"], each["measured"]["spark"]
        if not here["failure"] and not there["failure"]:
            times = f"{there['seconds'] / here['seconds']:.1f} times as long as in one process"
            told = f"{seconds(there['seconds'])} s, {times}, {_driver(there)} MB in the night's own process"
            found.append((f"reading and counting {case} rows on two workers of Spark", told))
    return found


def _driver(took: dict[str, Any]) -> str:
    """Memory of the process of the night and of its session's Java, together at most."""
    return size(took["facts"]["python"] + took["facts"]["java"])


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for case, each in cases.items():
        for engine in ("duckdb", "spark"):
            took = each["measured"][engine]
            name = f"{case} rows, {'one process' if engine == 'duckdb' else 'two workers of Spark'}"
            if took["failure"]:
                lines.append([name, took["failure"], "", ""])
                continue
            stages = ", ".join(f"{phase} {seconds(value)}" for phase, value in took["phases"].items())
            lines.append([name, seconds(took["seconds"]), stages, _driver(took)])
    return table(["", "seconds", "of these", "peak MB of the night's own process"], lines, words=0)
