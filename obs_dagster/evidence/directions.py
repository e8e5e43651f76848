"""Changes that are looked for by themselves: values that are larger, or one value that is rarer.

A sum over all bins sees any change, and each one less sharply than a test that asks for it alone. What goes
wrong with numbers mostly makes them larger or smaller; with names, one takes the place of another. So the
*mean rank* of numbers, and the share of *each value* of a category, are held against how days differ in that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from obs_dagster.evidence.spread import FloatArray, IntArray

_LEAST_ROWS = 5.0
"""Values that fewer rows of an average day have are not looked at by themselves."""
_TINY = 1e-12


class Directions(Protocol):
    """Some directions of k bins."""

    def residuals(self, counts: IntArray, shares: FloatArray) -> FloatArray:
        """How far counts lie along each direction, in standard errors of independent rows, (..., m).

        Args:
            counts: rows per bin, shape (..., k).
            shares: what they are held against, shape (..., k).
        """

    @property
    def number(self) -> IntArray:
        """How many directions are looked at; no less than 1."""

    def at(self, place: int) -> Directions:
        """Those of one of several columns."""


@dataclass(frozen=True, slots=True)
class MeanRank:
    """The one in which ordered values are larger: Wilcoxon's, by the mid-ranks of the bins.

    Attributes:
        scores: of each bin, with the mean 0 and the variance 1, shape (..., k); 0 where one bin has all.
    """

    scores: FloatArray

    @classmethod
    def of(cls, shares: FloatArray) -> MeanRank:
        """By the shares of the bins, which are in order."""
        ranks = np.cumsum(shares, axis=-1) - shares / 2
        ranks = ranks - (shares * ranks).sum(axis=-1, keepdims=True)
        deviation = np.sqrt((shares * ranks**2).sum(axis=-1, keepdims=True))
        return cls(np.where(deviation > _TINY, ranks / np.maximum(deviation, _TINY), 0.0))

    def residuals(self, counts: IntArray, shares: FloatArray) -> FloatArray:
        """The mean score's distance from what the shares have, shape (..., 1)."""
        rows = np.maximum(counts.sum(axis=-1, keepdims=True), 1).astype(np.float64)
        apart = (self.scores * (counts / rows - shares)).sum(axis=-1, keepdims=True)
        found: FloatArray = apart * np.sqrt(rows)
        return found

    @property
    def number(self) -> IntArray:
        """One."""
        return np.asarray(1)

    def at(self, place: int) -> MeanRank:
        """That of one of several columns."""
        return MeanRank(self.scores[place])


@dataclass(frozen=True, slots=True)
class EachValue:
    """Those in which a value is more frequent, all others together being less so.

    Attributes:
        looked_at: whether a value is frequent enough, shape (..., k).
    """

    looked_at: FloatArray

    @classmethod
    def of(cls, shares: FloatArray, rows: FloatArray) -> EachValue:
        """By the shares of the values, and the rows of an average day."""
        return cls(np.where(shares * rows[..., None] >= _LEAST_ROWS, 1.0, 0.0))

    def residuals(self, counts: IntArray, shares: FloatArray) -> FloatArray:
        """The signed root of the deviance of each value's share, shape (..., k)."""
        from scipy.special import rel_entr

        rows = np.maximum(counts.sum(axis=-1, keepdims=True), 1).astype(np.float64)
        least = 1 / np.maximum(rows, 2.0)
        share, usual = counts / rows, np.clip(shares, least, 1 - least)
        deviance = 2 * rows * (rel_entr(share, usual) + rel_entr(1 - share, 1 - usual))
        found: FloatArray = np.sign(share - usual) * np.sqrt(np.maximum(deviance, 0.0)) * self.looked_at
        return found

    @property
    def number(self) -> IntArray:
        """Of the values that are looked at, those that are free to change."""
        found: IntArray = np.maximum(self.looked_at.sum(axis=-1), 1).astype(np.int64)
        return found

    def at(self, place: int) -> EachValue:
        """Those of one of several columns."""
        return EachValue(self.looked_at[place])
