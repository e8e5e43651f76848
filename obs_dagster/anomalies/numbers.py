"""The numbers of each night that are known without labels, by name."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from obs_dagster.history import History
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.whole import WHOLE

Numbers = Mapping[str, Mapping[dt.date, Mapping[str, float]]]
"""By version and day, numbers by name."""

#: Of the whole log, in every version's nights.
_OF_THE_LOG = ("quarantined_share", "duplicate_share")
_OF_A_VERSION = ("volume", "error_share", "latency_p50", "latency_p95", "latency_p99")
#: Of columns: what is told of the one of the output, and of the most moved of the others.
_OF_COLUMNS = ("psi", "missing_share")


def read_numbers(monitor: Monitor, history: History, first: dt.date, last: dt.date) -> Numbers:
    """The numbers of the nights between two days, both included."""
    records = history.metrics(
        monitor.model,
        first=first,
        last=last,
        metrics=[*_OF_THE_LOG, *_OF_A_VERSION, *_OF_COLUMNS],
        windows=[1],
        segments=[WHOLE],
    )
    return _numbers(records, leading_output(monitor).column)


def _numbers(records: Iterable[MetricRecord], output: str) -> Numbers:
    found: dict[str, dict[dt.date, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    columns: dict[tuple[str, dt.date], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record.value is None:
            continue
        night = found[record.version][record.day]
        if not record.column:
            night[_noun(record.metric)] = record.value
        elif record.column == output:
            night[f"{_noun(record.metric)} of {output}"] = record.value
        else:
            columns[record.version, record.day][record.metric].append(record.value)
    for (version, day), metrics in columns.items():
        for metric, values in metrics.items():
            found[version][day][f"largest {_noun(metric)} of a feature"] = max(values)
            found[version][day][f"mean {_noun(metric)} of features"] = sum(values) / len(values)
    of_the_log = found.pop(WHOLE, {})
    return {
        version: {day: {**of_the_log.get(day, {}), **numbers} for day, numbers in nights.items()}
        for version, nights in found.items()
    }


def of_latency(numbers: Mapping[str, float]) -> dict[str, float]:
    """Those of a night's numbers that tell of its latency."""
    names = {_noun(name) for name in _OF_A_VERSION}
    return {name: value for name, value in numbers.items() if name in names}


def _noun(metric: str) -> str:
    return definitions()[metric].in_a_sentence
