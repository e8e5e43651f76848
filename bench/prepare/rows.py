"""Generated rows of a log: the same for the same arguments and version of DuckDB, in bounded memory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bench.clock import run
from bench.prepare.columns import CATEGORIES, NUMBERS, extra_numbers, roles
from bench.prepare.kinds import KINDS
from obs_dagster.lake.quoting import literal
from obs_dagster.sources.files import connect

#: Days are this many row numbers apart, so that no two of them share random numbers.
_APART = 10_000_000_000
#: How much one unit of drift shifts what is normal, and bends what is uniform.
_DRIFT = 0.1
#: Rows of a row group, and values where columns are many: each thread holds one.
_GROUP_ROWS, _GROUP_VALUES = 122_880, 1 << 23
#: The fewest rows of a row group.
_VECTOR = 2048


def write_rows(
    path: str,
    rows: int,
    day: str,
    *,
    drift: float = 0.0,
    versions: int = 2,
    extra: int = 0,
    columns: list[str] | None = None,
) -> None:
    """Write a day's log as one Parquet file.

    Values are functions of the row's number, so that any number of threads writes the same rows; their order
    in the file is not fixed.

    Args:
        path: the file.
        rows: how many.
        day: YYYY-MM-DD; every day has other rows.
        drift: how far the distributions are from those of a baseline; 1 is mild.
        versions: how many versions share the traffic.
        extra: further columns of numbers, beside the 19 features.
        columns: the columns to write; left out: all but what only other kinds of model put out.
    """
    first = dt.date.fromisoformat(day).toordinal() * _APART
    numbers = ", ".join(
        f"(hash((i + {first}) * 8 + {k}) + 0.5) / 18446744073709551616 AS u{k + 1}" for k in range(8)
    )
    shift = _DRIFT * drift
    known = roles(day, rows, versions) | NUMBERS | CATEGORIES | extra_numbers(extra)
    made = {name: sql for kind in KINDS.values() for name, sql in kind.made.items()} | known
    chosen = ", ".join(f"{made[name]} AS {name}" for name in columns or known)
    query = f"""
        WITH drawn AS (SELECT i, {numbers} FROM range({rows}) AS numbers(i)),
        uniform AS (SELECT * REPLACE (pow(u2, {1 + shift}) AS u2, pow(u3, {1 + shift}) AS u3) FROM drawn),
        normal AS (
            SELECT
                *,
                sqrt(-2 * ln(u1)) * cos(2 * pi() * u6) + {shift} AS z1,
                sqrt(-2 * ln(u5)) * sin(2 * pi() * u4) + {shift} AS z2
            FROM uniform
        )
        SELECT {chosen} FROM normal"""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        # without it DuckDB buffers row groups to write them in order
        connection.execute("SET preserve_insertion_order = false")
        group = min(_GROUP_ROWS, max(_VECTOR, _GROUP_VALUES // (len(columns or known))))
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}"
        connection.execute(f"COPY ({query}) TO {literal(path)} ({options})")


if __name__ == "__main__":
    run(write_rows)
