"""Daily partitions in the monitor's time zone."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from obs_dagster.monitor import Monitor


def daily(monitor: Monitor) -> dg.DailyPartitionsDefinition:
    """A partition per day, from the monitor's first day to its last, or to yesterday."""
    # a far day stands for no end; there is none after the last one that dates have
    ends = monitor.end is not None and monitor.end.year < dt.MAXYEAR
    end = monitor.end + dt.timedelta(days=1) if monitor.end is not None and ends else None
    return dg.DailyPartitionsDefinition(
        start_date=monitor.start.isoformat(),
        end_date=None if end is None else end.isoformat(),
        timezone=monitor.time_zone,
    )


def days_of(context: dg.AssetExecutionContext) -> list[dt.date]:
    """The days that the run is about: one, or a range."""
    return [dt.date.fromisoformat(key) for key in context.partition_keys]


def span(day: dt.date, window: int) -> str:
    """The days of a window, as narrow columns of a table have room for.

    >>> span(dt.date(2013, 7, 21), 7), span(dt.date(2013, 7, 21), 1)
    ('7 days to 2013-07-21', '2013-07-21')
    """
    return str(day) if window == 1 else f"{window} days to {day}"


def hours(monitor: Monitor, day: dt.date) -> str:
    """From when to when a day is, in the monitor's time zone and in UTC."""
    begin, end = (
        dt.datetime.combine(each, dt.time(), monitor.zone).astimezone(dt.UTC)
        for each in (day, day + dt.timedelta(days=1))
    )
    told = f"{day}, midnight to midnight {monitor.time_zone}"
    return told if monitor.time_zone == "UTC" else f"{told} ({begin:%d %b %H:%M} to {end:%d %b %H:%M} UTC)"
