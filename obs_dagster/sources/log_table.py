"""A log that is a table of a warehouse: its days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from obs_dagster.errors import SourceError
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.reading import reading_of_log
from obs_dagster.sources.warehouse import FetchedRows, WarehouseTable, column_of, is_plain, readable

if TYPE_CHECKING:
    import ibis

    from obs_dagster.sources.warehouse import Query


def fetched_days(
    monitor: Monitor, first: dt.date, last: dt.date, folder: Path
) -> AbstractContextManager[FetchedRows]:
    """Fetch the rows of days in the monitor's time zone, which the warehouse picks by the time column.

    Rows come in the order of their time, so that a day that is fetched twice is the same day. Of columns that
    the monitor doesn't declare, only those of plain types come along.

    Args:
        monitor: names the warehouse, the table and the columns.
        first: the first day.
        last: the last day, included.
        folder: where the file may be written while the block lasts.

    Raises:
        SourceError: the warehouse cannot be read, the table has no time column of a timestamp type, or Ibis
            is not installed.
        ObsError: a variable of the URL is not set.
    """
    return log_table(monitor).fetched(day_query(monitor, first, last), folder, reading_of_log(monitor))


def day_query(monitor: Monitor, first: dt.date, last: dt.date) -> Query:
    """What makes the query for the rows of days from the log."""
    roles = monitor.logs.columns

    def query(table: ibis.Table) -> ibis.Table:
        rows = _between(table, monitor, first, last)
        columns = _readable_columns(rows, declared_types(monitor))
        order = [name for name in (roles.time, roles.prediction_id) if name in columns]
        return rows.select(**columns).order_by(order)

    return query


def versions_of_days(monitor: Monitor, first: dt.date, last: dt.date) -> dict[str, str]:
    """For every version in days of the log what changes when rows come to it: their number and last time.

    Args:
        monitor: names the warehouse, the table and the columns.
        first: the first day.
        last: the last day, included.

    Raises:
        SourceError: as `fetched_days`, or the table has no column for the version.
        ObsError: as `fetched_days`.
    """
    place, roles = log_table(monitor), monitor.logs.columns

    def query(table: ibis.Table) -> ibis.Table:
        import ibis

        if monitor.logs.version is not None:
            rows = _between(table, monitor, first, last)
            by_version = rows.group_by(version=ibis.literal(monitor.logs.version))
        else:
            version = column_of(table, roles.version, place, "version")
            rows = _between(table.filter(version.notnull()), monitor, first, last)
            by_version = rows.group_by(version=rows[roles.version].cast("string"))
        return by_version.aggregate(number=rows.count(), latest=rows[roles.time].max())

    found = sorted(place.answer(query), key=lambda row: str(row["version"]))
    return {
        row["version"]: f"{place.name} {first} {last} {row['number']} {_in_utc(row['latest'])}"
        for row in found
    }


def _in_utc(time: dt.datetime) -> str:
    return (time.astimezone(dt.UTC) if time.tzinfo else time).isoformat()


def log_table(monitor: Monitor) -> WarehouseTable:
    """The table of the log."""
    return WarehouseTable("logs", monitor.logs.path, str(monitor.logs.table))


def _between(table: ibis.Table, monitor: Monitor, first: dt.date, last: dt.date) -> ibis.Table:
    """The rows of days."""
    return table.filter(within(table, monitor, first, last))


def within(table: ibis.Table, monitor: Monitor, first: dt.date, last: dt.date) -> ibis.BooleanValue:
    """Whether a row's time is in one of some days that follow each other, in the monitor's time zone.

    Args:
        table: the log.
        monitor: names the time column and the time zone.
        first: the first day.
        last: the last day, included.

    Raises:
        SourceError: the table has no time column of a timestamp type.
    """
    import ibis

    time = monitor.logs.columns.time
    kind = table.schema().get(time)
    if kind is None or not kind.is_timestamp():
        found = "is not there" if kind is None else f"is of type {kind}"
        days = str(first) if first == last else f"{first} to {last}"
        raise SourceError(
            f"The rows of {days} cannot be found: the column {time} of {monitor.logs.table} {found}.",
            remedy="Name a column of a timestamp type in logs.columns.time.",
        )
    bounds = []
    for date in (first, last + dt.timedelta(days=1)):
        moment = dt.datetime.combine(date, dt.time(), monitor.zone).astimezone(dt.UTC)
        if not kind.timezone:
            # naive values are UTC, or of the zone that the monitor says
            zone = monitor.logs.times.zone
            moment = moment.astimezone(ZoneInfo(zone) if zone else dt.UTC).replace(tzinfo=None)
        bounds.append(ibis.literal(moment, type=kind))
    return (table[time] >= bounds[0]) & (table[time] < bounds[1])


def _readable_columns(rows: ibis.Table, declared: Mapping[str, str]) -> dict[str, ibis.Value]:
    """Columns that every engine reads: plain ones, and declared ones of other types (a UUID) as text."""
    return {
        name: readable(rows[name])
        for name, kind in rows.schema().items()
        if name in declared or is_plain(kind)
    }
