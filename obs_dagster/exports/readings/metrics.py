"""The latest value of every metric, with the ends of its interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from obs_dagster.exports.moments import end_of
from obs_dagster.exports.naming import End, gauge_of, metric_gauges, unit_of
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.history import current
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.record import BASELINE, MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import settled_through
from obs_dagster.verdict.record_index import natural

_DAY = Gauge(
    "obs_model_day_timestamp_seconds",
    "The end of the day that the values of a model are of; of metrics that need labels, of the last day "
    "whose labels are waited for no longer.",
    ("model", "labels"),
    "seconds",
)
_UNKNOWN = Gauge(
    "obs_model_unknown_values",
    "Values of the latest day that could not be computed, for a reason.",
    ("model",),
)
_ENDS: tuple[End, ...] = ("", "low", "high")


class Metrics:
    """Values of the last evaluated night; of metrics that need labels, of the last day that is complete."""

    name = "metrics"

    def gauges(self) -> Iterable[Gauge]:
        """Three of every metric, and which day they are of."""
        return (_DAY, _UNKNOWN, *metric_gauges())

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """Those of every model that had a night."""
        for model, night in seen.last.items():
            monitor = seen.monitors.get(model)
            if monitor is not None:
                yield from _of_model(seen, monitor, night.day)


def _of_model(seen: Seen, monitor: Monitor, day: dt.date) -> Iterator[Sample]:
    settled = settled_through(monitor, day)
    days = {day} if settled is None else {day, settled}
    yield _DAY.of(end_of(day, monitor).timestamp(), model=monitor.model, labels="any")
    if settled is not None:
        yield _DAY.of(end_of(settled, monitor).timestamp(), model=monitor.model, labels="complete")
    records = [
        each
        for each in current.read(seen.connection, monitor.model, {"days": days})
        if each.window != BASELINE and each.day == _day_of(each, day, settled)
    ]
    yield _UNKNOWN.of(sum(each.value is None for each in records), model=monitor.model)
    yield from samples_of(records, monitor)


def _day_of(record: MetricRecord, day: dt.date, settled: dt.date | None) -> dt.date:
    known = definitions().get(record.metric)
    return settled if settled is not None and known is not None and known.needs_labels else day


def samples_of(records: Iterable[MetricRecord], monitor: Monitor) -> Iterator[Sample]:
    """The samples of records, what people look at first before all others."""
    known = definitions(monitor.task)
    for record in sorted(records, key=lambda each: _importance(each, known.get(each.metric))):
        definition = known.get(record.metric)
        if definition is None:
            continue
        at, (_, scale) = end_of(record.day, monitor), unit_of(definition)
        labels = {
            "model": record.model,
            "version": record.version,
            "segment": record.segment,
            "column": record.column,
            "window": str(record.window),
        }
        for end in _ENDS:
            value = getattr(record, end or "value")
            if value is not None:
                yield Sample(gauge_of(definition, end), value * scale, labels, at, _detail(record, end))


def _detail(record: MetricRecord, end: End) -> int:
    """All rows before columns, these before segment cells; of each, values before intervals."""
    return 2 * (1 + (record.column != "") + 2 * (record.segment != WHOLE)) + (end != "")


def _importance(record: MetricRecord, definition: Definition | None) -> tuple[Any, ...]:
    shown = definition is not None and bool(definition.shown)
    return (not shown, record.metric, record.window, record.segment, record.column, natural(record.version))


READING = Metrics()
