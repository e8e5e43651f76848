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
