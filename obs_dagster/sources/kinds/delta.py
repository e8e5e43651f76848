"""`source: delta`: a table of Delta Lake."""

from __future__ import annotations

from obs_dagster.sources.tables.delta import open_delta
from obs_dagster.sources.tables.table_source import TableSource


def _mistake(snapshot: int | str) -> str:
    legal = isinstance(snapshot, int) and snapshot >= 0
    return "" if legal else "A version of a Delta table is a whole number, 0 or more."


SOURCE = TableSource("delta", open_delta, lambda _: False, _mistake, reads_table=False)
