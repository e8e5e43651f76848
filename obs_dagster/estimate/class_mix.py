"""What scores mean if the mix of classes has moved: the same calibration with other shares of its class.

A calibration holds where rows of one score are what they were. Where classes come in another mix, while rows
of each look as they did, it does not: of a class that became frequent every score promises more. Nothing in
scores tells which of the two it is, but they say how large the share of the class would have to be for it:

    c'(s) = c(s) r / (1 - c(s) + c(s) r),    r: the odds of the class now by those on the baseline

by maximum likelihood of the scores (Saerens, Latinne and Decaestecker, Neural Computation 14 (2002), 21-41).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.draws import poissons
from obs_dagster.estimate.expected import levelled
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.profile.distribution import FloatArray

_LEAST_SHARE = 1e-4
_STEPS = 12
_BINS = 128
"""Bins of the window that shares are found with."""


@dataclass(frozen=True, kw_only=True)
class MixedCalibration(Calibration):
    """The calibration of a class as it is if its share is another one in a window.

    Attributes:
        window: the predictions of the window.
    """

    window: Predicted

    @classmethod
    def of(cls, taught: Calibration, window: Predicted) -> MixedCalibration:
        """From what scores meant on the baseline, and those of a window."""
        few = window.joined(window.groups(_BINS))
        return cls(taught.score, taught.positives, taught.negatives, taught.seed, window=few)

    @property
    def _rows(self) -> FloatArray:
        found: FloatArray = self.window.rows.sum(axis=1)
        return found

    @cached_property
    def prior(self) -> float:
        """The share of the class on the baseline."""
        return float(self.positives.sum() / self.rows.sum())

    @cached_property
    def share(self) -> float:
        """That in the window."""
        return float(share_of(super().chances(self.window.score), self._rows, self.prior)[0])

    def chances(self, score: FloatArray) -> FloatArray:
        """The chance that rows of these scores are of the class, shape of `score`."""
        return levelled(super().chances(score), _log_odds(self.share) - _log_odds(self.prior))

    def replicates(self, score: FloatArray) -> FloatArray:
        """The chances by resampled baselines and windows, shape (REPLICATES, k)."""
        rng = np.random.default_rng((self.seed, 9))
        known = super().replicates(self.window.score)
        shares = share_of(known, poissons(rng, self._rows, len(known)), self.prior)
        level = _log_odds(shares) - _log_odds(self.prior)
        return levelled(super().replicates(score), level[:, np.newaxis])


def rank(taught: Calibration, window: Predicted) -> tuple[float, float]:
    """Where the class's rows of a baseline would stand among all rows of a window, by score.

    If rows of the class are what they were, and are a share π of the window, their ROC AUC against the rest
    of it is (rank - π / 2) / (1 - π): among themselves they stand in the middle.

    Returns:
        The mean share of the window's rows that score lower, ties counted by half, and its variance over the
        class's rows; in the middle where the class has none.
    """
    own = taught.positives.sum(axis=0)
    if not own.any() or not window.n:
        return 0.5, 0.0
    rows = window.by_score
    below = np.interp(taught.score, window.score, (np.cumsum(rows) - rows / 2) / rows.sum())
    mean = float(own @ below) / float(own.sum())
    return mean, float(own @ (below - mean) ** 2) / float(own.sum())


def share_of(chances: FloatArray, rows: FloatArray, prior: float) -> FloatArray:
    """The share of a class in a window by its scores, by maximum likelihood (Newton's steps; it is concave).

    Args:
        chances: of each bin on the baseline, shape (..., k).
        rows: of the window in each, shape (..., k).
        prior: the share on the baseline.

    Returns:
        Shares, of shape (r,); one row of (k,) is one window.
    """
    prior = float(np.clip(prior, _LEAST_SHARE, 1 - _LEAST_SHARE))
    own, other = np.atleast_2d(chances) / prior, (1 - np.atleast_2d(chances)) / (1 - prior)
    apart, counts = own - other, np.atleast_2d(rows)
    share = np.full(len(own), prior)
    for _ in range(_STEPS):
        leaning = apart / np.maximum(share[:, np.newaxis] * apart + other, 1e-12)
        slope, curve = (counts * leaning).sum(axis=1), (counts * leaning**2).sum(axis=1)
        share = np.clip(share + slope / np.maximum(curve, 1e-12), _LEAST_SHARE, 1 - _LEAST_SHARE)
    return share


def _log_odds(share: FloatArray | float) -> FloatArray:
    found: FloatArray = np.log(share / (1 - np.asarray(share)))
    return found
