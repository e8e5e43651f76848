"""A day's requests by the hour: counted over all rows of the log, kept, and put together for objectives."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.warehouse_hours import hours_in_warehouse, slow_from
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake, Table, manifest_if_readable, manifest_in
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.metrics.service.hours import Hours
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.profile import arrays
from obs_dagster.profile.tables import HOURS
from obs_dagster.quality.refusal import missing
from obs_dagster.sites.stored import merged_hours
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import check_in_place, log_rows
from obs_dagster.sources.purged import purged_on
from obs_dagster.telemetry.event import Event

#: One row per version and hour that has requests; what each column counts is said at `Hours`.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        # hours since 1970
        ("hour", pa.int64()),
        *((name, pa.int64()) for name in ("requests", "answered", "failed", "timed", "slow")),
        ("total_ms", pa.float64()),
        ("total_sq_ms", pa.float64()),
    ]
)
_COUNTED = tuple(SCHEMA.names[2:])
#: Hours that are looked back at beyond a day, whatever the objectives: the longest window of a burn rate.
_BEFORE = 3
#: Days that share a query.
_BATCH = 28

_NOT_COUNTED = Event(
    "obs_dagster.evaluation",
    "requests not counted by the hour",
    "warning",
    "Days before the run's cannot be read any more, so objectives know less of them.",
    {"day": "the first of them", "reason": "why"},
)


def asks_for_hours(monitor: Monitor) -> bool:
    """Whether a log says of requests what is counted by the hour."""
    return bool(monitor.logs.columns.latency_ms or monitor.objectives)


def looked_back_at(monitor: Monitor) -> int:
    """How many days a day's objectives are made of, itself among them."""
    return max(monitor.objectives.window, 1 + _BEFORE) if monitor.objectives else 1


def count_hours(night: Night, days: Iterable[dt.date]) -> None:
    """Count the requests of ingested days by the hour, and those of the days before that objectives need.

    What is counted already, of the same rows and by the same objective, is left alone. Days before that
    cannot be read any more, as those whose files are gone, are not known.

    Raises:
        ObsError: one of `days` cannot be read.
    """
    if not asks_for_hours(night.monitor):
        return
    logs = night.lake.table(night.monitor.model, LOGS)
    wanted = set(days)
    reach = looked_back_at(night.monitor)
    all_days = {each - dt.timedelta(days=back) for each in wanted for back in range(reach)}
    stale = [
        day
        for day in sorted(all_days)
        if logs.exists(day)
        and not _fresh(night, day)
        and (day in wanted or not purged_on(logs.readable(day)))
    ]
    if at_sites(night.monitor):
        for day in stale:
            counted = merged_hours(night.monitor, day, night.lake, SCHEMA)
            inputs = _inputs(night.monitor, day, night.lake)
            _table(night.monitor, night.lake).write(day, counted, {"fingerprint": inputs})
        return
    for absent, alike in groupby(stale, lambda day: _absent(night, day)):
        alike_days = list(alike)
        for start in range(0, len(alike_days), _BATCH):
            _count(night, alike_days[start : start + _BATCH], wanted, absent)


def _absent(night: Night, day: dt.date) -> tuple[str, ...]:
    """The declared columns that the source of a day does not have: the lake has them without values."""
    return tuple(missing(night.lake.table(night.monitor.model, LOGS).readable(day) or {"schema_changes": []}))


def _count(
    night: Night, days: Sequence[dt.date], wanted: Collection[dt.date], absent: Collection[str]
) -> None:
    try:
        found = _counted(night.monitor, days, night.lake, absent)
    except ObsError as error:
        if len(days) > 1:
            for day in days:
                _count(night, [day], wanted, absent)
        elif days[0] in wanted:
            raise
        else:
            _NOT_COUNTED(day=str(days[0]), reason=str(error))
        return
    table = _table(night.monitor, night.lake)
    for day in days:
        rows = found.filter(pc.equal(found[DAY], day.isoformat())).select(SCHEMA.names)
        table.write(day, rows.combine_chunks(), {"fingerprint": _inputs(night.monitor, day, night.lake)})


