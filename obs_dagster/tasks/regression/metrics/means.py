"""Means over pairs, from their sums and sums of squares."""

from __future__ import annotations

import math

from obs_dagster.metrics.intervals import Z, normal_mean
from obs_dagster.metrics.record import Estimate

#: What numbers in the unit of the target have for a unit.
TARGET_UNIT = "unit of the target"
TOO_LARGE = "the numbers are too large to add up"
#: Of exponents; beyond, nothing is known of the statistic.
_LARGEST = 100.0


def mean_of(
    total: float, total_sq: float, n: int, *, scale: float, shift: float = 0.0, lowest: float = -math.inf
) -> Estimate:
    """The mean of n numbers `shift + scale * x`, with its normal interval.

    Args:
        total: sum of the x.
        total_sq: sum of their squares.
        n: how many there are, at least one.
        scale: what they are counted in.
        shift: what they are counted from.
        lowest: a bound that the mean cannot fall below.
    """
    if not math.isfinite(total):
        return Estimate.missing(TOO_LARGE, n)
    low, high = normal_mean(total, total_sq, n) or (None, None)
    value, low, high = (None if end is None else shift + scale * end for end in (total / n, low, high))
    return Estimate(value, low if low is None else max(lowest, low), high, n)


def log_interval(value: float, variance: float, n: int) -> tuple[float, float] | None:
    """The interval of a positive statistic whose logarithm is close to normal.

    Args:
        value: the statistic.
        variance: of its influence on a row, relative to the value; the variance of its logarithm is an n-th.
        n: rows.

    Returns:
        The ends; None where the rows say nothing about the spread.
    """
    if n <= 1 or value <= 0 or not math.isfinite(variance) or variance <= 0:
        return None
    factor = math.exp(min(Z * math.sqrt(variance / (n - 1)), _LARGEST))
    return value / factor, value * factor
