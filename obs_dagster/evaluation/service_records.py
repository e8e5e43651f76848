"""Records of the service: volume, latency and errors of a version in its windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product

from obs_dagster.evaluation.baseline_outcomes import relative_metrics
from obs_dagster.evaluation.hourly import hourly_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.subjects import records_of, subjects, unknown_of
from obs_dagster.evaluation.windows import compared_with, profile_windows
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import BASELINE, MetricRecord
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.stored import Part


def service_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Volume, latency and errors, per version, segment cell and window; objectives per version and day."""
    roles = night.monitor.logs.columns
    watched = frozenset(name for name in (roles.latency_ms, roles.status) if name)
    part = Part(whole=watched, cells=watched)
    windows = list(profile_windows(night, day, part=part))
    relative = relative_metrics(night.monitor, "service")
    yield from hourly_records(night, day)
    for version, cells in subjects(windows):
        breached = night.breached(version, "") if relative else ()
        baseline = relative and compared_with(night, version, day, part=part, breached=breached).profile
        if baseline:
            for segment in cells:
                estimates = evaluate("service", _traffic(night, baseline, version, segment))
                known = {name: each for name, each in estimates.items() if name in relative}
                yield from night.recorder.records(
                    known, version=version, day=day, window=BASELINE, segment=segment
                )
        for segment, window in product(cells, windows):
            estimates = evaluate("service", _traffic(night, window.profile, version, segment))
            reason = unknown_of(window, version, segment)
            yield from records_of(
                night.recorder, estimates, window, reason, version=version, day=day, segment=segment
            )


def _traffic(night: Night, profile: Profile, version: str, segment: str) -> Traffic:
    """What the service left in a cell of a profile."""
    logs = night.monitor.logs
    return Traffic(
        profile.rows(version, segment),
        _numbers(profile, version, segment, logs.columns.latency_ms),
        _categories(profile, version, segment, logs.columns.status),
        logs.ok_statuses,
    )


def _numbers(profile: Profile, version: str, segment: str, column: str | None) -> NumericCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, NumericCounts) else None


def _categories(profile: Profile, version: str, segment: str, column: str | None) -> CategoryCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, CategoryCounts) else None
