"""Which night of a model should have run by now."""

from __future__ import annotations

import datetime as dt

from obs_dagster.monitor.model import Monitor

ONE_DAY = dt.timedelta(days=1)


def last_day(monitor: Monitor, now: dt.datetime) -> dt.date:
    """The last day that can be evaluated: yesterday in the monitor's time zone, or its end."""
    yesterday = now.astimezone(monitor.zone).date() - ONE_DAY
    return yesterday if monitor.end is None else min(monitor.end, yesterday)


def due_day(monitor: Monitor, now: dt.datetime) -> dt.date | None:
    """The last day whose night must have run: the day before yesterday, or the monitor's end.

    That of yesterday may still be to come. None before the first one is due.
    """
    due = min(last_day(monitor, now), now.astimezone(monitor.zone).date() - 2 * ONE_DAY)
    return due if due >= monitor.start else None
