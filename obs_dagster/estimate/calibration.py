"""What a score meant on the baseline: the chance that a row of it is positive, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.draws import poissons
from obs_dagster.estimate.overlap import Ground
from obs_dagster.estimate.predicted import grouped
from obs_dagster.metrics.estimate import UNTAUGHT
from obs_dagster.profile.distribution import FloatArray

REPLICATES = 200
"""Calibrations from resampled baselines, and draws of what a window's labels may be."""

LEAST_ROWS, LEAST_OF_CLASS = 300, 30
"""Labelled rows of a baseline, and of each class, below which scores are not calibrated."""

LEAST_DAYS = 10
"""Days of a baseline from which on whole days are drawn again: fewer do not say how days differ."""

_MOST_BINS = 400
"""Bins that resampled baselines are fitted on."""


@dataclass(frozen=True)
class Calibration:
    """Scores of a baseline with their labels, and the isotonic regression of the label on the score.

    Attributes:
        score: distinct scores, or centres of their bins, ascending, shape (k,).
        positives, negatives: rows of each class in every part of the baseline, shape (parts, k); its days, or
            one part of rows that have no days.
        seed: a non-negative integer; the same counts and seed give the same replicates.
    """

    score: FloatArray
    positives: FloatArray
    negatives: FloatArray
    seed: int = 0

    @cached_property
    def rows(self) -> FloatArray:
        """Labelled rows by score, shape (k,)."""
        total: FloatArray = (self.positives + self.negatives).sum(axis=0)
        return total

    @cached_property
    def ground(self) -> Ground:
        """Where there are labelled rows."""
        return Ground(self.score, self.rows)

    @cached_property
    def refused(self) -> str:
        """Why scores cannot be calibrated; empty if they can."""
        n, fewer = self.rows.sum(), min(self.positives.sum(), self.negatives.sum())
        if n == 0:
            return UNTAUGHT
        if n < LEAST_ROWS or fewer < LEAST_OF_CLASS:
            return (
                f"too few labels on the baseline to calibrate scores: {n:,.0f} rows, {fewer:,.0f} of the "
                f"smaller class, where {LEAST_ROWS} and {LEAST_OF_CLASS} are needed"
            )
        return ""

    def chances(self, score: FloatArray) -> FloatArray:
        """The chance that rows of these scores are positive, shape of `score`.

        Isotonic regression on the bins, linear between them, the ends beyond them:
        `sklearn.isotonic.IsotonicRegression(out_of_bounds="clip")` fitted to the rows.
        """
        found: FloatArray = np.interp(score, *self._fit)
        return found

    @cached_property
    def _fit(self) -> tuple[FloatArray, FloatArray]:
        """The scores that have rows, and their chances."""
        known = self.score[self.rows > 0]
        return known, _fitted(self.score, self.positives.sum(axis=0), self.negatives.sum(axis=0), known)

    def replicates(self, score: FloatArray) -> FloatArray:
        """The chances by calibrations of resampled baselines, shape (REPLICATES, k).

        Whole days are drawn again, since rows of a day are more alike than those of different days; where
        there are too few of them, rows.
        """
        known, fitted = self._resampled
        right = np.clip(np.searchsorted(known, score), 1, max(len(known) - 1, 1))
        if len(known) == 1:
            return np.repeat(fitted, len(score), axis=1)
        left = right - 1
        weight = np.clip((score - known[left]) / (known[right] - known[left]), 0.0, 1.0)
        # bins come first where they are stored: those of a window are taken as a whole
        by_bin = fitted.T
        found: FloatArray = by_bin[left] + (by_bin[right] - by_bin[left]) * weight[:, np.newaxis]
        return found.T

    @cached_property
    def _resampled(self) -> tuple[FloatArray, FloatArray]:
        """Scores of joined bins, and the chances there by each resampled baseline, shape (REPLICATES, k)."""
        first = grouped(self.rows, _MOST_BINS)
        total = np.maximum(np.add.reduceat(self.rows, first), 1.0)
        score = np.add.reduceat(self.score * self.rows, first) / total
        positives, negatives = (
            np.add.reduceat(part, first, axis=1) for part in (self.positives, self.negatives)
        )
        rng = np.random.default_rng((self.seed, 1))
        if self.by_day:
            days = len(positives)
            times = rng.multinomial(days, np.full(days, 1 / days), size=REPLICATES).astype(np.float64)
            yes, no = (times @ part for part in (positives, negatives))
        else:
            yes, no = (poissons(rng, part.sum(axis=0), REPLICATES) for part in (positives, negatives))
        return score, _fits(score, yes, no, np.interp(score, *self._fit))

    @property
    def by_day(self) -> bool:
        """Whether it is of days, enough of them to know how they differ."""
        return len(self.positives) >= LEAST_DAYS

    @cached_property
    def spread_of_days(self) -> float:
        """The standard deviation of days' own level on the logit scale, beyond what few rows explain.

        By moments: of a day of E expected and O real positives (O - E)² has the expectation V + s² V², where
        V is the binomial variance. 0 where it is not known.
        """
        if not self.by_day:
            return 0.0
        chances = self.chances(self.score)
        rows = self.positives + self.negatives
        real, expected = self.positives.sum(axis=1), rows @ chances
        variance = rows @ (chances * (1 - chances))
        # all days together were fitted, so their mean has taken one of them
        off = (real - expected) ** 2 * len(rows) / (len(rows) - 1)
        excess = float((off - variance).sum()) / max(float((variance**2).sum()), 1e-12)
        return math.sqrt(max(0.0, excess))

    def why_not(self, score: FloatArray, rows: FloatArray) -> str:
        """Why nothing can be said of rows of these scores; empty if something can.

        Args:
            score: shape (k,).
            rows: of each score, shape (k,); at least one.
        """
        if self.refused:
            return self.refused
        return self.ground.why_apart(score, rows, near=NEAR, what="scores")


