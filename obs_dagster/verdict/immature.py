"""Values that stand on a part of their labels: those that come early are not like the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from obs_dagster.metrics.record import BASELINE, MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.model import Monitor
from obs_dagster.verdict.headline import awaits_labels
from obs_dagster.verdict.wording import labels_in

COVERAGE = "label_coverage"


def immaturity(
    monitor: Monitor, coverage: Iterable[MetricRecord], reported: dt.date
) -> Callable[[MetricRecord], str]:
    """What tells of a record that labels it depends on are missing, and how many are in; empty if none are.

    Args:
        monitor: says how long labels are waited for.
        coverage: records of `COVERAGE`, of the days that are asked about.
        reported: the last night.
    """
    shares = {(each.version, each.segment, each.day, each.window): each.value for each in coverage}
    known = definitions(monitor.task)

    def told(record: MetricRecord) -> str:
        metric = known.get(record.metric)
        if record.value is None or record.window == BASELINE or metric is None or metric.incident == "labels":
            return ""
        if not awaits_labels(monitor, record.metric, record.day, reported):
            return ""
        share = shares.get((record.version, record.segment, record.day, record.window))
        return labels_in(share) if share == 1 else f"may be biased: {labels_in(share)}"

    return told
