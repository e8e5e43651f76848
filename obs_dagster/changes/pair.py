"""A column on both sides, as kinds of causes look at it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.changes.fit import LEFT, TOLD, Fit, fit, noise, resolved
from obs_dagster.changes.spread import Spread, distance
from obs_dagster.profile.distribution import CategoryCounts, FloatArray, NumericCounts


@dataclass(frozen=True)
class Numbers:
    """A numeric column with finite values on both sides.

    Attributes:
        before: the baseline.
        after: the window.
    """

    before: NumericCounts
    after: NumericCounts

    @cached_property
    def bins_before(self) -> Spread:
        """Where the baseline's values lie, as finely as they were counted."""
        return Spread.of(self.before)

    @cached_property
    def bins_after(self) -> Spread:
        """Where the window's values lie, as finely as they were counted."""
        return Spread.of(self.after)

    @cached_property
    def was(self) -> Spread:
        """Where the baseline's values lie, finely enough to compare distributions."""
        return self.bins_before.joined()

    @cached_property
    def now(self) -> Spread:
        """Where the window's values lie, likewise."""
        return self.bins_after.joined()

    @cached_property
    def apart(self) -> float:
        """Their certain distance."""
        return distance(self.was, self.now)

    @property
    def noise(self) -> float:
        """How far apart they may be by chance."""
        return noise(self.was.rows, self.now.rows)

    @property
    def telling(self) -> bool:
        """Whether they are far enough apart for a cause to be told from another."""
        return self.apart >= TOLD * self.noise

    @cached_property
    def shaped(self) -> bool:
        """Whether the values have a shape that can be recognised."""
        return len(self.bins_before.mass) >= _FEWEST_VALUES and self.after.minimum != self.after.maximum

    def explained(
        self, changed: Spread, *, parts: bool = True, close: bool = False, left: float = LEFT
    ) -> Fit | None:
        """How well what a change makes of the baseline explains the window, as `fit` says."""
        return fit(self.was, self.now, changed, self.apart, parts=parts, close=close, left=left)

    def proven(self, changed: Spread, factor: float, offset: float = 0.0) -> bool:
        """Whether the window's shape is known well enough to say that it is `factor` · x + `offset`.

        Far from where the baseline is, bins are wide. Where they show no shape, mean and standard deviation,
        which are exact, must be what they would be.
        """
        if resolved(self.now, changed):
            return True
        (mean, deviation), (found, spread) = _moments(self.before), _moments(self.after)
        expected = abs(factor) * deviation
        loose = (LEFT + self.noise) * expected
        return (
            abs(found - (factor * mean + offset)) <= loose
            and expected > 0
            and _SPREAD_LIKE <= spread / expected <= 1 / _SPREAD_LIKE
        )


@dataclass(frozen=True)
class Categories:
    """A categorical column with values on both sides.

    Attributes:
        before: the baseline.
        after: the window.
    """

    before: CategoryCounts
    after: CategoryCounts

    @cached_property
    def names(self) -> list[str]:
        """Every value of either side, by name."""
        return sorted({*self.before.counts, *self.after.counts})

    @cached_property
    def was(self) -> FloatArray:
        """The baseline's share of each value, shape (values,)."""
        return _shares(self.before, self.names)

    @cached_property
    def now(self) -> FloatArray:
        """The window's share of each value, shape (values,)."""
        return _shares(self.after, self.names)

    @cached_property
    def apart(self) -> float:
        """The total variation distance: half the sum of differences."""
        return total_variation(self.was, self.now)

    @property
    def noise(self) -> float:
        """How far apart they may be by chance."""
        return self._noise(self.was)

    @property
    def telling(self) -> bool:
        """Whether they are far enough apart for a cause to be told from another."""
        return self.apart >= TOLD * self.noise

    def explained(self, was: FloatArray, now: FloatArray) -> bool:
        """Whether two shares of like values differ by no more than noise and a twentieth of the distance."""
        return total_variation(was, now) <= self._noise(was) + LEFT * self.apart

    def _noise(self, shares: FloatArray) -> float:
        return category_noise(shares, self.before.n, self.after.n)


Pair = Numbers | Categories

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles by which a number that was added or multiplied is guessed."""

_GUESSES = 3
"""Guesses that are looked at closely."""

_FEWEST_VALUES = 3
"""Fewer different values have no shape: any two of them are a multiple of any other two."""

_SPREAD_LIKE = 0.75
"""The part of the expected standard deviation that is still like it."""

_BEYOND = 2.33
"""Standard deviations that a normal number exceeds once in a hundred times."""


def likeliest(guesses: FloatArray, images: FloatArray, found: FloatArray) -> list[float]:
    """The guesses that take the baseline's quantiles closest to the window's, for a closer look.

    Args:
        guesses: shape (k,).
        images: what each makes of the quantiles of the baseline, shape (k, quantiles).
        found: the quantiles of the window, shape (quantiles,).
    """
    off = np.abs(images - found).sum(axis=1)
    order = np.argsort(off, kind="stable")
    closest = guesses[order][np.isfinite(off[order])][:_GUESSES]
    return list(dict.fromkeys(closest.tolist()))


def category_noise(shares: FloatArray, rows: int, other_rows: int) -> float:
    """The total variation distance of two samples of the same shares, exceeded once in a hundred times.

    The mean of the absolute value of normal noise is √(2/π) of its deviation, its variance 1 - 2/π of it.
    """
    variance = shares * (1 - shares) * (1 / rows + 1 / other_rows)
    mean = np.sqrt(2 / np.pi * variance).sum() / 2
    return float(mean + _BEYOND * np.sqrt((1 - 2 / np.pi) * variance.sum()) / 2)


def total_variation(was: FloatArray, now: FloatArray) -> float:
    """Half the sum of the differences of shares, both of shape (values,)."""
    return float(np.abs(was - now).sum() / 2)


def _shares(counts: CategoryCounts, names: list[str]) -> FloatArray:
    return np.array([counts.counts.get(name, 0) for name in names], dtype=np.float64) / counts.n


def _moments(counts: NumericCounts) -> tuple[float, float]:
    """Mean and standard deviation of the finite values."""
    mean = counts.total / counts.n
    return mean, math.sqrt(max(0.0, counts.total_sq / counts.n - mean * mean))
