"""What the store has of nights, as far as it tells of components."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, case, func, select

from obs_dagster.alerts.rules.alert import Alert, read_of
from obs_dagster.causes.signal import Of, Signal
from obs_dagster.history import NightRecord, UpstreamEvent, nights, upstream
from obs_dagster.history.alert_tables import ALERTS, INCIDENTS
from obs_dagster.history.tables import METRICS
from obs_dagster.history.usage import read_programs
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import settled_through

LEARN_DAYS = 730
"""Nights are learned from for so long."""

Key = tuple[str, Of, str]
"""A metric, what it is about, and the version."""


@dataclass(frozen=True)
class Telemetry:
    """What is known of the nights of a model up to one of them.

    Attributes:
        nights: what became of the days, by day.
        series: values of single days over all rows, by day.
        alerts: alerts that lasted on these days.
        incidents: by the id of an incident, the first night in breach of its alerts.
        upstream: what became of the assets that the log depends on.
        programs: the versions of programs that nights ran with.
        settled: the last day whose labels are complete; None without labels.
    """

    monitor: Monitor
    nights: Sequence[NightRecord]
    series: Mapping[Key, Sequence[tuple[dt.date, float]]] = field(default_factory=dict)
    alerts: Sequence[Alert] = ()
    incidents: Mapping[str, dt.date] = field(default_factory=dict)
    upstream: Sequence[UpstreamEvent] = ()
    programs: Mapping[dt.date, Mapping[str, str]] = field(default_factory=dict)
    settled: dt.date | None = None

    def of(self, signal: Signal) -> Mapping[str, Sequence[tuple[dt.date, float]]]:
        """The values of a signal by version, as far as they are complete."""
        found = {
            version: values
            for (metric, of, version), values in self.series.items()
            if (metric, of) == (signal.metric, signal.of)
        }
        if not signal.settled:
            return found
        last = self.settled or dt.date.min
        return {version: [each for each in values if each[0] <= last] for version, values in found.items()}


def read_telemetry(
    connection: Connection, monitor: Monitor, signals: Iterable[Signal], last: dt.date
) -> Telemetry:
    """What the store has of the nights up to a day.

    Args:
        connection: to the store.
        monitor: the monitor.
        signals: the metrics that tell of components.
        last: the day.
    """
    model = monitor.model
    first = last - dt.timedelta(days=LEARN_DAYS - 1)
    alerts = [
        each
        for each in read_of(connection, (ALERTS.c.model == model) & (ALERTS.c.since <= last))
        if each.end >= first
    ]
    return Telemetry(
        monitor,
        nights.read(connection, model, first, last),
        _series(connection, monitor, {each.metric for each in signals}, first, last),
        alerts,
        _incidents(connection, model, last),
        upstream.read(connection, model, first, last + dt.timedelta(days=1)),
        read_programs(connection, model, first, last),
        settled_through(monitor, max(last, nights.latest(connection, model) or last)),
    )


def _series(
    connection: Connection, monitor: Monitor, metrics: Collection[str], first: dt.date, last: dt.date
) -> Mapping[Key, Sequence[tuple[dt.date, float]]]:
    """Of columns the largest value of a night, that of the leading output apart."""
    columns = METRICS.c
    output = leading_output(monitor).column
    about = case(
        (columns.column == "", case((columns.version == WHOLE, "log"), else_="model")),
        (columns.column == output, "output"),
        else_="features",
    ).label("about")
    query = (
        select(columns.day, columns.metric, columns.version, about, func.max(columns.value))
        .where(columns.model == monitor.model, columns.day.between(first, last), columns.window == 1)
        .where(columns.metric.in_(sorted(metrics)), columns.segment == WHOLE, columns.value.is_not(None))
        .group_by(columns.day, columns.metric, columns.version, about)
        .order_by(columns.day)
    )
    found: dict[Key, list[tuple[dt.date, float]]] = defaultdict(list)
    for day, metric, version, of, value in connection.execute(query):
        found[metric, of, version].append((day, value))
    return found


def _incidents(connection: Connection, model: str, last: dt.date) -> dict[str, dt.date]:
    query = (
        select(INCIDENTS.c.id, func.min(ALERTS.c.since))
        .join(ALERTS, ALERTS.c.incident_id == INCIDENTS.c.id)
        .where(INCIDENTS.c.model == model)
        .group_by(INCIDENTS.c.id)
    )
    return {id_: since for id_, since in connection.execute(query) if since <= last}
