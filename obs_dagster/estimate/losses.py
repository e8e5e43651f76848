"""What predictions of numbers missed by on a baseline, and what that lets expect of a window.

Direct loss estimation: the loss of a row is what rows of about the same prediction lost on the baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from obs_dagster.estimate.calibration import LEAST_DAYS, LEAST_ROWS, REPLICATES
from obs_dagster.estimate.overlap import Ground
from obs_dagster.estimate.predicted import grouped
from obs_dagster.metrics.estimate import UNTAUGHT
from obs_dagster.metrics.intervals import TAILS
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray

SIGNED = "signed"
"""The one loss that may be below 0."""

_MOST_GROUPS, _LEAST_IN_GROUP = 400, 20
"""Groups of predictions that have a mean loss of their own, and the rows that each must have."""

_FURTHEST = 100.0
"""By this factor a mean loss is moved down at most."""

_DRAWS = 10
"""Draws of a window's losses with each resampled baseline: ends of intervals are of its rare ones."""


@dataclass(frozen=True)
class Loss:
    """One kind of loss in every part of a baseline.

    Attributes:
        rows: that have the loss, by part and bin of the prediction, shape (parts, k).
        total, squares: sums of it and of its squares, likewise.
    """

    rows: FloatArray
    total: FloatArray
    squares: FloatArray


@dataclass(frozen=True, slots=True)
class Move:
    """By how much an estimate has to be moved.

    Attributes:
        by: added to the mean loss.
        unsure: the standard deviation of what is expected then, but for what the next two say.
        apart: the variance of moves over rows of the window.
        sampled: of how many of them that is; the others may have other ones.
        variance: of a row's loss around what is expected of it where features are known.
        refused: why it is not known; empty if it is.
    """

    by: float = 0.0
    unsure: float = 0.0
    apart: float = 0.0
    sampled: int = 0
    variance: float = 0.0
    refused: str = ""


