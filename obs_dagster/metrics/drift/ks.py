"""Kolmogorov-Smirnov distance."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.alignment import Pointwise
from obs_dagster.metrics.drift.comparison import Comparison, numeric, shares
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray


def largest_gap(difference: FloatArray) -> FloatArray:
    """The largest absolute cumulative sum of differences of shares (..., k) by point, shape (...)."""
    result: FloatArray = np.abs(np.cumsum(difference, axis=-1)).max(axis=-1)
    return result


def ks(baseline: IntArray, current: IntArray) -> float:
    """The largest distance of the distribution functions of counts (k,) by ascending point."""
    return min(1.0, float(largest_gap(shares(current) - shares(baseline))))


def ks_error(points: Pointwise) -> float:
    """How far the distance may exceed what is seen at the edges of bins.

    Within a bin one function may rise by the bin's whole share before the other moves; never more.
    """
    p, q = shares(points.baseline), shares(points.current)
    after = np.cumsum(q - p)
    before = after - (q - p)
    inside = np.maximum(np.abs(before + q), np.abs(before - p))[points.widths > 0]
    return max(0.0, float(inside.max(initial=0.0)) - float(np.abs(after).max()))


def _estimate(comparison: Comparison) -> Estimate:
    if comparison.obstacle:
        return Estimate.missing(comparison.obstacle)
    points = comparison.points
    value, error = ks(points.baseline, points.current), ks_error(points)
    low, high = distance_band(value, largest_gap(comparison.point_noise), error=error, largest=1.0)
    return Estimate(value, low, high, comparison.current.n, error)


METRICS = (
    Metric(
        Definition(
            name="ks",
            id="ks/distance/1",
            family="drift",
            title="Kolmogorov-Smirnov distance",
            meaning="The largest difference between the shares of rows at or below any value, in the current "
            "window and in the baseline.",
            formula="max |G(x) - F(x)| over x; F, G: empirical distribution functions of the baseline and of "
            "the current window, seen at the edges of the profile's bins.",
            reference="`scipy.stats.ks_2samp(baseline, current).statistic`, within the stated error.",
            interval="value ∓ (the 95 % quantile of the same distance of the bootstrapped noise, on at most "
            "128 merged bins, + error)",
            unit="share",
            better="lower",
        ),
        _estimate,
        numeric,
    ),
)
