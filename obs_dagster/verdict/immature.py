"""Values that stand on a part of their labels: those that come early are not like the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from obs_dagster.metrics.record import BASELINE, MetricRecord
from obs_dagster.metrics.registry import completions, definitions
from obs_dagster.monitor.model import Monitor
from obs_dagster.verdict.headline import awaits_labels
from obs_dagster.verdict.wording import labels_in, measured

COVERAGE = "label_coverage"


def beside(monitor: Monitor) -> list[str]:
    """The metrics that tell what a value is worth whose labels are not complete."""
    return [COVERAGE, *(each.name for each in completions(monitor.task).values())]


def immaturity(
    monitor: Monitor, found: Iterable[MetricRecord], reported: dt.date
) -> Callable[[MetricRecord], str]:
    """What tells of a record that labels it depends on are missing, and how many are in; empty if none are.

    It tells, too, what the value will be once they are, or within which bounds, where that is known.

    Args:
        monitor: says how long labels are waited for.
        found: records of what is `beside`, of the days that are asked about.
        reported: the last night.
    """
    records = {each.key: each for each in found}
    known, ends = definitions(monitor.task), completions(monitor.task)

    def told(record: MetricRecord) -> str:
        metric = known.get(record.metric)
        if record.value is None or record.window == BASELINE or metric is None or metric.incident == "labels":
            return ""
        if not awaits_labels(monitor, record.metric, record.day, reported):
            return ""
        near = {
            metric: records.get(replace(record, metric=metric, column=column).key)
            for metric, column in ((COVERAGE, ""), (_completing(record), record.column))
        }
        share, end = near[COVERAGE], near[_completing(record)]
        awaited = labels_in(share.value if share else None)
        if share and share.value == 1:
            return awaited
        if end is None:
            return f"may be biased: {awaited}"
        if end.value is None:
            return f"may be biased: {awaited}; {end.reason}"
        return f"{awaited}; {measured(record.metric, end.value, end.low, end.high)} expected with all"

    def _completing(record: MetricRecord) -> str:
        return ends[record.metric].name if record.metric in ends else ""

    return told