@dataclass(frozen=True)
class Losses:
    """Labelled predictions of a baseline, and what they lost.

    Attributes:
        prediction: the middle of each bin, ascending, shape (k,).
        losses: by name; the parts are days of the baseline, or one of rows that have no days.
        seed: a non-negative integer; the same counts and seed give the same replicates.
        scale: the unit that losses are counted in.
    """

    prediction: FloatArray
    losses: Mapping[str, Loss]
    seed: int = 0
    scale: float = 1.0

    @cached_property
    def rows(self) -> FloatArray:
        """Labelled rows by bin, shape (k,)."""
        total: FloatArray = self.losses[SIGNED].rows.sum(axis=0)
        return total

    @cached_property
    def ground(self) -> Ground:
        """Where there are labelled rows."""
        return Ground(self.prediction, self.rows)

    @cached_property
    def refused(self) -> str:
        """Why losses cannot be learned; empty if they can."""
        n = self.rows.sum()
        if n == 0:
            return UNTAUGHT
        if n < LEAST_ROWS:
            return (
                f"too few labels on the baseline to learn errors from: {n:,.0f} rows, where {LEAST_ROWS} "
                "are needed"
            )
        return ""

    @cached_property
    def by_day(self) -> bool:
        """Whether it is of days, enough of them to know how they differ."""
        return len(self.losses[SIGNED].rows) >= LEAST_DAYS

    @cached_property
    def groups(self) -> tuple[NDArray[np.intp], FloatArray]:
        """The first bin of each group, and the mean prediction of its rows, shape (g,)."""
        most = int(np.clip(self.rows.sum() // _LEAST_IN_GROUP, 1, _MOST_GROUPS))
        first = grouped(self.rows, most)
        rows = np.maximum(np.add.reduceat(self.rows, first), 1.0)
        return first, np.add.reduceat(self.rows * self.prediction, first) / rows

    @cached_property
    def learned(self) -> Mapping[str, Learned]:
        """What each loss is by group."""
        return {name: Learned.of(each, self, name) for name, each in self.losses.items()}

    def move(self, name: str) -> Move | None:
        """By how much a mean loss is moved, for what is known beside predictions; None if by nothing."""
        del name
        return None

    def why_not(self, prediction: FloatArray, rows: FloatArray) -> str:
        """Why nothing can be said of rows of these predictions; empty if something can."""
        if self.refused:
            return self.refused
        low, high = self.ground.ends
        near = 1e-3 * (high - low) + 1e-12
        return self.ground.why_apart(prediction, rows, near=near, what="predictions")


@dataclass(frozen=True)
class Learned:
    """What a loss is by group of predictions.

    Attributes:
        mean, variance: of a row's loss, shape (g,).
        share: of the rows that have the loss at all, shape (g,).
        replicates: the mean by each resampled baseline, shape (REPLICATES, g).
        spread: the standard deviation of days' own level, as a part of the loss, or for signed ones in its
            unit; 0 where it is not known.
        days: of the baseline.
    """

    mean: FloatArray
    variance: FloatArray
    share: FloatArray
    replicates: FloatArray
    spread: float
    days: int

    @classmethod
    def of(cls, loss: Loss, losses: Losses, name: str) -> Learned:
        """From what a baseline lost."""
        first, _ = losses.groups
        rows, total, squares = (
            np.add.reduceat(part, first, axis=1) for part in (loss.rows, loss.total, loss.squares)
        )
        overall = total.sum() / max(rows.sum(), 1.0)
        n = rows.sum(axis=0)
        mean = np.where(n > 0, total.sum(axis=0) / np.maximum(n, 1.0), overall)
        variance = np.maximum(squares.sum(axis=0) / np.maximum(n, 1.0) - mean**2, 0.0)
        having = np.add.reduceat(losses.rows, first)
        rng = np.random.default_rng((losses.seed, sum(map(ord, name))))
        if losses.by_day:
            times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=REPLICATES)
            drawn = times @ rows
            replicates = np.where(drawn > 0, (times @ total) / np.maximum(drawn, 1.0), mean)
        else:
            noise = rng.normal(size=(REPLICATES, len(mean)))
            replicates = mean + noise * np.sqrt(variance / np.maximum(n, 1.0))
        spread = _spread(rows, total, mean, variance, name) if losses.by_day else 0.0
        return cls(mean, variance, n / np.maximum(having, 1.0), replicates, spread, len(rows))


def _spread(rows: FloatArray, total: FloatArray, mean: FloatArray, variance: FloatArray, name: str) -> float:
    """How far days' own levels lie apart, beyond what few rows explain; by moments."""
    expected = rows @ mean
    off = (total.sum(axis=1) - expected) ** 2 * len(rows) / (len(rows) - 1)
    scale = rows.sum(axis=1) if name == SIGNED else expected
    excess = float((off - rows @ variance).sum()) / max(float((scale**2).sum()), 1e-300)
    return math.sqrt(max(0.0, excess))


@dataclass(frozen=True)
class ExpectedLosses:
    """Predictions, and what is expected of them.

    Attributes:
        prediction: the middle of each bin, ascending, shape (k,).
        rows: of each, likewise.
        losses: of the baseline.
        days: days that the predictions are of; each has a level of its own.
        seed: a non-negative integer; the same counts and seed give the same interval.
        place: of others with the same seed, which have the same level and baseline, and rows of their own.
    """

    prediction: FloatArray
    rows: FloatArray
    losses: Losses
    days: int = 1
    seed: int = 0
    place: int = 0

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said; empty if something can."""
        return self.losses.why_not(self.prediction, self.rows) if self.n else NO_ROWS

    def mean(self, name: str) -> Estimate:
        """The mean loss; its interval holds what labels may turn out to make of it.

        The draws are of both errors: mean losses are those of a resampled baseline, and the rows' own lie
        around them, skewed as sums of positive numbers are (a gamma distribution of their variance).
        """
        if self.refused:
            return Estimate.missing(self.refused, self.n)
        total, value, drawn = self.draws(name)
        if (move := self.losses.move(name)) is not None:
            if move.refused:
                return Estimate.missing(move.refused, self.n)
            value, drawn = self._moved(name, value, total, move)
        return mean_around(name, value, drawn, total, self.n)

    def _moved(self, name: str, value: float, total: float, move: Move) -> tuple[float, FloatArray]:
        """A mean loss, moved, and draws of it; none but signed ones to 0 or below.

        What groups of predictions lost is no part of it any more, so neither is how unsure that is.
        """
        left = max(1 - move.sampled / max(self.n, 1), 0.0)
        unsure = math.sqrt(move.unsure**2 + left * move.apart / max(move.sampled, 1))
        signed = name == SIGNED
        least = -math.inf if signed else value / _FURTHEST
        moved = max(value + move.by, least)
        noise = np.random.default_rng((self.seed, 11)).normal(size=_DRAWS * REPLICATES) * unsure
        learned = self.losses.learned[name]
        variance = move.variance / max(total, 1.0)
        return moved, self._around(np.maximum(moved + noise, least), learned, variance, signed=signed)

    def draws(self, name: str) -> tuple[float, float, FloatArray]:
        """How many rows have the loss, their mean one, and draws of it; no draws where there are none."""
        learned = self.losses.learned[name]
        weights = self._weights * learned.share
        total = float(weights.sum())
        if total <= 0:
            return 0.0, 0.0, np.zeros(0)
        value = float(weights @ learned.mean) / total
        return total, value, self._drawn(learned, weights / total, total, signed=name == SIGNED)

    @cached_property
    def _weights(self) -> FloatArray:
        """How many of the rows each group speaks for, shape (g,): those between two groups are of both."""
        _, at = self.losses.groups
        place = np.interp(self.prediction, at, np.arange(len(at), dtype=np.float64))
        left = np.minimum(place.astype(np.int64), len(at) - 1)
        part = place - left
        found = np.zeros(len(at) + 1)
        np.add.at(found, left, self.rows * (1 - part))
        np.add.at(found, left + 1, self.rows * part)
        return found[: len(at)]

    def _drawn(self, learned: Learned, weights: FloatArray, n: float, *, signed: bool) -> FloatArray:
        means = np.tile(learned.replicates @ weights, _DRAWS)
        return self._around(means, learned, float(weights @ learned.variance) / n, signed=signed)

    def _around(self, means: FloatArray, learned: Learned, variance: float, *, signed: bool) -> FloatArray:
        """Draws of what rows lose whose mean losses are expected to be these."""
        of_all, own = (np.random.default_rng((self.seed, 4, *place)) for place in ((), (self.place,)))
        level = (
            learned.spread
            / math.sqrt(max(self.days, 1))
            * of_all.standard_t(max(learned.days - 1, 1), len(means))
        )
        if signed:
            drawn: FloatArray = means + level + own.normal(size=len(means)) * math.sqrt(variance)
            return drawn
        means = np.maximum(means, 1e-300) * np.exp(level)
        if variance <= 0:
            return means
        shape = means**2 / variance
        found: FloatArray = own.gamma(shape) * variance / means
        return found


def mean_around(name: str, value: float, drawn: FloatArray, total: float, n: int) -> Estimate:
    """A mean loss with the interval of its draws laid around it.

    Args:
        name: of the loss.
        value: the mean.
        drawn: draws of it.
        total: rows that are expected to have the loss.
        n: all rows.
    """
    if total <= 0:
        return Estimate.missing("no targets other than zero are expected", n)
    low, middle, high = np.quantile(drawn, (TAILS[0], 0.5, TAILS[1]))
    if name == SIGNED:
        return Estimate(value, value - (middle - low), value + (high - middle), n)
    # what is drawn lies around the value by a factor
    scale = value / middle if middle > 0 else 1.0
    return Estimate(value, min(value, low * scale), max(value, high * scale), round(total))
