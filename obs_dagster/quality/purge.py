"""Forgetting what rows in quarantine say: that they are there, and why, stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
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
    table, purged = lake.table(monitor.model, QUARANTINE), 0
    for day in days:
        found = day_quality(monitor, day, lake)
        if found is None or found.purged:
            continue
        rows = table.read(day).select([ROW, RULES])
        table.write(day, rows, asdict(found.without_values()))
        purged += rows.num_rows
    return purged
