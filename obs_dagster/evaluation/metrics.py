"""The metrics of a night, family by family: windows of profiles in, records out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.evaluation.recording import Recorder, seed
from obs_dagster.evaluation.windows import compared_with, outcome_windows, profile_windows
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.drift.evaluation import evaluate_drift
from obs_dagster.metrics.performance.evaluation import evaluate_performance
from obs_dagster.metrics.quality import evaluate_quality
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.service.evaluation import evaluate_service
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.baseline import load_grids
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts
from obs_dagster.profile.profile import Profile
from obs_dagster.quality.day import DayQuality

#: Version under which metrics of the whole log are recorded.
ALL_VERSIONS = "*"


def drift_records(monitor: Monitor, day: dt.date, lake: Lake, recorder: Recorder) -> Iterator[MetricRecord]:
    """Drift of every feature, the score and the decision, per version and window, against its baseline.

    In segment cells the score's population stability index is watched: it sums up what the features do there,
    at a twentieth of the cost.
    """
    grids = load_grids(monitor, lake)
    columns = [each for each in profiled_columns(monitor) if each.role in ("feature", "score", "prediction")]
    for window in profile_windows(monitor, day, lake, grids):
        for version in window.profile.versions():
            baseline = compared_with(monitor, version, day, lake, grids)
            for column in columns:
                cells = window.profile.segments(version) if column.role == "score" else ["*"]
                for segment in cells:
                    current = window.profile.counts(version, segment, column.name)
                    if current is None:
                        continue
                    estimates = evaluate_drift(
                        baseline.counts(version, segment, column.name) if baseline else None,
                        current,
                        seed=seed(monitor.model, version, segment, column.name, day),
                        statistics=None if segment == "*" else ("psi",),
                    )
                    for length in window.lengths:
                        yield from recorder.records(
                            estimates,
                            version=version,
                            day=day,
                            window=length,
                            segment=segment,
                            column=column.name,
                        )


def performance_records(
    monitor: Monitor, day: dt.date, lake: Lake, recorder: Recorder
) -> Iterator[MetricRecord]:
    """Quality against ground truth, per version, segment cell and window."""
    for window in outcome_windows(monitor, day, lake):
        for version in window.profile.versions():
            for segment in window.profile.segments(version):
                estimates = evaluate_performance(
                    window.profile.outcomes(version, segment),
                    seed=seed(monitor.model, version, segment, day),
                )
                for length in window.lengths:
                    yield from recorder.records(
                        estimates, version=version, day=day, window=length, segment=segment
                    )


def service_records(monitor: Monitor, day: dt.date, lake: Lake, recorder: Recorder) -> Iterator[MetricRecord]:
    """Volume, latency and errors, per version, segment cell and window."""
    for window in profile_windows(monitor, day, lake, load_grids(monitor, lake)):
        for version in window.profile.versions():
            for segment in window.profile.segments(version):
                estimates = evaluate_service(
                    window.profile.rows(version, segment),
                    _numbers(window.profile, version, segment, monitor.logs.columns.latency_ms),
                    _categories(window.profile, version, segment, monitor.logs.columns.status),
                    monitor.logs.ok_statuses,
                )
                for length in window.lengths:
                    yield from recorder.records(
                        estimates, version=version, day=day, window=length, segment=segment
                    )


def quality_records(quality: DayQuality, day: dt.date, recorder: Recorder) -> Iterator[MetricRecord]:
    """Soundness of the day's log as a whole."""
    estimates = evaluate_quality(
        quality.rows,
        quarantined=quality.quarantined,
        duplicates=quality.duplicates,
        schema_changes=len(quality.schema_changes),
    )
    yield from recorder.records(estimates, version=ALL_VERSIONS, day=day, window=1)


def _numbers(profile: Profile, version: str, segment: str, column: str | None) -> NumericCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, NumericCounts) else None


def _categories(profile: Profile, version: str, segment: str, column: str | None) -> CategoryCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, CategoryCounts) else None
