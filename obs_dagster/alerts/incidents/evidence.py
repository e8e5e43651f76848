"""What the stored metrics say of the nights around an incident: what was unlike the nights before."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from sqlalchemy import Connection, select

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.moved import of_record
from obs_dagster.alerts.outbox.failure import FailedRun, failures
from obs_dagster.history import NightRecord, UpstreamEvent, nights, upstream
from obs_dagster.history.tables import METRICS
from obs_dagster.history.usage import read_programs
from obs_dagster.metrics.registry import family
from obs_dagster.metrics.usual import BAND_DAYS, Band, band_of
from obs_dagster.monitor.whole import WHOLE

LOOK_BACK_DAYS = 6
"""Days before the first night in breach whose windows may have led to it."""

_FEWEST = 3
"""Nights before, without which nothing is known to be unlike them."""

WATCHED = (
    "broken_columns",
    "quarantined_share",
    "duplicate_share",
    "psi",
    "drift_evidence",
    "break_evidence",
    "missing_share",
    "shap_share",
    "score_mismatch_share",
    "positive_share",
    "mean_target",
    "label_coverage",
    "volume",
    "error_share",
    "latency_p95",
    "component_own_time",
    "component_failure_share",
    "component_tokens",
    "component_use_share",
)
"""The metrics that tell of causes."""

_LEAST_SPREAD = 0.05
"""Of few nights: a spread is not taken for less than this part of what is usual."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """A metric on its oddest night around the beginning of an incident.

    Attributes:
        usual: what it was on the nights before.
        distance: how many spreads it lies from that; negative below it.
        rows: rows behind the value.
    """

    day: dt.date
    value: float
    usual: float
    distance: float
    rows: int


Key = tuple[str, str, str, str]
"""Metric, version, segment and column."""


@dataclass(frozen=True)
class Evidence:
    """The daily records of a model around the beginning of an incident.

    Attributes:
        since: the first night in breach.
        until: the night on which it fired, beyond which nothing is looked at.
        series: per key the nights with a value, with the rows behind it.
        before: nights before the first in breach.
        around: the nights of the incident.
        upstream: what became of the assets that the log depends on, the latest first.
        failed: runs of the model, or parts of them, that failed on these days.
        programs: the versions of programs that nights ran with.
        groups: by the column of an alert about groups of people, which of them lie furthest apart.
    """

    since: dt.date
    until: dt.date
    series: Mapping[Key, Sequence[tuple[dt.date, float, int]]]
    before: Sequence[NightRecord] = ()
    around: Sequence[NightRecord] = ()
    upstream: Sequence[UpstreamEvent] = ()
    failed: Sequence[FailedRun] = ()
    programs: Mapping[dt.date, Mapping[str, str]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, incident: Incident) -> Evidence:
        """The records around an incident's beginning."""
        fired = min((alert.fired_day for alert in incident.alerts if alert.fired_day), default=incident.since)
        metrics = {alert.metric for alert in incident.alerts}
        found = cls.read(connection, incident.model, (incident.since, fired), metrics)
        groups = {
            alert.column: said
            for alert in incident.alerts
            if alert.metric in family("fairness") and (said := of_record(connection, alert))
        }
        return replace(found, groups=groups)

    @classmethod
    def read(
        cls, connection: Connection, model: str, days: tuple[dt.date, dt.date], metrics: Collection[str]
    ) -> Evidence:
        """The records of the days themselves, not of longer windows.

        Args:
            connection: to the store.
            model: the model.
            days: the first night in breach, and the one on which it fired.
            metrics: those of the alerts, which are read beside the ones that tell of causes.
        """
        since, until = days
        columns = METRICS.c
        first = since - dt.timedelta(days=LOOK_BACK_DAYS + BAND_DAYS)
        query = (
            select(
                columns.metric,
                columns.version,
                columns.segment,
                columns.column,
                columns.day,
                columns.value,
                columns.n,
            )
            .where(columns.model == model, columns.window == 1, columns.day.between(first, until))
            .where(columns.value.is_not(None), columns.metric.in_([*WATCHED, *metrics]))
            .order_by(columns.day)
        )
        series: dict[Key, list[tuple[dt.date, float, int]]] = defaultdict(list)
        for metric, version, segment, column, day, value, n in connection.execute(query):
            series[metric, version, segment, column].append((day, value, n))
        before = nights.read(connection, model, last=since - dt.timedelta(days=1))
        around = nights.read(connection, model, since, until)
        begins = since - dt.timedelta(days=LOOK_BACK_DAYS)
        # what is made of a day is made on the next one
        led = upstream.read(connection, model, begins, until + dt.timedelta(days=1))
        failed = failures(connection, model, begins, until)
        programs = read_programs(connection, model, first, until)
        return cls(since, until, series, before, around, led, failed, programs)

    @property
    def begins(self) -> dt.date:
        """The first day that may have led to it."""
        return self.since - dt.timedelta(days=LOOK_BACK_DAYS)

    def oddity(self, metric: str, version: str, segment: str = WHOLE, column: str = "") -> Oddity | None:
        """The metric on its oddest night; None if it has none, or too few before."""
        series = self.series.get((metric, version, segment, column), ())
        before = [(day, value) for day, value, _ in series if day < self.since]
        found = []
        for day, value, rows in series:
            if day < self.begins:
                continue
            # days that may have led to it are no measure of themselves
            known = [each for each in before if each[0] < min(day, self.begins)] or [
                each for each in before if each[0] < day
            ]
            band = usual_on(known, day)
            if band is not None:
                found.append(Oddity(day, value, band.centre, band.distance(value), rows))
        return max(found, key=lambda each: abs(each.distance), default=None)

    def columns(self, metric: str, version: str) -> list[str]:
        """The columns that have a metric over all rows."""
        return sorted({key[3] for key in self.series if key[:3] == (metric, version, WHOLE) and key[3]})

    def segments(self, metric: str, version: str) -> list[str]:
        """The segment cells that have a metric of the model."""
        return sorted(
            {key[2] for key in self.series if key[:2] == (metric, version) and not key[3]} - {WHOLE}
        )

    def against_days(self, version: str, column: str, since: dt.date) -> float | None:
        """How strongly a column speaks against days that differ anyway, on any night from one on; log10 of e.

        Against the baseline's days or the nights before, what it is further from; None if neither is known.
        """
        found = [
            value
            for metric in ("drift_evidence", "break_evidence")
            for day, value, _ in self.series.get((metric, version, WHOLE, column), ())
            if day >= since
        ]
        return max(found, default=None)

    def latest(self, metric: str, version: str, column: str) -> float | None:
        """The last value over all rows, up to when it fired."""
        series = self.series.get((metric, version, WHOLE, column), ())
        return series[-1][1] if series else None


def usual_on(known: Sequence[tuple[dt.date, float]], day: dt.date) -> Band | None:
    """What is usual; of few nights, the median and how far they lie from it."""
    found = band_of(known, day)
    if isinstance(found, Band):
        return found
    if len(known) < _FEWEST:
        return None
    usual = median(value for _, value in known)
    spread = 1.4826 * median(abs(value - usual) for _, value in known)
    return Band(usual, max(spread, _LEAST_SPREAD * abs(usual), 1e-3))
