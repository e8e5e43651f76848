"""What the labels of a window are expected to be by a calibration, and what follows for its quality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import REPLICATES, Calibration
from obs_dagster.estimate.concept import Concept
from obs_dagster.estimate.draws import by_decision, estimate_within, reach, reaches
from obs_dagster.estimate.predicted import STATISTICS, Labelled, Predicted
from obs_dagster.evidence.detector import e_value
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray

DETAIL = 128
"""Bins that draws of all rows of a version are made of."""

IN_CELLS = 32
"""Those of a segment cell, of which there may be many."""

_TENTHS = 10
"""Groups of equal rows in which expected and real positives are compared."""

_UNBOUNDED = frozenset({"log_loss"})


@dataclass(frozen=True)
class Expected:
    """Predictions, the calibration that says what to expect of them, and their labels where these are known.

    Attributes:
        predicted: rows by score and decision.
        calibration: of the scores.
        positives: how many of the rows are positive, shape (k, 2); None where labels are not asked.
        days: days that the predictions are of; each has a level of its own.
        detail: how many bins draws are made of at most; the value itself is of all bins.
        seed: a non-negative integer; the same counts and seed give the same interval.
    """

    predicted: Predicted
    calibration: Calibration
    positives: FloatArray | None = None
    days: int = 1
    seed: int = 0
    detail: int = DETAIL

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said; empty if something can."""
        if not self.predicted.n:
            return NO_ROWS
        return self.calibration.why_not(self.predicted.score, self.predicted.by_score)

    def estimated(self, name: str) -> Estimate:
        """A statistic as the calibration expects it; its interval holds what the labels may turn out to be.

        The draws are of both errors: the calibration is that of a resampled baseline, and the labels are
        drawn from it. Their spread lies around the value, for isotonic fits of resampled rows are too sharp.
        """
        if self.refused:
            return Estimate.missing(self.refused, self.predicted.n)
        statistic = STATISTICS[name]
        value = float(statistic(self._expected))
        if not math.isfinite(value):
            return Estimate.missing(_without(name), self.predicted.n)
        highest = math.inf if name in _UNBOUNDED else 1.0
        return estimate_within(value, self._reaches[name], self._behind(name), highest=highest)

    def shift(self, name: str) -> Estimate:
        """The statistic as it is on the labels, less as it was expected; the interval is that of no shift."""
        if self.positives is None or not self.predicted.n:
            return Estimate.missing("no labels")
        if self.refused:
            return Estimate.missing(self.refused, self.predicted.n)
        statistic = STATISTICS[name]
        measured = Labelled(self.predicted, self.positives)
        value = float(statistic(measured) - statistic(self._expected))
        if not math.isfinite(value):
            return Estimate.missing(_without(name), self.predicted.n)
        below, above = self._reaches[name]
        return Estimate(value, value - above, value + below, self._behind(name))

    def concept_shift(self) -> Estimate:
        """How far the shares of positives lie from the expected ones, over tenths of the rows by score."""
        if self.positives is None or not self.predicted.n:
            return Estimate.missing("no labels")
        if self.refused:
            return Estimate.missing(self.refused, self.predicted.n)
        return shift_of([self.gaps(self.positives)], self.predicted.n)

    def gaps(self, positives: FloatArray) -> tuple[float, FloatArray]:
        """How far shares of positives lie from the expected ones, and what labels and calibration do to it.

        Args:
            positives: of each score, shape (k, 2).

        Returns:
            The sum over tenths of the rows by score, and draws of it where nothing has moved.
        """
        first = self.predicted.groups(_TENTHS)
        n = float(self.predicted.n)

        def grouped(parts: FloatArray) -> FloatArray:
            found: FloatArray = np.add.reduceat(parts, first, axis=-1) / n
            return found

        real = grouped(positives.sum(axis=1))
        rows = grouped(self.predicted.by_score)
        gap = real - grouped(self.expected.sum(axis=1))
        rng = np.random.default_rng((self.seed, 3))
        share = np.clip(real / np.maximum(rows, 1 / n), 0.0, 1.0)
        drawn = rng.binomial(np.rint(rows * n).astype(np.int64), share, size=(REPLICATES, len(first))) / n
        chances = self.calibration.replicates(self.predicted.joined(first).score)
        noise = drawn - real - (chances - chances.mean(axis=0)) * rows
        return float(np.abs(gap).sum()), np.abs(noise).sum(axis=1)

    def concept_evidence(self) -> Estimate:
        """How strongly the labels of a day speak against scores that mean what they meant: log10 of e."""
        if self.positives is None or not self.predicted.n:
            return Estimate.missing("no labels")
        concept, n = Concept(self.calibration), self.predicted.n
        if reason := self.refused or concept.not_calibrated:
            return Estimate.missing(reason, n)
        rows, positives = self.predicted.by_score, self.positives.sum(axis=1)
        p = concept.p_value(self.predicted.score, rows, positives)
        return Estimate(math.log10(e_value(p)), None, None, n)

    @cached_property
    def expected(self) -> FloatArray:
        """Expected positives, shape (k, 2)."""
        chances = self.calibration.chances(self.predicted.score)
        expected: FloatArray = self.predicted.rows * chances[:, np.newaxis]
        return expected

    @cached_property
    def drawn(self) -> tuple[Predicted, FloatArray]:
        """Rows of few bins, and positives drawn of them, shape (REPLICATES, k, 2)."""
        few = self.predicted.joined(self.predicted.groups(self.detail))
        rng = np.random.default_rng((self.seed, 2))
        level = level_of_days(self.calibration, self.days, rng)
        chances = levelled(self.calibration.replicates(few.score), level)
        return few, by_decision(rng, few.rows, chances)

    @cached_property
    def _expected(self) -> Labelled:
        return Labelled(self.predicted, self.expected)

    @cached_property
    def _reaches(self) -> Mapping[str, tuple[float, float]]:
        """How far every statistic reaches below and above its value, by draws of the labels."""
        few, drawn = self.drawn
        labels = Labelled(few, np.concatenate([drawn, self.centre[np.newaxis]]))
        values = np.stack([statistic(labels) for statistic in STATISTICS.values()])
        finite = np.asarray(np.isfinite(values).all(axis=1))
        known = iter(zip(*(each.tolist() for each in reaches(*_parted(values[finite]))), strict=True))
        return {
            name: next(known) if every else reach(each[:-1], float(each[-1]))
            for name, each, every in zip(STATISTICS, values, finite, strict=True)
        }

    @cached_property
    def centre(self) -> FloatArray:
        """Expected positives of the few bins that draws are made of."""
        few, _ = self.drawn
        chances: FloatArray = few.rows * self.calibration.chances(few.score)[:, np.newaxis]
        return chances

    def _behind(self, name: str) -> int:
        """The rows that a statistic is a share of."""
        if name == "recall":
            return round(float(self._expected.total))
        return int(self.predicted.accepted) if name == "precision" else self.predicted.n