def _table(monitor: Monitor, lake: Lake) -> Table:
    return lake.table(monitor.model, HOURS)


def _fresh(night: Night, day: dt.date) -> bool:
    return _kept(night.monitor, day, night.lake) is not None


def _inputs(monitor: Monitor, day: dt.date, lake: Lake) -> str:
    """The fingerprint of all that a day's counts follow from."""
    path = lake.table(monitor.model, LOGS).path(day)
    rows = _rows_of(path, path.stat().st_mtime_ns) if path.exists() else ""
    roles = monitor.logs.columns
    asked = (roles.version, roles.time, roles.status, roles.latency_ms, monitor.time_zone)
    return f"{rows}|{asked}|{sorted(monitor.logs.ok_statuses)}|{slow_from(monitor)}"


@reads_rows
def _counted(monitor: Monitor, days: Sequence[dt.date], lake: Lake, absent: Collection[str]) -> pa.Table:
    """The rows of `SCHEMA` with their day."""
    import duckdb

    if monitor.engine.rows_stay:
        return hours_in_warehouse(monitor, days, lake, absent).cast(pa.schema([(DAY, pa.string()), *SCHEMA]))
    roles = monitor.logs.columns
    with connect() as connection:
        rows = log_rows(connection, monitor, days, lake)
        try:
            log = connection.sql(rows)  # noqa: F841  by its name in the query
            found = connection.sql(
                f"SELECT {DAY}, {identifier(roles.version)} AS version, "
                f"CAST(floor(epoch({identifier(roles.time)}) / 3600) AS BIGINT) AS hour, "
                f"count(*) AS requests, {_statuses(monitor, absent)}, {_latencies(monitor, absent)} "
                f"FROM log WHERE {_of_its_day(monitor, days)} GROUP BY ALL ORDER BY ALL"
            ).to_arrow_table()
        except duckdb.Error as error:
            raise ObsError(
                f"The requests of {days[0]} cannot be counted by the hour: {str(error).splitlines()[0]}",
                remedy="Run its night again.",
            ) from error
        check_in_place(monitor, days, lake)
    return found.cast(pa.schema([(DAY, pa.string()), *SCHEMA]))


def _of_its_day(monitor: Monitor, days: Sequence[dt.date]) -> str:
    """SQL for the rows that have a version, and a time within the day that they are of."""
    roles = monitor.logs.columns
    time = identifier(roles.time)
    within = []
    for day in days:
        begin, end = (
            dt.datetime.combine(day + dt.timedelta(days=after), dt.time(), monitor.zone).timestamp()
            for after in (0, 1)
        )
        within.append(f"({DAY} = '{day}' AND epoch({time}) >= {begin:.0f} AND epoch({time}) < {end:.0f})")
    return f"{identifier(roles.version)} IS NOT NULL AND ({' OR '.join(within)})"


def _statuses(monitor: Monitor, absent: Collection[str]) -> str:
    status = monitor.logs.columns.status
    if status is None or status in absent:
        return "0 AS answered, 0 AS failed"
    known = literals(monitor.logs.ok_statuses)
    succeeded = f"coalesce(list_contains({known}, CAST({identifier(status)} AS VARCHAR)), false)"
    return f"count(*) AS answered, count(*) FILTER (NOT {succeeded}) AS failed"


