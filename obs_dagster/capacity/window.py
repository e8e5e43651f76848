"""How long a night may take."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from obs_dagster.monitor import Monitor
from obs_dagster.monitor.cron import runs_on

_AHEAD = 370
"""Days of the schedule that are looked at: a year, for one that runs once in it."""

_DAY = dt.timedelta(days=1)


def night_window(monitor: Monitor) -> dt.timedelta:
    """`night_hours` of the monitor, or the shortest time between two of its nights."""
    if monitor.night_hours is not None:
        return dt.timedelta(hours=monitor.night_hours)
    days = (monitor.start + number * _DAY for number in range(_AHEAD))
    nights = [day for day in days if runs_on(monitor.schedule, day)]
    return min((after - before for before, after in pairwise(nights)), default=_DAY)
