"""Every drift statistic of one column at once."""

from __future__ import annotations

from collections.abc import Collection

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family, unknown
from obs_dagster.profile.distribution import Counts


def evaluate_drift(
    baseline: Counts | None,
    current: Counts,
    *,
    seed: int,
    statistics: Collection[str] | None = None,
) -> dict[str, Estimate]:
    """How far a column has moved from its baseline, by every statistic that applies to its kind.

    Args:
        baseline: the baseline's counts; None if the version has none.
        current: the current window's counts, on the baseline's grid.
        seed: a non-negative integer that stays the same for the same subject and day (Python's own `hash` of
            strings does not); then so do the intervals.
        statistics: names of drift metrics; left out: all. Those that do not apply to the column are left out.

    Returns:
        An estimate per metric name. Where there is nothing to compare, an estimate without a value that says
        why.

    Raises:
        MetricError: `statistics` holds a name that is no drift metric.
    """
    known = family("drift")
    for name in statistics or ():
        if name not in known:
            raise unknown(name, known)
    comparison = Comparison(baseline, current, seed)
    return {
        name: metric.compute(comparison)
        for name, metric in known.items()
        if (statistics is None or name in statistics) and metric.applies(comparison)
    }
