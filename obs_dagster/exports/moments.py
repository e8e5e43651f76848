"""The moments at which a day of a monitor begins and ends."""

from __future__ import annotations

import datetime as dt

from obs_dagster.monitor import Monitor

_ONE = dt.timedelta(days=1)


def begin_of(day: dt.date, monitor: Monitor) -> dt.datetime:
    """The first moment of a day, in UTC."""
    return dt.datetime.combine(day, dt.time(), monitor.zone).astimezone(dt.UTC)


def end_of(day: dt.date, monitor: Monitor) -> dt.datetime:
    """The first moment after a day, in UTC."""
    return begin_of(day + _ONE, monitor)
