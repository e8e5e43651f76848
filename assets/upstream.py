"""What became of the assets that a monitor's log depends on, as Dagster's instance knows it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import dagster as dg

from obs_dagster.history import UpstreamEvent
from obs_dagster.history.upstream import Became
from obs_dagster.monitor import Monitor
from obs_dagster.secrets import scrub

_DAYS = 14
"""How far back an evaluation looks."""

_LIMIT = 100
_SOON = 12 * 3_600
"""Seconds within which another run makes up for one that failed."""

_LENGTH = 300
_LATE, _FEWEST = 2.5, 4
"""Late is what has not come for so many times its usual pause, of so many arrivals."""


def upstream_events(
    instance: dg.DagsterInstance, monitor: Monitor, now: dt.datetime
) -> Iterator[UpstreamEvent]:
    """What failed, changed or did not come lately, of the monitor's `upstream`."""
    for name in monitor.upstream:
        wanted = dg.AssetRecordsFilter(
            dg.AssetKey(name.split("/")), after_timestamp=(now - dt.timedelta(days=_DAYS)).timestamp()
        )
        came = instance.fetch_materializations(wanted, limit=_LIMIT, ascending=True).records
        planned = instance.fetch_planned_materializations(wanted, limit=_LIMIT).records
        yield from _failures(instance, monitor, name, planned, came)
        yield from _changes(monitor, name, came)
        yield from _absence(monitor, name, came, now)


def _failures(
    instance: dg.DagsterInstance,
    monitor: Monitor,
    name: str,
    planned: Sequence[dg.EventLogRecord],
    came: Sequence[dg.EventLogRecord],
) -> Iterator[UpstreamEvent]:
    for each in planned:
        run = None if _mended(each, came) else instance.get_run_by_id(each.run_id)
        if run is not None and run.status is dg.DagsterRunStatus.FAILURE:
            told = f"{name}, which the log depends on, failed{_why(instance, each.run_id)}"
            yield _event(monitor, name, "failed", each, told)


def _mended(planned: dg.EventLogRecord, came: Sequence[dg.EventLogRecord]) -> bool:
    """Whether it came after all, with that run or soon with another one."""
    return any(
        each.run_id == planned.run_id
        or (each.partition_key == planned.partition_key and 0 < each.timestamp - planned.timestamp < _SOON)
        for each in came
    )


def _why(instance: dg.DagsterInstance, run_id: str) -> str:
    failed = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1).records
    event = failed[0].event_log_entry.dagster_event if failed else None
    error = event.step_failure_data.error if event else None
    if error is None:
        return ""
    said = (error.cause or error).message.strip()
    return f": {scrub(said.splitlines()[0])[:_LENGTH]}" if said else ""


def _changes(monitor: Monitor, name: str, came: Sequence[dg.EventLogRecord]) -> Iterator[UpstreamEvent]:
    for before, after in pairwise(came):
        found = [what for what, of in (("code", _code), ("columns", _columns)) if of(before) != of(after)]
        if found:
            told = f"{name}, which the log depends on, changed its {' and its '.join(found)}"
            yield _event(monitor, name, "changed", after, told)


def _code(record: dg.EventLogRecord) -> str | None:
    made = record.asset_materialization
    return (made.tags or {}).get("dagster/code_version") if made else None


def _columns(record: dg.EventLogRecord) -> object:
    made = record.asset_materialization
    known = made.metadata.get("dagster/column_schema") if made else None
    schema = known.value if known else None
    return [(each.name, each.type) for each in schema.columns] if isinstance(schema, dg.TableSchema) else None


def _absence(
    monitor: Monitor, name: str, came: Sequence[dg.EventLogRecord], now: dt.datetime
) -> Iterator[UpstreamEvent]:
    times = [each.timestamp for each in came]
    if len(times) < _FEWEST:
        return
    usual = median(after - before for before, after in pairwise(times))
    due = dt.datetime.fromtimestamp(times[-1] + usual, dt.UTC)
    if usual and now.timestamp() - times[-1] > _LATE * usual:
        last = dt.datetime.fromtimestamp(times[-1], dt.UTC)
        told = f"{name}, which the log depends on, has not come since {last:%Y-%m-%d %H:%M} UTC"
        day = due.astimezone(monitor.zone).date()
        yield UpstreamEvent(monitor.model, name, "late", day, due, told, str(last))


def _event(
    monitor: Monitor, name: str, became: Became, record: dg.EventLogRecord, told: str
) -> UpstreamEvent:
    at = dt.datetime.fromtimestamp(record.timestamp, dt.UTC)
    day = at.astimezone(monitor.zone).date()
    with contextlib.suppress(ValueError):
        # of a partition that is a day, that day
        day = dt.date.fromisoformat(record.partition_key or "")
    cause = f"{record.run_id} {record.partition_key or ''}".strip()
    return UpstreamEvent(monitor.model, name, became, day, at, told, cause)
