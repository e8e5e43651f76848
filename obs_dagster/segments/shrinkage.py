"""Shares of small segments, drawn towards those of their siblings as far as these are alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.intervals import Interval, wilson
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
        """Wilson's of as many rows as it is worth."""
        if math.isinf(self.worth):
            return wilson(part, rows)
        return wilson(part + self.worth * self.share, rows + self.worth)


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
