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
    p, q = shares(baseline), shares(current)
    average = (p + q) / 2

    def divergence(part: FloatArray) -> FloatArray:
        ratio = np.divide(part, average, out=np.ones_like(part), where=part > 0)
        result: FloatArray = (part * np.log2(ratio)).sum(axis=-1)
        return result

    return np.clip((divergence(p) + divergence(q)) / 2, 0.0, 1.0)


def _estimate(comparison: Comparison) -> Estimate:
    # The divergence is what is quadratic near 0; the ends of its interval keep their coverage under the root.
    divergence = comparison.divergence(jensen_shannon_divergence, largest=1.0)
    if divergence.value is None or divergence.low is None or divergence.high is None:
        return divergence
    return Estimate(
        math.sqrt(divergence.value), math.sqrt(divergence.low), math.sqrt(divergence.high), divergence.n
    )


METRICS = (
    Metric(
        Definition(
            name="jensen_shannon",
            id="jensen_shannon/baseline-deciles-base2/1",
            family="drift",
            title="Jensen-Shannon distance",
            meaning="How far the shares of the bins have moved from the baseline's: 0 where they are equal, "
            "1 where no bin is shared.",
            formula="√((KL(p ‖ a) + KL(q ‖ a)) / 2), a = (p + q) / 2, base 2; p, q: shares of the baseline "
            "and of the current window. Numeric columns: deciles of the baseline; categorical columns: one "
            "bin per value.",
            reference="`scipy.spatial.distance.jensenshannon(p, q, base=2)`; NannyML has the same base, "
            "Evidently base e (x 0.8326).",
            interval="score-type bootstrap of the squared distance over both samples, then its root",
            better="lower",
        ),
        _estimate,
    ),
)
