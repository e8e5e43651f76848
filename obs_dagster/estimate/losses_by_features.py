"""What predictions of numbers miss by where features are: direct loss estimation by trees.

Trees learn each loss of the baseline's rows from their features and the prediction; what they say of the rows
of the window, beside what groups of predictions say of the same, moves the estimate of these. On rows that
trees had not seen, weighted to be like those of the window, they are off by something, which is added: it is
right if trees know the losses, and if only the weights are right (doubly robust: Robins, Rotnitzky and Zhao,
1994). Where trees know the losses of such rows no better than the groups do, the groups' estimate is all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from obs_dagster.estimate.calibration import LEAST_DAYS
from obs_dagster.estimate.likeness import Likeness
from obs_dagster.estimate.losses import Losses, Move
from obs_dagster.profile.distribution import FloatArray, IntArray

FOLDS, TREES, LEAVES, LEAST_IN_LEAF = 3, 60, 8, 40
NO_BETTER = "features do not tell errors better than predictions do, on rows of the baseline held out"

Remembered = Callable[[Callable[[], Mapping[str, Any]]], Mapping[str, Any]]
"""Gives what was learned of the same rows before, or learns it by a function and keeps it."""


@dataclass(frozen=True)
class LossRows:
    """Rows with features and predictions; those of the baseline with losses.

    Attributes:
        known: features and the prediction of rows of the baseline, shape (n, k), NaN where there is none.
        prediction: of these, shape (n,).
        losses: of these by name, likewise, NaN of a row that does not have the loss.
        day: the number of the day of each, likewise.
        now: features and prediction of rows of the window, shape (m, k).
        now_prediction: their prediction, shape (m,).
        likeness: how rows of the baseline are weighted to be like those of the window.
        seed: a non-negative integer.
        remembered: keeps trees with the baseline.
    """

    known: FloatArray
    prediction: FloatArray
    losses: Mapping[str, FloatArray]
    day: IntArray
    now: FloatArray
    now_prediction: FloatArray
    likeness: Likeness
    seed: int
    remembered: Remembered

    @cached_property
    def folds(self) -> IntArray:
        """The fold of each row of the baseline: that of its day, where there are enough; else by chance."""
        rng = np.random.default_rng(self.seed)
        days, place = np.unique(self.day, return_inverse=True)
        if len(days) >= LEAST_DAYS:
            found: IntArray = (rng.permutation(len(days)) % FOLDS)[place]
            return found
        return rng.permutation(len(self.day)) % FOLDS

    @cached_property
    def trees(self) -> Mapping[str, Sequence[str]]:
        """By loss the trees of each fold, grown on the others, as LightGBM writes them."""
        return self.remembered(lambda: {name: self._grown(loss) for name, loss in self.losses.items()})

    def _grown(self, loss: FloatArray) -> list[str]:
        import lightgbm

        parameters = {
            "objective": "regression",
            "num_leaves": LEAVES,
            "min_data_in_leaf": LEAST_IN_LEAF,
            "learning_rate": 0.1,
            "seed": self.seed % 2**31,
            "deterministic": True,
            "num_threads": 1,
            "verbosity": -1,
        }
        having, found = np.isfinite(loss), []
        for held in range(FOLDS):
            left = having & (self.folds != held)
            rows = lightgbm.Dataset(self.known[left], loss[left])
            found.append(lightgbm.train(parameters, rows, num_boost_round=TREES).model_to_string())
        return found


@dataclass(frozen=True, kw_only=True)
class LossesByFeatures(Losses):
    """What groups of predictions of a baseline lost, moved to where the features of a window are.

    Attributes:
        like: rows of both.
    """

    like: LossRows

    @classmethod
    def of(cls, taught: Losses, like: LossRows) -> LossesByFeatures:
        """From what a baseline lost, and some of its rows."""
        return cls(taught.prediction, taught.losses, taught.seed, taught.scale, like=like)

    def why_not(self, prediction: FloatArray, rows: FloatArray) -> str:
        """Why nothing can be said of rows of these predictions; empty if something can."""
        return super().why_not(prediction, rows) or self.like.likeness.refused

    def move(self, name: str) -> Move:
        """What features say of a mean loss beyond what predictions do."""
        return self._moves[name]

    @cached_property
    def _moves(self) -> Mapping[str, Move]:
        return {name: self._move(name) for name in self.like.losses}

    def _move(self, name: str) -> Move:
        import lightgbm

        like, loss = self.like, self.like.losses[name]
        having = np.isfinite(loss)
        trees = [lightgbm.Booster(model_str=each) for each in like.trees[name]]
        unseen = np.zeros(len(loss))
        for held, grown in enumerate(trees):
            own = like.folds == held
            unseen[own] = grown.predict(like.known[own], num_threads=1) if own.any() else 0.0
        weights = like.likeness.weights[having]
        weights = weights / weights.sum()
        off, grouped = (loss - unseen)[having], (loss - self._by_group(name, like.prediction))[having]
        if weights @ off**2 >= weights @ grouped**2:
            return Move(refused=NO_BETTER)
        said = np.stack([grown.predict(like.now, num_threads=1) for grown in trees])
        apart = said.mean(axis=0) - self._by_group(name, like.now_prediction)
        mean_off = float(weights @ off)
        around = (off - mean_off) ** 2
        return Move(
            float(apart.mean()) + mean_off,
            # what trees of other rows would say else is taken back by what these are off by, as they had not
            # seen the rows it is measured on (Chernozhukov et al., Econometrics Journal 21, 2018)
            float(np.sqrt((weights**2) @ around)),
            apart=float(apart.var()),
            sampled=len(apart),
            variance=float(weights @ around),
        )

    def _by_group(self, name: str, prediction: FloatArray) -> FloatArray:
        """What groups of predictions lost."""
        _, at = self.groups
        found: FloatArray = np.interp(prediction, at, self.learned[name].mean)
        return found
