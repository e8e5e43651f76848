"""Trees that tell two samples of rows apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.curves import ScoreCounts
from obs_dagster.profile.distribution import FloatArray

FOLDS = 3
TREES, LEAVES = 50, 15


@dataclass(frozen=True, slots=True)
class Told:
    """What the classifiers of the folds say.

    Attributes:
        scores: of each row the score that it got from the trees which had not seen it, shape (n,).
        current: whether it is the day's, shape (n,).
        gain: of each column, how much splits on it gained, in all folds, shape (k,).
    """

    scores: FloatArray
    current: NDArray[np.bool_]
    gain: FloatArray

    @property
    def counts(self) -> ScoreCounts:
        """Rows of each side by score."""
        score, place = np.unique(self.scores, return_inverse=True)
        current = np.bincount(place[self.current], minlength=len(score))
        baseline = np.bincount(place[~self.current], minlength=len(score))
        return ScoreCounts(score, current, baseline, np.zeros(len(score), dtype=bool))


def told_apart(baseline: FloatArray, current: FloatArray, seed: int) -> Told:
    """Trees that are grown to tell two samples apart, each fold's by the other folds.

    Args:
        baseline: shape (n, k); NaN is a value of its own.
        current: shape (m, k), likewise.
        seed: decides which rows are in which fold.
    """
    import lightgbm

    values = np.concatenate([baseline, current])
    is_current = np.repeat([False, True], [len(baseline), len(current)])
    draw = np.random.default_rng(seed)
    # as many of each side in every fold
    fold = np.concatenate([draw.permutation(len(side)) % FOLDS for side in (baseline, current)])
    parameters = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": 0.1,
        "seed": seed % 2**31,
        "deterministic": True,
        # so few rows are done sooner by one
        "num_threads": 1,
        "verbosity": -1,
    }
    scores, gain = np.zeros(len(values)), np.zeros(values.shape[1])
    for held in range(FOLDS):
        left = fold != held
        rows = lightgbm.Dataset(values[left], is_current[left].astype(np.float64))
        grown = lightgbm.train(parameters, rows, num_boost_round=TREES)
        scores[~left] = grown.predict(values[~left], num_threads=1)
        gain += grown.feature_importance("gain")
    return Told(scores, is_current, gain)
