"""Labels that wait for a prediction that nobody knows, for longer than they are kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from obs_dagster.lake.lake import replacing
from obs_dagster.lake.quoting import literal
from obs_dagster.sources.files import connect
from obs_dagster.sources.labels import HOLDING


def waiting_before(folder: Path, before: dt.date) -> int:
    """How many of them became known before a day; those of which nobody knows when wait on."""
    holding = folder / HOLDING
    if not holding.exists():
        return 0
    with connect() as connection:
        query = f"SELECT count(*) FROM read_parquet({literal(str(holding))}) WHERE {_over(before)}"
        return int(connection.sql(query).fetchall()[0][0])


def purge_waiting(folder: Path, before: dt.date) -> int:
    """Remove them; returns how many."""
    number = waiting_before(folder, before)
    if number:
        with connect() as connection, replacing(folder / HOLDING) as aside:
            held = f"read_parquet({literal(str(folder / HOLDING))})"
            rows = f"FROM {held} WHERE NOT coalesce({_over(before)}, false)"
            connection.execute(f"COPY ({rows}) TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd)")
    return number


def _over(before: dt.date) -> str:
    return f"known_at < TIMESTAMPTZ '{before.isoformat()} 00:00:00+00'"
