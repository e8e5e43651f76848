"""Rows to counts: the one place where a day's rows are read, on whichever engine holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.coding import coded
from obs_dagster.profile.expressions import reduce_frame
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.learned import with_learned
from obs_dagster.profile.profile import SCHEMA, TEXTS, Profile, slices


def reduce_rows(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids) -> Profile:
    """Reduce rows to the profile of their columns, per version and segment cell.

    Args:
        rows: rows of the log (one day, or a baseline) with the monitor's columns; absent ones are left out.
        monitor: says which columns there are, which is the version and how rows are cut into segments.
        grids: the bins of each column.
    """
    return Profile(_joined(_reduce(rows, monitor, grids, [])), grids)


def reduce_days(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, day_column: str
) -> dict[str, Profile]:
    """Reduce the rows of several days in one query, into a profile per value of `day_column`.

    For days of a few thousand rows, planning a query costs more than running it; many days share one plan.
    """
    parts: dict[str, list[pa.Table]] = {}
    for reduced in _reduce(rows, monitor, grids, [day_column]):
        for (day,), (start, length) in slices(reduced, [day_column]).items():
            parts.setdefault(day, []).append(reduced.slice(start, length).select(SCHEMA.names))
    return {day: Profile(_joined(tables), grids) for day, tables in parts.items()}


def _joined(tables: Iterable[pa.Table]) -> pa.Table:
    """The counts of all columns, from those of some each, in the columns' order."""
    parts = [coded(table, TEXTS) for table in tables if table.num_rows]
    if not parts:
        return SCHEMA.empty_table()
    # chunks of numbers stay apart: in one piece a wide log's counts would be in memory twice
    return pa.concat_tables(parts)


def _reduce(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> Iterator[pa.Table]:
    """The counts of `SCHEMA` with the text columns `by` before it, sorted; some of the log's columns each."""
    rows = with_learned(rows, monitor, grids)
    if rows.implementation is nw.Implementation.DUCKDB:
        # its loops are compiled, which only a process that counts rows shall wait for
        from obs_dagster.profile.loops.histograms import reduce_relation

        yield from reduce_relation(rows.to_native(), monitor, grids, by)
    else:
        yield reduce_frame(rows, monitor, grids, by)
