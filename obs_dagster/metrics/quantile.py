"""Quantiles of counted numbers."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.intervals import TAILS
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import NumericCounts


def quantile(counts: NumericCounts, level: float) -> Estimate:
    """A quantile with its order-statistic interval.

    The value is the smallest one that at least a share of `level` of the rows do not exceed. The number of
    rows below the true quantile is binomial, so two ranks of the sample enclose it with at least 95 %,
    whatever the distribution (Conover, Practical Nonparametric Statistics, section 3.2). A rank beyond the
    sample means that so few rows cannot bound that side: the end is None. Where values are binned, the
    interval goes to the outer edges of the bins that hold these ranks.

    Args:
        counts: a column with at least one finite value.
        level: between 0 and 1.
    """
    n = counts.n
    cumulative = np.cumsum(counts.counts)

    def at(rank: int) -> tuple[float, float, float]:
        """The least, the likeliest and the greatest value of the row of this rank (1 to n)."""
        place = int(np.searchsorted(cumulative, rank))
        point, reach = float(counts.points[place]), float(counts.widths[place]) / 2
        # The exact extremes are known, and no row lies beyond them.
        lowest = max(point - reach, point - reach if counts.minimum is None else counts.minimum)
        highest = min(point + reach, point + reach if counts.maximum is None else counts.maximum)
        return lowest, min(max(point, lowest), highest), highest

    least, value, most = at(max(1, math.ceil(level * n - 1e-9)))
    lower, upper = _ranks(n, level)
    low = at(lower)[0] if lower >= 1 else None
    high = at(upper)[-1] if upper <= n else None
    return Estimate(value, low, high, n, max(value - least, most - value))


def _ranks(n: int, level: float) -> tuple[int, int]:
    """Ranks whose rows enclose the quantile; 0 and n + 1 stand for none."""
    from scipy.special import bdtr, bdtrik

    def smallest(tail: float) -> int:
        """The smallest k with P(rows below the quantile ≤ k) of at least `tail`."""
        found = math.ceil(float(bdtrik(tail, n, level)))
        # bdtrik inverts a continuous function, and may end just beside the integer.
        return found - 1 if found >= 1 and bdtr(found - 1, n, level) >= tail else found

    return smallest(TAILS[0]), smallest(TAILS[1]) + 1
