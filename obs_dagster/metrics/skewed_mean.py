"""The interval of a mean of numbers of which few large ones decide, as losses are."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.bootstrap import resample
from obs_dagster.metrics.intervals import TAILS, Interval, normal_mean, quantiles
from obs_dagster.profile.distribution import FloatArray, IntArray

MANY = 5_000
"""Rows from which on the normal interval holds as often."""

TOLD = "studentized bootstrap over the counted cells; of 5,000 rows or more normal, from the sum of squares"


def skewed_mean(
    counts: IntArray, total: FloatArray, total_sq: FloatArray, seed: int, *, highest: float
) -> Interval | None:
    """The interval by the studentized bootstrap, whose ends lie as lopsided as the numbers are.

    Where rare numbers are large, a sample with few of them has a small mean and a small spread at once, and
    the normal interval ends too low. Source: Hall, Annals of Statistics 16 (1988), 927-953.

    Args:
        counts: rows of each cell, shape (k,).
        total: the sum of the numbers of these very rows, likewise.
        total_sq: that of their squares.
        seed: a non-negative integer; the same counts and seed give the same interval.
        highest: the most that a number, and so the mean, can be; the least is 0.

    Returns:
        The ends; None for fewer than two rows.
    """
    n = int(counts.sum())
    normal = normal_mean(float(total.sum()), float(total_sq.sum()), n, lowest=0.0)
    if normal is None:
        return None
    value = float(total.sum()) / n
    # a sum of what is all but the highest may round to more
    highest = max(highest, value)
    low, high = normal[0], min(normal[1], highest)
    if n >= MANY:
        return low, high
    used = counts > 0
    rows = counts[used]
    mean, square = total[used] / rows, total_sq[used] / rows
    drawn = resample(rows, (seed, n)) / n
    means, squares = drawn @ mean, drawn @ square
    spreads = np.sqrt(np.maximum(squares - means**2, 0.0))
    # rows of a cell are not all alike: their mean varies too, about normally
    apart = square - mean**2
    within = np.sqrt(drawn @ np.where(apart > _NONE * square, apart, 0.0) / n)
    means += within * np.random.default_rng((seed, n, 1)).standard_normal(len(means))
    spread = float(np.sqrt(max(float(total_sq.sum()) / n - value**2, 0.0)))
    # less is what rounding leaves of numbers that are all alike
    varied = spreads > _NONE * np.sqrt(squares)
    if spread == 0 or not varied.any():
        return low, high
    left, right = quantiles((means[varied] - value) / spreads[varied], *TAILS)
    return max(0.0, min(low, value - right * spread)), min(highest, max(high, value - left * spread))


_NONE = 1e-6
"""Of the mean square, or of its root: what is less is what rounding leaves."""
