"""How many rows the logs of days have, as validation counted them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

from obs_dagster.lake.lake import Lake, manifest_if_readable
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.validated import QUARANTINE, DayQuality

_REMEMBERED = 4_096
"""Days that a process keeps in mind: nights of a backfill ask for the same ones again and again."""


def rows_of_days(monitor: Monitor, first: dt.date, last: dt.date, lake: Lake) -> list[tuple[dt.date, int]]:
    """The validated days from `first` to `last` with the rows of their logs, in order.

    Days whose log could not be read are left out, and those of which what was found is damaged.
    """
    table = lake.table(monitor.model, QUARANTINE)
    paths = {day: table.path(day) for day in table.days_between(first, last)}
    found = {day: _rows(path, path.stat().st_mtime_ns) for day, path in paths.items()}
    return [(day, rows) for day, rows in found.items() if rows is not None]


@lru_cache(maxsize=_REMEMBERED)
def _rows(path: Path, stamp: int) -> int | None:  # noqa: ARG001  the stamp tells a rewritten file from the old one
    manifest = manifest_if_readable(path)
    if not manifest:
        return None
    quality = DayQuality(**manifest)
    return None if quality.unreadable else quality.rows_read
