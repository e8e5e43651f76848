"""How fast a day becomes a profile, beside a bare scan of the same columns: `make bench`.

Every measurement is a process of its own, so that none finds warm caches of another, and the peak of its
memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from bench.rows import CATEGORIES, NUMBERS, SCORE, VERSION, read_monitor, write_monitor, write_rows
from obs_dagster.monitor import Monitor
from obs_dagster.profile.fit import fit_grids
from obs_dagster.profile.grid import Grids
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.files import SourceFiles, connect

if TYPE_CHECKING:
    import duckdb

_FIT_ROWS = 200_000
_GRIDS = "grids.json"


def scan(rows: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids) -> None:  # noqa: ARG001  both ways are called alike
    """The least that reads every value: sums of numbers, lengths of texts."""
    sums = [f"sum({name})" for name in (*NUMBERS, SCORE)]
    lengths = [f"sum(strlen({name}))" for name in (*CATEGORIES, VERSION)]
    rows.aggregate(", ".join([*sums, *lengths])).fetchall()


def reduce(rows: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids) -> None:
    """The reduction that every night does."""
    reduce_rows(nw.from_native(rows), monitor, grids)


WAYS: dict[str, Callable[[duckdb.DuckDBPyRelation, Monitor, Grids], None]] = {"scan": scan, "reduce": reduce}


def fit(file: Path, folder: Path) -> None:
    """Fit the grids to the first rows, as to a baseline."""
    with connect() as connection:
        rows = _relation(connection, file).limit(_FIT_ROWS)
        grids = fit_grids(nw.from_native(rows), read_monitor(folder))
    (folder / _GRIDS).write_text(json.dumps(grids.to_json()), encoding="utf-8")


def measure(way: str, file: Path, folder: Path, plan: Path | None) -> dict[str, float]:
    """Run one way once, in this process.

    Args:
        way: one of `WAYS`.
        file: the rows.
        folder: where the monitor and the grids are.
        plan: where DuckDB writes what its last query spent its time on; measured times suffer.
    """
    monitor = read_monitor(folder)
    grids = Grids.from_json(json.loads((folder / _GRIDS).read_text(encoding="utf-8")))
    with connect() as connection:
        # what is imported at first use is not what is measured
        nw.from_native(connection.sql("SELECT 1 AS one")).collect("pyarrow")
        if plan is not None:
            connection.execute("PRAGMA enable_profiling = 'json'")
            connection.execute(f"SET profiling_output = '{plan}'")
        rows = _relation(connection, file)
        began, busy = time.perf_counter(), time.process_time()
        WAYS[way](rows, monitor, grids)
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    # Linux counts kilobytes, macOS bytes
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "cpu": cpu, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def _relation(connection: duckdb.DuckDBPyConnection, file: Path) -> duckdb.DuckDBPyRelation:
    return SourceFiles.find("parquet", str(file)).relation(connection)


def _measured(way: str, file: Path, folder: Path) -> dict[str, float]:
    """What `measure` finds in a fresh process."""
    command = [sys.executable, "-m", "bench.profile", "--measure", way, "--file", file, "--folder", folder]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _median(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def compare(sizes: Sequence[int], repeats: int) -> None:
    """Measure both ways for each number of rows and print a table."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="A day's profile beside a bare scan (medians)")
    for title in ("rows", "way", "seconds", "rows/s", "CPU s", "x scan", "x scan, CPU", "peak MB"):
        table.add_column(title, justify="left" if title == "way" else "right")
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as name:
        folder = Path(name)
        write_monitor(folder)
        for rows in sizes:
            file = folder / f"{rows}.parquet"
            console.print(f"Writing {rows:,} rows", highlight=False)
            write_rows(file, rows)
            fit(file, folder)
            scanned: dict[str, float] = {}
            for way in WAYS:
                console.print(f"Measuring {way}, {repeats} times", highlight=False)
                found = _median([_measured(way, file, folder) for _ in range(repeats)])
                scanned = scanned or found
                table.add_row(
                    f"{rows:,}",
                    way,
                    f"{found['seconds']:.2f}",
                    f"{rows / found['seconds']:,.0f}",
                    f"{found['cpu']:.2f}",
                    f"{found['seconds'] / scanned['seconds']:.1f}",
                    f"{found['cpu'] / scanned['cpu']:.1f}",
                    f"{found['peak'] / 1e6:,.0f}",
                )
            file.unlink()
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, or measure once for the process that compares."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", choices=WAYS, help="measure one way once, and print JSON")
    parser.add_argument("--file", type=Path, help="with --measure: the rows")
    parser.add_argument("--folder", type=Path, help="with --measure: where monitor and grids are")
    parser.add_argument(
        "--plan", type=Path, help="with --measure: write DuckDB's profile of the last query as JSON"
    )
    given: Any = parser.parse_args(arguments)
    if given.measure:
        print(json.dumps(measure(given.measure, given.file, given.folder, given.plan)))
    else:
        compare(given.rows, given.repeats)


if __name__ == "__main__":
    main()
