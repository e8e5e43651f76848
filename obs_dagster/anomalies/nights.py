"""Compares nights of each version with those before, and keeps what comes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from obs_dagster.anomalies.numbers import Numbers, of_latency, read_numbers
from obs_dagster.evaluation.recording import Recorder, seed
from obs_dagster.history import History
from obs_dagster.metrics.anomaly import HISTORY_DAYS, HealthNumbers, LatencyNumbers, NightNumbers
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor


def asked(monitor: Monitor) -> frozenset[str]:
    """The metrics of anomalies that rules of a monitor watch."""
    known = family("anomaly")
    return frozenset(part.metric for rule in monitor.alerts for part in rule.parts if part.metric in known)


def record_anomalies(monitor: Monitor, history: History, days: Sequence[dt.date], recorder: Recorder) -> None:
    """Replace the anomaly metrics of days by what the stored records of these and earlier days say.

    Nothing is computed that no rule watches.

    Args:
        monitor: the monitor.
        history: the store, which has the other metrics of the days already.
        days: those that are evaluated.
        recorder: makes the records.

    Raises:
        HistoryError: the store cannot be used.
    """
    wanted = asked(monitor)
    if not wanted or not days:
        return
    numbers = read_numbers(monitor, history, min(days) - dt.timedelta(days=HISTORY_DAYS), max(days))
    records = [record for day in days for record in _of_day(monitor, numbers, day, wanted, recorder)]
    history.replace_metrics(records, model=monitor.model, days=list(days), metrics=family("anomaly"))


def _of_day(
    monitor: Monitor, numbers: Numbers, day: dt.date, wanted: frozenset[str], recorder: Recorder
) -> Iterator[MetricRecord]:
    for version, nights in numbers.items():
        if day not in nights:
            continue
        first = day - dt.timedelta(days=HISTORY_DAYS)
        before = [(each, nights[each]) for each in sorted(nights) if first <= each < day]
        drawn = seed(monitor.model, version, day, "anomaly")
        rows = int(nights[day].get("volume", 0))
        for given in (
            HealthNumbers(day, rows, before, nights[day], drawn),
            LatencyNumbers(day, rows, _latency(before), of_latency(nights[day]), drawn),
        ):
            known = {name: each for name, each in _evaluated(given).items() if name in wanted}
            yield from recorder.records(known, version=version, day=day, window=1)


def _evaluated(given: NightNumbers) -> Mapping[str, Estimate]:
    """What the metrics say; where one fails, that it did, for alerts are evaluated whatever else fails."""
    try:
        return evaluate("anomaly", given)
    except Exception as error:  # noqa: BLE001 - of libraries, and of third parties' metrics
        reason = f"it could not be computed ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
        return {
            name: Estimate.missing(reason, given.rows)
            for name, metric in family("anomaly").items()
            if metric.applies(given)
        }


def _latency(
    nights: Sequence[tuple[dt.date, Mapping[str, float]]],
) -> list[tuple[dt.date, Mapping[str, float]]]:
    return [(day, of_latency(numbers)) for day, numbers in nights]
