"""Forgetting what rows in quarantine say: that they are there, and why, stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict

import pyarrow.parquet as pq

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.quality.day_rows import RULES
from obs_dagster.quality.validated import QUARANTINE, day_quality


def purge_quarantine(monitor: Monitor, lake: Lake, days: Iterable[dt.date]) -> int:
    """Drop the values of the rows in quarantine; their numbers and the rules that they broke stay.

    So the day stays evaluated without them, and a day that is validated again keeps no values either. The
    log's own copy in the lake is not touched.

    Args:
        monitor: the monitor.
        lake: holds the quarantine.
        days: the days; those without a quarantine that can be read are passed over.

    Returns:
        How many rows had values until now.
    """
    purged = 0
    for day in days:
        purged += _purge(monitor, day, lake)
    return purged


@reads_rows
def _purge(monitor: Monitor, day: dt.date, lake: Lake) -> int:
    table, found = lake.table(monitor.model, QUARANTINE), day_quality(monitor, day, lake)
    if found is None or found.purged:
        return 0
    rows = pq.read_table(table.path(day), columns=[ROW, RULES], partitioning=None)
    table.write(day, rows, asdict(found.without_values()))
    return int(rows.num_rows)