def _fitted(known: FloatArray, positives: FloatArray, negatives: FloatArray, score: FloatArray) -> FloatArray:
    """The isotonic regression of the label on the known scores, at other ones; of at least one row."""
    from scipy.optimize import isotonic_regression

    rows = positives + negatives
    used = rows > 0
    share = isotonic_regression(positives[used] / rows[used], weights=rows[used]).x
    found: FloatArray = np.interp(score, known[used], np.clip(share, 0.0, 1.0))
    return found


def _fits(
    score: FloatArray, positives: FloatArray, negatives: FloatArray, otherwise: FloatArray
) -> FloatArray:
    """The isotonic regressions of many baselines on the same scores, fitted all at once.

    Each is lifted above the one before it, so that one regression over all of them pools no rows of two.

    Args:
        score: ascending, shape (k,).
        positives: rows by baseline and score, shape (r, k).
        negatives: likewise.
        otherwise: of a baseline without rows, shape (k,): of few days a draw may have none.

    Returns:
        Shape (r, k), the bins next to each other in memory's columns.
    """
    from scipy.optimize import isotonic_regression

    rows = positives + negatives
    used = rows > 0
    lift = 2.0 * np.arange(len(rows))[:, np.newaxis]
    share = (lift + positives / np.maximum(rows, 1e-300))[used]
    lifted = np.zeros(rows.shape)
    lifted[used] = isotonic_regression(share, weights=rows[used]).x
    fitted = np.clip(lifted - lift, 0.0, 1.0)
    # as a rule every score has rows in every baseline
    for place in np.flatnonzero(~used.all(axis=1)):
        own = used[place]
        fitted[place] = np.interp(score, score[own], fitted[place, own]) if own.any() else otherwise
    return np.asfortranarray(fitted)


NEAR = 1e-3
"""How far beyond the range of the baseline a score is still as good as in it."""
