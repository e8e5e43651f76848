"""By what versions of a model are compared: metrics that are a sum over labelled rows by another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True, eq=False)
class Comparison:
    """A metric Σ a / Σ b over labelled rows, read from v numbers that rows of a cell come to; they add up.

    So is a share of rows (a and b are 0 or 1), and a mean over rows or requests (b is 1). Each array says, in
    shape (v,), how often each of the numbers is in a sum.

    Attributes:
        rows: the rows, or requests, that the metric is about.
        above, below: Σ a and Σ b.
        above_sq, cross, below_sq: Σ a², Σ a b and Σ b².
        few: Σ a², Σ a b and Σ b² of what is taken for seen besides, since nobody is sure after few rows that
            are all alike: of a bounded number a row at either end. None: a row that is as far from the mean
            as that from 0.
        root: whether the metric is the root of the ratio.
    """

    rows: FloatArray
    above: FloatArray
    below: FloatArray
    above_sq: FloatArray
    cross: FloatArray
    below_sq: FloatArray
    few: tuple[float, float, float] | None
    root: bool = False

    def squares(self, counted: FloatArray, value: float) -> FloatArray:
        """Σ (a - value b)² of each of some cells, whose numbers have shape (cells, v)."""
        found = counted @ (self.above_sq - 2 * value * self.cross + value**2 * self.below_sq)
        squares: FloatArray = np.maximum(found, 0.0)
        return squares

    def unseen(self, value: float) -> float:
        """(a - value b)² of what is taken for seen besides."""
        if self.few is None:
            return value**2
        above_sq, cross, below_sq = self.few
        return above_sq - 2 * value * cross + value**2 * below_sq


def share(above: Sequence[float], below: Sequence[float]) -> Comparison:
    """A ratio of counts; the v numbers are the rows of v kinds.

    Args:
        above: a of a row of each kind.
        below: b likewise.
    """
    over, under = np.array(above, dtype=np.float64), np.array(below, dtype=np.float64)
    products = over**2, over * under, under**2
    seen = 0.5 * (under > 0)
    few = [float(seen @ each) for each in products]
    return Comparison(np.ones_like(over), over, under, *products, few=(few[0], few[1], few[2]))


def mean(
    numbers: int, *, rows: int, total: int, total_sq: int, bounded: bool = False, root: bool = False
) -> Comparison:
    """A mean over rows or requests.

    Args:
        numbers: how many numbers a cell has.
        rows: the place among them of the rows.
        total: that of the sum of what is averaged.
        total_sq: that of the sum of its squares.
        bounded: whether what is averaged lies between 0 and 1.
        root: whether the metric is the root of the mean.
    """
    count, over, over_sq = np.eye(numbers)[[rows, total, total_sq]]
    return Comparison(count, over, count, over_sq, over, count, (0.5, 0.5, 1.0) if bounded else None, root)
