"""Every performance metric of one version, segment and window at once."""

from __future__ import annotations

from obs_dagster.metrics.performance.outcomes import Outcomes
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.profile.distribution import OutcomeCounts


def evaluate_performance(outcomes: OutcomeCounts, *, seed: int) -> dict[str, Estimate]:
    """How right the model was, by every performance metric.

    Args:
        outcomes: the counts of labelled predictions.
        seed: a non-negative integer that stays the same for the same subject and day; then so do the
            intervals.

    Returns:
        An estimate per metric name. Where a metric has no value (no labels, one class only, nothing predicted
        positive), the estimate says so.
    """
    shared = Outcomes(outcomes, seed)
    return {
        name: metric.compute(shared)
        for name, metric in family("performance").items()
        if metric.applies(shared)
    }