def shift_of(gaps: Sequence[tuple[float, FloatArray]], n: int) -> Estimate:
    """The concept shift of classes, each against the rest: a half of their gaps; of one class all of it."""
    part = 1 / min(len(gaps), 2)
    value = min(1.0, part * sum(gap for gap, _ in gaps))
    noise = part * np.sum([drawn for _, drawn in gaps], axis=0)
    low, high = distance_band(value, noise, largest=1.0)
    return Estimate(value, low, high, n)


def _parted(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Draws, and what is expected of them, which comes last."""
    return values[:, :-1], values[:, -1]


def level_of_days(calibration: Calibration, days: int, rng: np.random.Generator) -> FloatArray:
    """Draws of the level that so many days happen to have, on the logit scale, shape (REPLICATES, 1)."""
    spread = calibration.spread_of_days / math.sqrt(max(days, 1))
    if not spread:
        return np.zeros((REPLICATES, 1))
    # how much days differ is itself known from few of them
    drawn: FloatArray = spread * rng.standard_t(max(len(calibration.positives) - 1, 1), (REPLICATES, 1))
    return drawn


def levelled(chances: FloatArray, level: FloatArray) -> FloatArray:
    """Chances, shape (REPLICATES, k), with a level on the logit scale."""
    if not level.any():
        return chances
    odds = np.exp(level)
    found: FloatArray = chances * odds / (1 - chances + chances * odds)
    return found


def _without(name: str) -> str:
    return "no predicted positives" if name == "precision" else "no positives are expected"
