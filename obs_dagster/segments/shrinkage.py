"""Shares of small segments, drawn towards those of their siblings as far as these are alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.intervals import LEVEL, Interval, Z, wilson
from obs_dagster.profile.distribution import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Siblings:
    """What segments of one kind have in common: a beta distribution of their shares.

    Attributes:
        share: their mean share.
        worth: how many rows that is worth; infinite where they do not differ by more than chance.
    """

    share: float
    worth: float

    def shrunk(self, part: float, rows: float) -> float:
        """The share of a segment with so many rows, with as many more as its siblings are worth."""
        if math.isinf(self.worth):
            return self.share
        return (part + self.worth * self.share) / (rows + self.worth)

    def interval(self, part: float, rows: float) -> Interval:
        """The 95 % interval of a segment's share, whatever distribution the shares of its like have.

        That of the beta distribution would be too narrow where few are unlike all others, and are drawn
        towards these by too much. Source: Armstrong, Kolesár and Plagborg-Møller, Robust empirical
        Bayes confidence intervals, Econometrica 90 (2022), 2567-2602; here with the second moment alone.
        """
        if math.isinf(self.worth) or not rows:
            return wilson(part, rows)
        weight, middle = rows / (rows + self.worth), self.shrunk(part, rows)
        reach = critical(self.worth / rows) * weight * math.sqrt(middle * (1 - middle) / rows)
        return max(0.0, middle - reach), min(1.0, middle + reach)


def siblings(parts: IntArray, rows: IntArray) -> Siblings:
    """The beta distribution that segments' shares are drawn from, by moments.

    Source: Kleinman, Journal of the American Statistical Association 68 (1973), 46-54, with weights n.

    Args:
        parts: rows that count, by segment, shape (k,).
        rows: all rows, shape (k,).
    """
    total = int(rows.sum())
    if not total:
        return Siblings(0.0, math.inf)
    share = float(parts.sum() / total)
    used = rows > 0
    between = float((rows[used] * (parts[used] / rows[used] - share) ** 2).sum())
    varies = share * (1 - share)
    room = total - float((rows.astype(np.float64) ** 2).sum()) / total
    spread = (between - varies * (int(used.sum()) - 1)) / room if room > 0 else 0.0
    if spread <= 0 or varies <= 0:
        return Siblings(share, math.inf)
    return Siblings(share, max(0.0, varies / spread - 1))


_LITTLE = 1e-3
"""A squared bias below which the curve of what is missed bends no more."""


def critical(bias: float) -> float:
    """By how many standard errors an interval must reach, if its middle is off by an unknown bias.

    Args:
        bias: the mean square of the bias in squared standard errors.

    >>> round(critical(0.0), 2), round(critical(1.0), 2)
    (1.96, 3.26)
    """
    from scipy.optimize import brentq

    most = 1 - LEVEL
    if bias <= 0:
        return Z
    high = (1 + math.sqrt(bias / most)) * 2
    return float(brentq(lambda reach: _missed(bias, reach) - most, Z / 2, high, xtol=1e-6))


def _missed(bias: float, reach: float) -> float:
    """How often an interval misses at most, over all distributions of biases of a mean square (Lemma B.1)."""
    from scipy.optimize import brentq

    begin = _missed_at(0.0, reach)
    # where the line from 0 touches the curve, which is concave beyond; it is so everywhere for a short reach
    touch = 0.0
    if reach > math.sqrt(3):

        def above(t: float) -> float:
            return _missed_at(t, reach) - t * _slope(t, reach) - begin

        if above(_LITTLE) < 0:
            touch = float(brentq(above, _LITTLE, (reach + 4) ** 2))
    if bias >= touch:
        return _missed_at(bias, reach)
    return begin + bias / touch * (_missed_at(touch, reach) - begin)


def _missed_at(square: float, reach: float) -> float:
    """How often a normal variable whose mean is the root of a square is further from 0 than a reach."""
    root = math.sqrt(square)
    return 0.5 * (math.erfc((reach + root) / math.sqrt(2)) + math.erfc((reach - root) / math.sqrt(2)))


def _slope(square: float, reach: float) -> float:
    """Its derivative by the square."""
    root = math.sqrt(square)
    density = [math.exp(-((reach + sign * root) ** 2) / 2) / math.sqrt(2 * math.pi) for sign in (-1, 1)]
    return (density[0] - density[1]) / (2 * root)


@dataclass(frozen=True, slots=True)
class Kin:
    """What segments of one kind have in common where rows have means: a normal distribution of these.

    Attributes:
        mean: their mean.
        worth: how many rows that is worth; infinite where they do not differ by more than chance.
    """

    mean: float
    worth: float

    def shrunk(self, total: float, rows: float) -> float:
        """The mean of a segment with so many rows, with as many more as its siblings are worth."""
        if math.isinf(self.worth):
            return self.mean
        return (total + self.worth * self.mean) / (rows + self.worth)


def kin_of_means(totals: FloatArray, squares: FloatArray, rows: FloatArray) -> Kin:
    """The normal distribution that segments' means are drawn from, by moments of a one-way layout.

    Source: Searle, Casella and McCulloch, Variance Components (1992), 3.6: the ANOVA estimator.

    Args:
        totals: the sum of a segment's values, shape (k,).
        squares: that of their squares.
        rows: how many there are.
    """
    used = rows > 0
    total, k = float(rows.sum()), int(used.sum())
    if not total:
        return Kin(0.0, math.inf)
    mean = float(totals.sum() / total)
    within = float((squares[used] - totals[used] ** 2 / rows[used]).sum()) / max(1.0, total - k)
    between = float((rows[used] * (totals[used] / rows[used] - mean) ** 2).sum())
    room = total - float((rows**2).sum()) / total
    spread = (between - within * (k - 1)) / room if room > 0 else 0.0
    return Kin(mean, within / spread if spread > 0 else math.inf)


def shares(parts: IntArray, rows: IntArray) -> FloatArray:
    """The plain shares; those of no rows are 0."""
    found: FloatArray = np.divide(parts, rows, out=np.zeros(len(rows)), where=rows > 0)
    return found
