"""Kolmogorov-Smirnov distance."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.alignment import Pointwise
from obs_dagster.metrics.drift.comparison import Comparison, numeric, shares
from obs_dagster.metrics.drift.rounding import holders
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray


def largest_gap(difference: FloatArray) -> FloatArray:
    """The largest absolute cumulative sum of differences of shares (..., k) by point, shape (...)."""
    result: FloatArray = np.abs(np.cumsum(difference, axis=-1)).max(axis=-1)
    return result


def ks(points: Pointwise) -> tuple[float, float]:
    """The largest distance of the distribution functions that is certain, and how far it may be exceeded.

    It is certain at the edges of bins, and at values counted exactly, unless these lie inside a bin: its
    rows can be on either side of them. Within a bin one function may rise by the bin's whole share before
    the other moves; never more. Rows that are only as good as equal to a value can be on either side of it.
    """
    p, q = shares(points.baseline), shares(points.current)
    near_p, near_q = points.near[0] / points.baseline.sum(), points.near[1] / points.current.sum()
    wide = points.widths > 0
    starts = np.flatnonzero(np.diff(holders(points), prepend=-1))
    after = np.cumsum(q - p)
    ends = np.append(starts[1:], len(p)) - 1
    value = float(np.abs(after[ends]).max())
    before = np.append(0.0, after[ends[:-1]])
    rise_p = np.add.reduceat(np.where(wide, p, near_p), starts)
    rise_q = np.add.reduceat(np.where(wide, q, near_q), starts)
    certain = np.cumsum(np.where(wide, 0.0, (q - near_q) - (p - near_p)))
    lengths = np.diff(starts, append=len(p))
    inside = certain - np.repeat(np.append(0.0, certain[ends[:-1]]), lengths)
    furthest = [
        np.maximum(np.abs(seen + up), np.abs(seen - down)).max()
        for seen, up, down in (
            (before, rise_q, rise_p),
            (np.repeat(before, lengths) + inside, np.repeat(rise_q, lengths), np.repeat(rise_p, lengths)),
        )
    ]
    uncertain = (rise_p > 0).any() or (rise_q > 0).any()
    return min(1.0, value), max(0.0, float(max(furthest)) - value) if uncertain else 0.0


def _estimate(comparison: Comparison) -> Estimate:
    if comparison.obstacle:
        return Estimate.missing(comparison.obstacle)
    value, error = ks(comparison.points)
    low, high = distance_band(value, largest_gap(comparison.point_noise), error=error, largest=1.0)
    return Estimate(value, low, high, comparison.current.n, error)


METRICS = (
    Metric(
        Definition(
            name="ks",
            id="ks/distance/2",
            family="drift",
            title="Kolmogorov-Smirnov distance",
            meaning="The largest difference between the shares of rows at or below any value, in the current "
            "window and in the baseline.",
            formula="max |G(x) - F(x)| over x; F, G: empirical distribution functions of the baseline and of "
            "the current window, seen at the edges of the profile's bins and at values counted exactly.",
            reference="`scipy.stats.ks_2samp(baseline, current).statistic`, within the stated error.",
            interval="value ∓ (the 95 % quantile of the same distance of the bootstrapped noise, on at most "
            "128 merged bins, + error)",
            unit="share",
            better="lower",
            about="column",
            cells="none",
            noun="KS statistic",
        ),
        _estimate,
        numeric,
    ),
)
