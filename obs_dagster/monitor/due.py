"""Which night of a model should have run by now."""

from __future__ import annotations

import datetime as dt

from obs_dagster.monitor.cron import runs_on
from obs_dagster.monitor.model import Monitor

ONE_DAY = dt.timedelta(days=1)


def last_day(monitor: Monitor, now: dt.datetime) -> dt.date:
    """The last day that can be evaluated: yesterday in the monitor's time zone, or its end."""
    yesterday = now.astimezone(monitor.zone).date() - ONE_DAY
    return yesterday if monitor.end is None else min(monitor.end, yesterday)


def due_day(monitor: Monitor, now: dt.datetime) -> dt.date | None:
    """The last day whose night must have run: by its schedule, up to the day before yesterday or its end.

    That of yesterday may still be to come. None before the first one is due.
    """
    due = min(last_day(monitor, now), now.astimezone(monitor.zone).date() - 2 * ONE_DAY)
    while due >= monitor.start and not is_scheduled(monitor, due):
        due -= ONE_DAY
    return due if due >= monitor.start else None


def is_scheduled(monitor: Monitor, day: dt.date) -> bool:
    """Whether the monitor's schedule has a night of a day: it runs on the day after."""
    return runs_on(monitor.schedule, day + ONE_DAY)


def scheduled_after(monitor: Monitor, day: dt.date, last: dt.date) -> list[dt.date]:
    """The days after one, up to another, whose nights the schedule has."""
    after = (day + ONE_DAY * number for number in range(1, (last - day).days + 1))
    return [each for each in after if is_scheduled(monitor, each)]