def _latencies(monitor: Monitor, absent: Collection[str]) -> str:
    latency = monitor.logs.columns.latency_ms
    if latency is None or latency in absent:
        return "0 AS timed, 0 AS slow, 0.0 AS total_ms, 0.0 AS total_sq_ms"
    value = f"CAST({identifier(latency)} AS DOUBLE)"
    # what no service has, and what would make a sum infinite
    timed = f"{value} > -1e100 AND {value} < 1e100"
    limit = slow_from(monitor)
    slow = f"count(*) FILTER ({timed} AND {value} >= {limit!r})" if limit is not None else "0"
    total, total_sq = (f"coalesce(sum({each}) FILTER ({timed}), 0)" for each in (value, f"{value} * {value}"))
    return (
        f"count(*) FILTER ({timed}) AS timed, {slow} AS slow, {total} AS total_ms, {total_sq} AS total_sq_ms"
    )


@lru_cache(maxsize=512)
def _rows_of(path: Path, stamp: int) -> str:  # noqa: ARG001  the stamp tells a rewritten file from the old one
    """What a day's ingested rows are known by."""
    return str((manifest_if_readable(path) or {}).get("fingerprint", ""))


@lru_cache(maxsize=512)
def _read(path: Path, stamp: int) -> tuple[pa.Table, str] | None:  # noqa: ARG001  likewise
    """The counts of a day, and what they follow from; None if they are damaged."""
    try:
        rows = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError):
        return None
    return rows, manifest_in(rows.schema).get("fingerprint", "")


def _kept(monitor: Monitor, day: dt.date, lake: Lake) -> pa.Table | None:
    """The counts of a day; None if there are none, or none of its present rows and the present objective."""
    path = _table(monitor, lake).path(day)
    found = _read(path, path.stat().st_mtime_ns) if path.exists() else None
    return found[0] if found is not None and found[1] == _inputs(monitor, day, lake) else None


def hours_of_day(monitor: Monitor, day: dt.date, lake: Lake) -> dict[str, Hours]:
    """The hours of each version up to the end of a day, as far as they were counted; empty if it has none."""
    reach = looked_back_at(monitor)
    days = [day - dt.timedelta(days=back) for back in reversed(range(reach))]
    parts = [rows for each in days if (rows := _kept(monitor, each, lake)) is not None]
    if not parts or _kept(monitor, day, lake) is None:
        return {}
    rows = pa.concat_tables(parts).combine_chunks()
    first, begin, end = (_hour(monitor, day + dt.timedelta(days=after)) for after in (1 - reach, 0, 1))
    # in a zone half an hour off, days begin within an hour
    frame = _Frame(
        math.floor(first), math.ceil(end), math.ceil(end) - math.floor(begin), _window(monitor, day)
    )
    return {
        version: _hours(monitor, rows.filter(pc.equal(rows["version"], version)), frame)
        for version in sorted(rows["version"].unique().to_pylist())
    }


def _hour(monitor: Monitor, day: dt.date) -> float:
    """When a day begins, in hours since 1970."""
    return dt.datetime.combine(day, dt.time(), monitor.zone).timestamp() / 3600


def _window(monitor: Monitor, day: dt.date) -> int:
    """The hours of the objectives' window that ends with a day: days have 23 or 25 hours twice a year."""
    days = monitor.objectives.window if monitor.objectives else 1
    end = math.ceil(_hour(monitor, day + dt.timedelta(days=1)))
    return end - math.floor(_hour(monitor, day + dt.timedelta(days=1 - days)))


class _Frame(NamedTuple):
    """Hours since 1970 of the first and after the last one, and how many belong to day and window."""

    first: int
    end: int
    last: int
    window: int


def _hours(monitor: Monitor, rows: pa.Table, frame: _Frame) -> Hours:
    place = arrays.values(rows["hour"]) - frame.first
    counts: dict[str, Any] = {}
    for name in _COUNTED:
        kind = np.float64 if name.startswith("total") else np.int64
        counts[name] = np.zeros(frame.end - frame.first, dtype=kind)
        np.add.at(counts[name], place, arrays.values(rows[name]))
    asked = monitor.objectives
    return Hours(
        last=frame.last,
        **counts,
        availability=asked.availability if asked else None,
        latency=asked.latency.target if asked and asked.latency else None,
        window=frame.window,
    )
