"""Requests by the hour where the rows stay in the warehouse: one query, of which counts come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.warehouse import check_unchanged
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse_casts import NOT
from obs_dagster.sources.warehouse_rows import declared_rows, one_per_prediction

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

_LARGEST = 1e100


def slow_from(monitor: Monitor) -> float | None:
    """The latency from which on a request is slow, in milliseconds; None without such an objective."""
    objective = monitor.objectives.latency if monitor.objectives else None
    return objective.under_ms if objective else None


def hours_in_warehouse(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, absent: Collection[str]
) -> pa.Table:
    """The requests of ingested days by day, version and hour, as `evaluation.hours` has them.

    Args:
        monitor: names the log.
        days: the days.
        lake: knows the days.
        absent: the declared columns that the log does not have.

    Raises:
        SourceError: the warehouse cannot be read, or has other rows of a day than when it was ingested.
    """
    with log_table(monitor).opened() as (log,):
        table: pa.Table = hours_of(log, monitor, days, absent).to_pyarrow()
    check_unchanged(monitor, days, lake)
    return table


def hours_of(
    log: ibis.Table, monitor: Monitor, days: Sequence[dt.date], absent: Collection[str]
) -> ibis.Table:
    """The requests of days by day, version and hour, as a query."""
    roles = monitor.logs.columns
    rows = one_per_prediction(declared_rows(log, monitor, days), monitor)
    answered = rows.filter(rows[roles.version].notnull())
    second = answered[roles.time].truncate("h").epoch_seconds().cast("int64")
    keyed = answered.mutate(hour=(second / 3600).floor().cast("int64"), version=answered[roles.version])
    counts = _statuses(keyed, monitor, absent) | _latencies(keyed, monitor, absent)
    found = keyed.group_by(DAY, "version", "hour").aggregate(requests=keyed.count(), **counts)
    return found.select(DAY, "version", "hour", "requests", *counts).order_by([DAY, "version", "hour"])


def _statuses(rows: ibis.Table, monitor: Monitor, absent: Collection[str]) -> dict[str, ibis.Value]:
    import ibis

    status = monitor.logs.columns.status
    if status is None or status in absent:
        return {"answered": ibis.literal(0).max(), "failed": ibis.literal(0).max()}
    succeeded = rows[status].isin(list(monitor.logs.ok_statuses)).fill_null(NOT)
    return {"answered": rows.count(), "failed": succeeded.ifelse(0, 1).sum()}


def _latencies(rows: ibis.Table, monitor: Monitor, absent: Collection[str]) -> dict[str, ibis.Value]:
    import ibis

    latency, limit = monitor.logs.columns.latency_ms, slow_from(monitor)
    if latency is None or latency in absent:
        nothing = {name: ibis.literal(0).max() for name in ("timed", "slow")}
        return nothing | {name: ibis.literal(0.0).max() for name in ("total_ms", "total_sq_ms")}
    value = rows[latency]
    # what no service has, and what would make a sum infinite
    timed = ((value > -_LARGEST) & (value < _LARGEST)).fill_null(NOT)
    known = timed.ifelse(value, 0.0)
    slow = (timed & (value >= limit)).ifelse(1, 0) if limit is not None else timed.ifelse(0, 0)
    return {
        "timed": timed.ifelse(1, 0).sum(),
        "slow": slow.sum(),
        "total_ms": known.sum(),
        "total_sq_ms": (known * known).sum(),
    }
