"""Wasserstein distance in units of the baseline's standard deviation."""

from __future__ import annotations

import math
import sys

import numpy as np

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.alignment import Pointwise
from obs_dagster.metrics.drift.comparison import Comparison, numeric, shares
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray, NumericCounts

CANCELLED = 1e-6
"""Below this part of the mean square, a variance made from sums has lost too many digits to be used."""

UNDERFLOWN = sys.float_info.min / sys.float_info.epsilon
"""Below this a sum of squares may have lost digits to the smallest floats."""


def area(difference: FloatArray, points: FloatArray) -> FloatArray:
    """The area under the absolute cumulative sum of differences of shares (..., k), shape (...)."""
    distance = np.abs(np.cumsum(difference, axis=-1)[..., :-1])
    result: FloatArray = distance @ np.diff(points)
    return result


def wasserstein(baseline: IntArray, current: IntArray, points: FloatArray) -> float:
    """The first Wasserstein distance of counts (k,) on ascending points (k,), in the points' unit.

    The area between the two distribution functions.
    """
    return float(area(shares(current) - shares(baseline), points))


def deviation(weight: FloatArray, points: FloatArray) -> FloatArray:
    """The standard deviation (divisor n) of shares (..., k) of points (k,), shape (...)."""
    offset = points - (weight @ points)[..., np.newaxis]
    result: FloatArray = np.sqrt(np.maximum((weight * offset**2).sum(axis=-1), 0.0))
    return result


def baseline_deviation(counts: NumericCounts, points: Pointwise) -> tuple[float, float]:
    """The baseline's standard deviation in units of `points.scale`, and the largest error of it.

    It comes from the exact sums where these have the digits for it; else from the points, where each row is
    at most half a bin's width off, and so the deviation at most the root mean square of that.
    """
    mean_sq = counts.total_sq / counts.n / points.scale / points.scale
    variance = mean_sq - (counts.total / counts.n / points.scale) ** 2
    if counts.total_sq > UNDERFLOWN and math.isfinite(variance) and variance > CANCELLED * mean_sq:
        return math.sqrt(variance), 0.0
    binned = float(deviation(shares(points.baseline), points.points))
    return binned, math.sqrt(float(shares(points.baseline) @ (points.widths / 2) ** 2))


def distance_of(points: Pointwise) -> tuple[float, float]:
    """The distance in units of `points.scale`, and how far it may be off that of the rows.

    Moving every row to its bin's centre costs at most half a width a row, on both sides.
    """
    distance = wasserstein(points.baseline, points.current, points.points)
    error = float((shares(points.baseline) + shares(points.current)) @ points.widths) / 2
    sizes = np.array([[points.baseline.sum()], [points.current.sum()]])
    return distance, error + float((points.near / sizes).sum(axis=0) @ points.reach)


def _estimate(comparison: Comparison) -> Estimate:
    if comparison.obstacle or not isinstance(comparison.baseline, NumericCounts):
        return Estimate.missing(comparison.obstacle)
    points, n = comparison.points, comparison.current.n
    if len(points.points) == 1 and points.widths[0] == 0:
        return Estimate(0.0, 0.0, 0.0, n)
    spread, spread_error = baseline_deviation(comparison.baseline, points)
    if spread <= spread_error:
        return Estimate.missing("the baseline does not vary", n)
    distance, distance_error = distance_of(points)
    value = distance / spread
    error = (distance_error + value * spread_error) / (spread - spread_error)

    low, high = distance_band(value, _noise(comparison, value, spread), error=error)
    return Estimate(value, low, high, n, error)


def _noise(comparison: Comparison, value: float, spread: float) -> FloatArray:
    """How far each replicate may be off: by the area of the noise, and by the noise of the deviation."""
    coarse = comparison.coarse
    weight = shares(coarse.baseline)
    observed = float(deviation(weight, coarse.points))
    drawn = deviation(weight + comparison.baseline_noise, coarse.points)
    # A replicate of a tiny baseline may hold one value only, and says nothing about the deviation then.
    relative = np.divide(drawn, observed, out=np.ones_like(drawn), where=(drawn > 0) & (observed > 0))
    noise = area(comparison.point_noise, coarse.points) / spread
    result: FloatArray = noise / relative + value * np.abs(1 - 1 / relative)
    return result


METRICS = (
    Metric(
        Definition(
            name="wasserstein",
            id="wasserstein/baseline-std/2",
            family="drift",
            title="Wasserstein distance, normalised",
            meaning="How far the rows have moved on average, in standard deviations of the baseline.",
            formula="∫ |G(x) - F(x)| dx / s; F, G: empirical distribution functions of the baseline and of "
            "the current window; s: standard deviation of the baseline (divisor n).",
            reference="`scipy.stats.wasserstein_distance(baseline, current) / numpy.std(baseline)`, within "
            "the stated error; Evidently divides by max(s, 0.001), NannyML does not normalise.",
            interval="value ∓ (the 95 % quantile of the same distance of the bootstrapped noise, s included, "
            "on at most 128 merged bins, + error)",
            unit="baseline standard deviations",
            better="lower",
            about="column",
            cells="none",
            noun="Wasserstein distance",
            watched=(
                DefaultRule(
                    name="feature_far_off",
                    above=5.0,
                    beyond_days=True,
                    min_rows=100,
                    columns="numeric",
                    summary="A feature is five standard deviations off on average. Was its unit, its sign or "
                    "its scale changed, or a default value filled in?",
                    why="A change of unit takes a feature that far at once, so one night is enough. Against "
                    "the four weeks before, one day of a year's weather did, of one column of nine; a "
                    "summer against a spring is 3 off.",
                ),
            ),
        ),
        _estimate,
        numeric,
    ),
)
