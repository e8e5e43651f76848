"""What one day says of two versions: the difference of a metric, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.comparison import Comparison

LEAST = 5
"""Rows that either version needs in a segment for the mix to be adjusted by it."""


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A day's difference, the first version minus the second; of a root, that of what it is the root of.

    Attributes:
        difference: of the metric.
        variance: of the difference; above 0.
        weight: how much the day counts beside others: the rows, or requests, that are compared.
        first, second: the metric of either version.
    """

    difference: float
    variance: float
    weight: float
    first: float
    second: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """Requests that both versions have scored and that say something of a metric.

    Attributes:
        rows: how many there are.
        sums: of a and b (`Comparison`) for the first version, then for the second, shape (4,).
        products: sums of the products of each of these with each, shape (4, 4).
    """

    rows: float
    sums: FloatArray
    products: FloatArray

    @property
    def turned(self) -> Pairs:
        """The second version first."""
        order = [2, 3, 0, 1]
        return Pairs(self.rows, self.sums[order], self.products[np.ix_(order, order)])


def paired_day(pairs: Pairs, comparison: Comparison) -> DayDifference | None:
    """The difference on requests that both versions have scored.

    Returns:
        The difference; None where the metric of either has no value, or nobody has made an error.
    """
    first_below, second_below = float(pairs.sums[1]), float(pairs.sums[3])
    if not first_below or not second_below:
        return None
    first, second = float(pairs.sums[0]) / first_below, float(pairs.sums[2]) / second_below
    influence = np.array([1 / first_below, -first / first_below, -1 / second_below, second / second_below])
    variance = float(influence @ pairs.products @ influence)
    # two versions that always agreed so far may yet differ: by a row's range, or by as much as they miss
    most = (first**2 + second**2) / 2 if comparison.few is None else 1.0
    return _known(first, second, max(variance, most / (pairs.rows + 1) ** 2), pairs.rows)


def unpaired_day(
    first: Mapping[str, FloatArray], second: Mapping[str, FloatArray], comparison: Comparison
) -> DayDifference | None:
    """The difference on different requests of a day, as if both versions had had the same mix of segments.

    Segments in which either version has fewer than `LEAST` rows are left out.

    Args:
        first: what the labelled rows of the first version come to by segment, shape (v,) each.
        second: likewise of the second.
        comparison: how the metric is read from that.

    Returns:
        The difference; None where there are too few rows, the metric of either has no value, or nobody has
        made an error.
    """
    shared = sorted({*first} & {*second})
    if not shared:
        return None
    sides = [np.array([of[name] for name in shared]) for of in (first, second)]
    rows = [side @ comparison.rows for side in sides]
    enough = np.minimum(*rows) >= LEAST
    pooled = (rows[0] + rows[1])[enough]
    if not len(pooled):
        return None
    known = [_weighted(side[enough], pooled / pooled.sum(), comparison) for side in sides]
    one, other = known
    if one is None or other is None:
        return None
    common = np.zeros(len(pooled))
    if comparison.few is None:
        # the spread of few errors is too small just when their mean is: it is no smaller than that of both
        common = (one.squares + other.squares) / pooled
    variance = sum(each.variance(common * of[enough]) for each, of in zip((one, other), rows, strict=True))
    return _known(one.value, other.value, variance, float(pooled.sum()) / 2)


@dataclass(frozen=True, eq=False)
class _Weighted:
    """A version's metric with another mix of segments.

    Attributes:
        value: the metric.
        below: what it is a ratio to.
        weights: what a row of each segment counts for, shape (k,).
        squares: Σ (a - value b)² of each segment, with what is taken for seen besides.
    """

    value: float
    below: float
    weights: FloatArray
    squares: FloatArray

    def variance(self, least: FloatArray) -> float:
        """Of the value, if squares are these at least."""
        return float(self.weights**2 @ np.maximum(self.squares, least)) / self.below**2


def _weighted(cells: FloatArray, mix: FloatArray, comparison: Comparison) -> _Weighted | None:
    """A version's metric with a mix; from what segments come to, shape (k, v)."""
    # what a row counts for, so that segments have the shares that they should
    weights = mix / (cells @ comparison.rows)
    below = float(weights @ (cells @ comparison.below))
    if not below:
        return None
    value = float(weights @ (cells @ comparison.above)) / below
    squares = comparison.squares(cells, value) + comparison.unseen(value)
    return _Weighted(value, below, weights, squares)


def _known(first: float, second: float, variance: float, weight: float) -> DayDifference | None:
    """The difference, where there is one that is finite and of which it is known how sure it is."""
    if not variance > 0 or not math.isfinite(variance):
        return None
    return DayDifference(first - second, variance, weight, first, second)
