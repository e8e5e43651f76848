"""L-infinity distance."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison, shares
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray


def largest_change(difference: FloatArray) -> FloatArray:
    """The largest absolute value of differences of shares (..., k), shape (...)."""
    result: FloatArray = np.abs(difference).max(axis=-1)
    return result


def l_infinity(baseline: IntArray, current: IntArray) -> float:
    """The largest change of a bin's share, counts (k,) against counts (k,)."""
    return float(largest_change(shares(current) - shares(baseline)))


def _estimate(comparison: Comparison) -> Estimate:
    if comparison.obstacle:
        return Estimate.missing(comparison.obstacle)
    value = l_infinity(comparison.bins.baseline, comparison.bins.current)
    error = _error(comparison, value)
    low, high = distance_band(value, largest_change(comparison.bin_noise), error=error, largest=1.0)
    return Estimate(value, low, high, comparison.current.n, error)


def _error(comparison: Comparison, value: float) -> float:
    """How far the exact deciles' distance, or that of all values, may be off."""
    if not comparison.exact:
        return 0.0
    least, most = comparison.exact.bounds(lambda p, q: np.abs(q - p))
    return max(0.0, float(most.max()) - value, value - float(least.max()))


METRICS = (
    Metric(
        Definition(
            name="l_infinity",
            id="l_infinity/baseline-deciles/2",
            family="drift",
            title="L-infinity distance",
            meaning="The largest change of any one bin's share against the baseline.",
            formula="max |q - p| over bins; p, q: shares of the baseline and of the current window. Numeric "
            "columns: deciles of the baseline, rounded to the profile's bins; categorical columns: one bin "
            "per value.",
            reference="`scipy.spatial.distance.chebyshev(p, q)`; Vertex AI's categorical skew and drift. "
            "On a numeric column that of the exact deciles, within the stated error.",
            interval="value ∓ (the 95 % quantile of the same distance of the bootstrapped noise + error)",
            unit="share",
            better="lower",
            about="column",
            cells="none",
            noun="L-infinity distance",
        ),
        _estimate,
    ),
)
