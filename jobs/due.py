"""Which nights are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from dagster._utils.schedules import cron_string_iterator  # what Dagster's own schedules tick by

from obs_dagster.monitor import Monitor

HOUR = dt.timedelta(hours=1)

JOB = "due_nights"
"""The name of the job that evaluates nights of many models."""


@dataclass(frozen=True, slots=True)
class Due:
    """A night that is to be evaluated."""

    model: str
    day: dt.date


def day_before(monitor: Monitor, at: dt.datetime) -> dt.date:
    """The day that has ended last, where the model lives."""
    return at.astimezone(monitor.zone).date() - dt.timedelta(days=1)


def why_no_night(monitor: Monitor, day: dt.date) -> str:
    """Why a day is none of a monitor's; empty if it is one."""
    if day < monitor.start:
        return f"{day} lies before {monitor.start}, the monitor's first day."
    if monitor.end is not None and day > monitor.end:
        return f"{day} lies after {monitor.end}, the monitor's last day."
    return ""


def nights_due(monitors: Iterable[Monitor], until: dt.datetime, within: dt.timedelta = HOUR) -> list[Due]:
    """The nights whose time came within an hour, in the order of the monitors.

    Args:
        monitors: the monitors; each says by `schedule` and `time_zone` when its night runs.
        until: the end of the hour, which is part of it; its beginning is not.
        within: how long before that end counts.
    """
    found = []
    for monitor in monitors:
        begin = (until - within).timestamp()
        ticks = cron_string_iterator(begin, monitor.schedule, monitor.time_zone)
        for tick in takewhile(lambda tick: tick <= until, ticks):
            day = day_before(monitor, tick)
            if tick.timestamp() > begin and not why_no_night(monitor, day):
                found.append(Due(monitor.model, day))
    return list(dict.fromkeys(found))
