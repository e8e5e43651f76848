"""Jensen-Shannon distance."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison, shares
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CountArray, FloatArray


def jensen_shannon_divergence(baseline: CountArray, current: CountArray) -> FloatArray:
    """The Jensen-Shannon divergence in bits of counts (..., k) against counts (..., k), shape (...).

    The mean of the Kullback-Leibler divergences of p and q from their average; 0 for equal shares, 1 for
    shares that have no bin in common. Empty bins need no fill.
    """
    result: FloatArray = np.clip(term(shares(baseline), shares(current)).sum(axis=-1), 0.0, 1.0)
    return result


def term(p: FloatArray, q: FloatArray) -> FloatArray:
    """What a bin with these shares adds to the divergence."""
    average = (p + q) / 2

    def divergence(part: FloatArray) -> FloatArray:
        result: FloatArray = part * np.log2(np.divide(part, average, out=np.ones_like(part), where=part > 0))
        return result

    return (divergence(p) + divergence(q)) / 2


def slopes(p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The derivatives of `term`; not finite by a share of 0."""
    average = (p + q) / 2
    return np.log2(p / average) / 2, np.log2(q / average) / 2


def _estimate(comparison: Comparison) -> Estimate:
    # The divergence is what is quadratic near 0; the ends of its interval keep their coverage under the root.
    squared = comparison.divergence(jensen_shannon_divergence, term, slopes, largest=1.0)
    if squared.value is None or squared.low is None or squared.high is None:
        return squared
    value = math.sqrt(squared.value)
    below = value - math.sqrt(max(0.0, squared.value - squared.error))
    above = math.sqrt(min(1.0, squared.value + squared.error)) - value
    return Estimate(value, math.sqrt(squared.low), math.sqrt(squared.high), squared.n, max(below, above))


METRICS = (
    Metric(
        Definition(
            name="jensen_shannon",
            id="jensen_shannon/baseline-deciles-base2/2",
            family="drift",
            title="Jensen-Shannon distance",
            meaning="How far the shares of the bins have moved from the baseline's: 0 where they are equal, "
            "1 where no bin is shared.",
            formula="√((KL(p ‖ a) + KL(q ‖ a)) / 2), a = (p + q) / 2, base 2; p, q: shares of the baseline "
            "and of the current window. Numeric columns: deciles of the baseline, rounded to the "
            "profile's bins; categorical columns: one bin per value.",
            reference="`scipy.spatial.distance.jensenshannon(p, q, base=2)`; NannyML has the same base, "
            "Evidently base e (x 0.8326). On a numeric column that of the exact deciles, within the stated "
            "error.",
            interval="score-type bootstrap of the squared distance over both samples, widened by the "
            "error, then its root",
            better="lower",
            about="column",
            cells="none",
            noun="Jensen-Shannon distance",
        ),
        _estimate,
    ),
)
