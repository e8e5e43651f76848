"""Daily partitions in the monitor's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dagster as dg
from dagster._core.definitions.partitions.subset.default import DefaultPartitionsSubset  # it has no order

from obs_dagster.monitor import Monitor

_LEFT_OUT: ContextVar[frozenset[dt.date]] = ContextVar("left out", default=frozenset())


def daily(
    monitor: Monitor, now: dt.datetime | None = None
) -> dg.DailyPartitionsDefinition | dg.StaticPartitionsDefinition:
    """A partition per day, from the monitor's first day to its last, or to yesterday.

    Of a monitor whose last day is over, the days are a list. Dagster draws the newest 120 partitions, and
    windows of time it counts back from now, whatever their end: of such a monitor it would draw none.

    Args:
        monitor: the monitor.
        now: left out: the clock's.
    """
    now = now or dt.datetime.now(dt.UTC)
    first, last = monitor.start, monitor.end
    if last is not None and last < now.astimezone(monitor.zone).date():
        days = (first + dt.timedelta(days=since) for since in range((last - first).days + 1))
        return _Listed([day.isoformat() for day in days])
    # a far day stands for no end; there is none after the last one that dates have
    ends = last is not None and last.year < dt.MAXYEAR
    end = last + dt.timedelta(days=1) if last is not None and ends else None
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        end_date=None if end is None else end.isoformat(),
        timezone=monitor.time_zone,
    )


class _InOrder(DefaultPartitionsSubset):
    """Days of a list, one after another: what a run materializes last is the asset's latest."""

    def get_partition_keys(self) -> Iterable[str]:
        return sorted(self.subset)

    def with_partition_keys(self, partition_keys: Iterable[str]) -> DefaultPartitionsSubset:
        return _InOrder(self.subset | set(partition_keys))


class _Listed(dg.StaticPartitionsDefinition):
    """Days that are a list."""

    @property
    def partitions_subset_class(self) -> type[_InOrder]:
        return _InOrder


def days_of(context: dg.AssetExecutionContext) -> list[dt.date]:
    """The days that the run is about, one or a range, but for those that are left out."""
    days = (dt.date.fromisoformat(key) for key in context.partition_keys)
    return [day for day in days if day not in _LEFT_OUT.get()]


@contextmanager
def leaving_out(days: Collection[dt.date]) -> Iterator[None]:
    """The run is not about some of its days."""
    before = _LEFT_OUT.set(frozenset(days))
    try:
        yield
    finally:
        _LEFT_OUT.reset(before)


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
