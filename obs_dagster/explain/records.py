"""Explanations as metric records, and the days whose labels explain too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import day_profile
from obs_dagster.explain.day import Served, explain_days
from obs_dagster.explain.on_labels import asks_labels
from obs_dagster.explain.version_explained import VersionExplained, explanation_metrics
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family


def records_of(
    night: Night, day: dt.date, explained: Iterable[VersionExplained], *, of_labels: bool = False
) -> Iterator[MetricRecord]:
    """The records of a day's explanations: of each version its features, the model, and its segment cells.

    Args:
        night: makes the records.
        day: the day that was explained.
        explained: what came of it.
        of_labels: whether labels explained it.
    """
    wanted = explanation_metrics(night.monitor, of_labels=of_labels)
    for each in explained:
        for column, metrics in each.estimates(night.monitor.inputs, wanted).items():
            yield from night.recorder.records(metrics, version=each.version, day=day, window=1, column=column)
        for cell, metrics in each.cohorts.items():
            yield from night.recorder.records(metrics, version=each.version, day=day, window=1, segment=cell)


def labelled_days(night: Night, days: Sequence[dt.date]) -> list[Served]:
    """The days whose labels are complete once these have passed, with the versions that served on them.

    Of a monitor that does not ask labels, none.

    Raises:
        LakeError: a day's profile is on other grids than the baseline's.
    """
    monitor = night.monitor
    if not asks_labels(monitor) or monitor.labels is None:
        return []
    waited = dt.timedelta(days=monitor.labels.max_delay_days)
    found = [(day - waited, day_profile(night, day - waited).versions()) for day in days]
    return [(day, versions) for day, versions in found if versions]


def explained_by_labels(
    night: Night, days: Sequence[dt.date], tracking_uri: str
) -> tuple[list[dt.date], list[MetricRecord]]:
    """What labels say of the features of each version: the days whose labels are complete now, and records.

    Args:
        night: makes the records.
        days: the days that are evaluated.
        tracking_uri: the MLflow server or database that holds the registry.

    Raises:
        LakeError: a day's profile is on other grids than the baseline's.
    """
    served = labelled_days(night, days)
    if not served:
        return [], []
    records: list[MetricRecord] = []
    for day, explained in explain_days(night.monitor, served, night.lake, tracking_uri, labelled=True):
        records += records_of(night, day, explained, of_labels=True)
    return [day for day, _ in served], records


def known_by(*, labels: bool) -> frozenset[str]:
    """The metrics of explanations that labels decide, or those that a day's rows do."""
    return frozenset(
        name for name, metric in family("explanation").items() if metric.definition.needs_labels == labels
    )
