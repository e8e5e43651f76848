"""Where the values of a column lie, as far as its profile knows it, and how far two columns lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.profile.distribution import FloatArray, NumericCounts

Image = Callable[[FloatArray], FloatArray]
"""A function of values that never falls, or never rises."""

_GROUPS = 128
"""Intervals of as many rows that a spread has at most, beside those that have more by themselves."""

_ROUNDING = 1e-9
"""Of a value: so far its image may be off by the arithmetic of floats."""


@dataclass(frozen=True)
class Spread:
    """The finite values of a column: shares of its rows, each somewhere in an interval.

    Attributes:
        low, high: the ends of each interval, both in it, shape (k,); the same where the value is known.
        mass: the share of the rows in each, shape (k,).
        rows: how many rows there are.
    """

    low: FloatArray
    high: FloatArray
    mass: FloatArray
    rows: int

    @classmethod
    def of(cls, counts: NumericCounts) -> Spread:
        """The spread of counts with at least one finite value; no interval goes beyond its extremes."""
        used = counts.counts > 0
        points, half = counts.points[used], counts.widths[used] / 2
        least, greatest = counts.minimum, counts.maximum
        ends = (points - half, points + half)
        if least is not None and greatest is not None:
            ends = (np.clip(ends[0], least, greatest), np.clip(ends[1], least, greatest))
        return cls(*ends, counts.counts[used] / counts.n, counts.n)

    def joined(self) -> Spread:
        """The same rows in at most a few hundred intervals: neighbours of few rows are one.

        Of intervals in ascending order, as bins are. It makes a distance less certain by 1 / `_GROUPS`.
        """
        if len(self.mass) <= _GROUPS:
            return self
        middle = np.cumsum(self.mass) - self.mass / 2
        heavy = self.mass * _GROUPS >= 1
        first = np.diff(np.floor(middle * _GROUPS), prepend=-1.0) != 0
        first[1:] |= heavy[1:] | heavy[:-1]
        starts = np.flatnonzero(first)
        return Spread(
            np.minimum.reduceat(self.low, starts),
            np.maximum.reduceat(self.high, starts),
            np.add.reduceat(self.mass, starts),
            self.rows,
        )

    def mapped(self, image: Image) -> Spread:
        """The spread of what a function makes of the values."""
        with np.errstate(over="ignore", invalid="ignore"):
            ends = image(self.low), image(self.high)
        slack = _ROUNDING * np.maximum(np.abs(ends[0]), np.abs(ends[1]))
        return Spread(np.minimum(*ends) - slack, np.maximum(*ends) + slack, self.mass, self.rows)

    def multiplied(self, by: float) -> Spread:
        """The spread of a multiple of the values."""
        return self.mapped(lambda values: by * values)

    def moved(self, by: float) -> Spread:
        """The spread of values that are higher by an amount."""
        return self.mapped(lambda values: values + by)

    def mixed(self, other: Spread, share: float) -> Spread:
        """The spread of rows of which a share is from another spread."""
        if share >= 1:
            return other
        return Spread(
            np.concatenate([self.low, other.low]),
            np.concatenate([self.high, other.high]),
            np.concatenate([(1 - share) * self.mass, share * other.mass]),
            self.rows,
        )

    def within(self, low: float, high: float) -> Spread | None:
        """The spread of the rows whose interval's middle is between two values; None if there are none."""
        middle = self.low / 2 + self.high / 2
        here = (middle >= low) & (middle <= high)
        mass = self.mass[here]
        if not mass.size:
            return None
        whole = float(mass.sum())
        return Spread(self.low[here], self.high[here], mass / whole, max(1, round(whole * self.rows)))

    def below(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The least and the largest share of rows that can be at or below each value, shape as the values."""
        return self._surely.at(values), self._possibly.at(values)

    def half_below(self, values: FloatArray) -> FloatArray:
        """The share of rows at or below each value, if half of what is open is, shape as the values."""
        least, largest = self.below(values)
        middle: FloatArray = least / 2 + largest / 2
        return middle

    def quantiles(self, levels: Sequence[float] | FloatArray) -> FloatArray:
        """The middle of the interval that each quantile lies in, shape (levels,)."""
        middles = self.low / 2 + self.high / 2
        order = np.argsort(middles, kind="stable")
        cumulative = np.cumsum(self.mass[order])
        places = np.searchsorted(cumulative, np.asarray(levels) - _ROUNDING)
        found: FloatArray = middles[order][np.minimum(places, len(order) - 1)]
        return found

    @cached_property
    def _surely(self) -> _Steps:
        return _Steps.of(self.high, self.mass)

    @cached_property
    def _possibly(self) -> _Steps:
        return _Steps.of(self.low, self.mass)


@dataclass(frozen=True, slots=True)
class _Steps:
    """A function that rises by some mass at each of some places, shape (k,) both."""

    places: FloatArray
    reached: FloatArray

    @classmethod
    def of(cls, places: FloatArray, mass: FloatArray) -> _Steps:
        order = np.argsort(places, kind="stable")
        return cls(places[order], np.concatenate([[0.0], np.cumsum(mass[order])]))

    def at(self, values: FloatArray) -> FloatArray:
        found: FloatArray = self.reached[np.searchsorted(self.places, values, side="right")]
        return found


def distance(one: Spread, other: Spread) -> float:
    """The largest difference of the shares at or below any value that is certain, however rows lie in bins.

    It is what is known of the Kolmogorov-Smirnov distance, also of columns that were counted on different
    grids, or of what a function makes of one.
    """
    # certainly below can only become more at the upper end of an interval
    at = np.concatenate([one.high, other.high])
    least, largest = one.below(at)
    other_least, other_largest = other.below(at)
    return max(0.0, float((least - other_largest).max()), float((other_least - largest).max()))
