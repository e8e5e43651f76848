"""How much of the targets' variance the predictions explain."""

from __future__ import annotations

import math

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import Errors, Sums
from obs_dagster.tasks.regression.metrics.means import TOO_LARGE, log_interval


def _r2(errors: Errors) -> Estimate:
    n, sums = errors.n, errors.sums
    if errors.unlabelled or n == 1:
        return Estimate.missing(errors.unlabelled or "one row only", n)
    if errors.least_target == errors.greatest_target:
        return Estimate.missing("constant target", n)
    mean = sums.target_sum / n
    spread = sums.target_sq / n - mean * mean
    square = sums.error_sq / n
    if not (math.isfinite(square) and math.isfinite(spread)):
        return Estimate.missing(TOO_LARGE, n)
    if spread <= 0:
        return Estimate.missing("the target hardly varies", n)
    unexplained = square / spread
    low, high = log_interval(unexplained, _variance(sums, n, square, spread), n) or (None, None)
    return Estimate(1 - unexplained, None if high is None else 1 - high, None if low is None else 1 - low, n)


def _variance(sums: Sums, n: int, square: float, spread: float) -> float:
    """The variance of e² / square - (d - mean)² / spread over the pairs, whose mean is 0.

    Both moments of the target are around its mean, and follow from those around the centre of its unit.
    """
    if square <= 0:
        return 0.0
    mean = sums.target_sum / n
    cube, quart = sums.target_cube / n, sums.target_quart / n
    fourth = quart - 4 * mean * cube + 6 * mean**2 * (sums.target_sq / n) - 3 * mean**4
    crossed = (sums.error_sq_target_sq - 2 * mean * sums.error_sq_target) / n + mean**2 * square
    return sums.error_quart / n / square**2 - 2 * crossed / (square * spread) + fourth / spread**2


METRICS = (
    Metric(
        Definition(
            name="r2",
            id="r2/1",
            family="performance",
            title="R²",
            meaning="The share of the targets' variance that the predictions explain; 0 is as good as their "
            "mean, below 0 worse.",
            formula="1 - Σ (p - y)² / Σ (y - ȳ)²; p: prediction, y: label, ȳ: the mean label.",
            reference="`sklearn.metrics.r2_score(label, prediction)`; without a value where all labels are "
            "the same, where scikit-learn gives 0 or 1.",
            interval="normal on the logarithm of 1 - R², by the delta method from exact fourth moments",
            better="higher",
            tasks=("regression",),
            needs=("labels",),
            noun="R²",
            shown=frozenset({"trend", "summary"}),
            rank=25,
            from_zero=False,
        ),
        _r2,
        lambda given: isinstance(given, Errors),
    ),
)
