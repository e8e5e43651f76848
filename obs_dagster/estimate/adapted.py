"""What a score means where features have moved: the calibration of a baseline, seen from rows like now's.

A calibration takes the chance of a label to follow from the score alone. Where a model leaves something out,
or weighs it wrongly, rows of one score are not alike, and when features move others of them come. Rows of the
baseline that are weighted to have the features of now say what the score means of these. They are few beside
all that it was learned from, so they move it by two numbers only, its level and its slope:

    logit c'(s) = a + b logit c(s)        (Cox, Biometrika 45 (1958), 562-565)

by weighted maximum likelihood. NannyML's M-CBPE fits all of the calibration to weighted rows (arXiv
2401.08348).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import LEAST_DAYS, LEAST_OF_CLASS, REPLICATES, Calibration
from obs_dagster.estimate.likeness import Likeness
from obs_dagster.profile.distribution import FloatArray, IntArray

RECALIBRATED = (
    "logit c'(s) = a + b logit c(s), a and b by logistic regression of the labels of at most 5,000 rows of "
    "the baseline, weighted by the odds that a domain classifier gives each of being of the window (at most "
    "5,000 rows of that)."
)
REWEIGHTED = (
    "the idea of NannyML's M-CBPE, which fits all of c' to weighted rows (arXiv 2401.08348); "
    "`sklearn.linear_model.LogisticRegression` with the weights; [estimates.md](estimates.md)."
)
"""How it is computed, and where it is from, for definitions."""

_NEAREST = 1e-3
"""Chances closer to 0 or 1 are taken to be no closer where their logits are."""

_STEPS = 8
_PRIOR = np.array([0.0, 1.0])
"""Level and slope that change nothing; a row's worth of it keeps few rows from saying what cannot be."""


@dataclass(frozen=True)
class LikeRows:
    """Labelled rows of a baseline, weighted.

    Attributes:
        score: of each, shape (n,).
        label: whether it is positive, likewise.
        day: the number of its day, likewise; all 0 where rows have no days.
        likeness: their weights.
    """

    score: FloatArray
    label: FloatArray
    day: IntArray
    likeness: Likeness

    @cached_property
    def refused(self) -> str:
        """Why they teach nothing; empty if they do."""
        if self.likeness.refused:
            return self.likeness.refused
        weights = self.likeness.weights
        of_class = [weights[self.label == way] for way in (0, 1)]
        fewer = min(float(each.sum() ** 2 / max((each**2).sum(), 1e-300)) for each in of_class)
        if fewer < LEAST_OF_CLASS:
            return (
                f"rows of the smaller class, weighted to have the features of now, are worth {fewer:,.0f}, "
                f"where {LEAST_OF_CLASS} are needed"
            )
        return ""


@dataclass(frozen=True, kw_only=True)
class AdaptedCalibration(Calibration):
    """The calibration of a baseline, moved to what rows say that are weighted to be like those of a window.

    Attributes:
        like: these rows.
    """

    like: LikeRows

    @classmethod
    def of(cls, taught: Calibration, like: LikeRows) -> AdaptedCalibration:
        """From what the baseline's scores meant, and some of its rows."""
        return cls(taught.score, taught.positives, taught.negatives, taught.seed, like=like)

    def why_not(self, score: FloatArray, rows: FloatArray) -> str:
        """Why nothing can be said of rows of these scores; empty if something can."""
        return super().why_not(score, rows) or self.like.refused

    def chances(self, score: FloatArray) -> FloatArray:
        """The chance that rows of these scores are positive, shape of `score`."""
        return _moved(super().chances(score), self._fitted)

    def replicates(self, score: FloatArray) -> FloatArray:
        """The chances by resampled baselines, shape (REPLICATES, k)."""
        return _moved(super().replicates(score), self._resampled_fits)

    @cached_property
    def _logits(self) -> FloatArray:
        return _logit(super().chances(self.like.score))

    @cached_property
    def _fitted(self) -> FloatArray:
        """Level and slope, shape (2,)."""
        weights = self.like.likeness.weights[np.newaxis]
        found: FloatArray = level_and_slope(self._logits, self.like.label, weights)[0]
        return found

    @cached_property
    def _resampled_fits(self) -> FloatArray:
        """Level and slope of resampled rows, or days where there are enough, shape (REPLICATES, 2)."""
        rng = np.random.default_rng((self.seed, 8))
        days, place = np.unique(self.like.day, return_inverse=True)
        if len(days) >= LEAST_DAYS:
            times = rng.multinomial(len(days), np.full(len(days), 1 / len(days)), size=REPLICATES)[:, place]
        else:
            times = rng.poisson(1.0, size=(REPLICATES, len(place)))
        return level_and_slope(self._logits, self.like.label, times * self.like.likeness.weights)


def level_and_slope(logits: FloatArray, label: FloatArray, weights: FloatArray) -> FloatArray:
    """The logistic regression of labels on logits, by weighted maximum likelihood (Newton's steps).

    Args:
        logits: shape (n,).
        label: 0 or 1, likewise.
        weights: one fit for each row, shape (r, n).

    Returns:
        Level and slope, shape (r, 2); `sklearn.linear_model.LogisticRegression` with these weights, but for a
        prior worth one row that nothing has moved.
    """
    squares = logits**2
    found = np.tile(_PRIOR, (len(weights), 1))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(found[:, :1] + found[:, 1:] * logits)))
        off, spread = weights * (label - chance), weights * chance * (1 - chance)
        gradient = np.stack([off.sum(axis=1), off @ logits], axis=1) - (found - _PRIOR)
        one, cross, two = spread.sum(axis=1) + 1, spread @ logits, spread @ squares + 1
        area = one * two - cross**2
        step = np.stack(
            [two * gradient[:, 0] - cross * gradient[:, 1], one * gradient[:, 1] - cross * gradient[:, 0]],
            axis=1,
        )
        # a step that is too long, as of labels that scores tell without a mistake, would not come back
        found = found + np.clip(step / area[:, np.newaxis], -2.0, 2.0)
    return found


def _logit(chance: FloatArray) -> FloatArray:
    near = np.clip(chance, _NEAREST, 1 - _NEAREST)
    found: FloatArray = np.log(near / (1 - near))
    return found


def _moved(chances: FloatArray, fits: FloatArray) -> FloatArray:
    """Chances with another level and slope; those that are as good as 0 or 1 stay where they are."""
    found: FloatArray = 1 / (1 + np.exp(-(fits[..., :1] + fits[..., 1:] * _logit(chances))))
    sure = (chances < _NEAREST) | (chances > 1 - _NEAREST)
    return np.where(sure, chances, found)
