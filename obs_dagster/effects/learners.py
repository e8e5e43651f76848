"""What is learned of rows: chances and means, from a level that each row brings along, and its covariates.

Three kinds are tried, and the one that says most of rows which it has not seen is taken (the discrete super
learner of van der Laan, Polley and Hubbard, Statistical Applications in Genetics and Molecular Biology 6,
2007): the level alone, a linear model with a small ridge, and boosted trees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from obs_dagster.effects.rows import FOLDS
from obs_dagster.effects.values import told_by_others
from obs_dagster.profile.distribution import FloatArray, IntArray

TREES, LEAVES, LEAST_IN_LEAF, RATE = 60, 8, 30, 0.1
RIDGE = 1.0
_STEPS, _SMALL = 25, 1e-8
_FARTHEST = 12.0

Predictor = Callable[[FloatArray], FloatArray]
"""What covariates add to a row's level, shape (rows,)."""

Level = Callable[[NDArray[np.bool_]], FloatArray]
"""The level of all rows, as those teach it that are chosen; shape (n,) of both."""


@dataclass(frozen=True, slots=True)
class Task:
    """Rows to learn from.

    Attributes:
        covariates: shape (n, k).
        target: shape (n,).
        level: what is said of a row without its covariates, likewise; log-odds if `binary`.
        binary: whether targets are 0 or 1.
        values: of features of which not each value has a covariate, shape (n,) each.
    """

    covariates: FloatArray
    target: FloatArray
    level: FloatArray
    binary: bool
    values: Sequence[IntArray] = ()

    def of(self, chosen: NDArray[np.bool_]) -> Task:
        """Some of the rows."""
        values = [each[chosen] for each in self.values]
        return Task(self.covariates[chosen], self.target[chosen], self.level[chosen], self.binary, values)

    def told(self, level: FloatArray, taught: NDArray[np.bool_], fold: IntArray) -> Task:
        """With a level, and a covariate for what the values of each feature say beyond it."""
        beyond = self.target - (expit(level) if self.binary else level)
        said = [told_by_others(each, beyond, taught, fold) for each in self.values]
        return Task(np.column_stack([self.covariates, *said]), self.target, level, self.binary)


def nothing(_task: Task, _seed: int) -> Predictor:
    """Covariates add nothing."""
    return lambda covariates: np.zeros(len(covariates))


def linear(task: Task, _seed: int) -> Predictor:
    """A linear predictor beside the level, by penalised maximum likelihood: least squares, or Newton's steps.

    It is what `statsmodels.GLM(..., offset=level).fit()` gives, but for the ridge: half of `RIDGE` times the
    sum of the squared slopes, of standardised covariates, is added to the deviance.
    """
    centre = task.covariates.mean(axis=0)
    scale = task.covariates.std(axis=0)
    scale[scale < _SMALL] = np.inf

    def design(covariates: FloatArray) -> FloatArray:
        return np.column_stack([np.ones(len(covariates)), (covariates - centre) / scale])

    rows = design(task.covariates)
    penalty = np.diag([_SMALL, *np.repeat(RIDGE, rows.shape[1] - 1)])
    slopes = np.zeros(rows.shape[1])
    for _ in range(_STEPS if task.binary else 1):
        said = task.level + rows @ slopes
        mean = expit(said) if task.binary else said
        worth = mean * (1 - mean) if task.binary else np.ones(len(said))
        gradient = rows.T @ (task.target - mean) - penalty @ slopes
        step = np.linalg.solve((rows * worth[:, None]).T @ rows + penalty, gradient)
        # where a hyperplane parts the targets slopes would grow for ever
        slopes = slopes + np.clip(step, -2.0, 2.0) if task.binary else slopes + step
        if np.abs(step).max() < _SMALL:
            break
    return lambda covariates: design(covariates) @ slopes


def trees(task: Task, seed: int) -> Predictor:
    """Boosted trees beside the level (LightGBM)."""
    import lightgbm

    parameters = {
        "objective": "binary" if task.binary else "regression",
        "boost_from_average": False,
        "num_leaves": LEAVES,
        "min_data_in_leaf": LEAST_IN_LEAF,
        "learning_rate": RATE,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(task.covariates, task.target, init_score=task.level)
    grown = lightgbm.train(parameters, rows, num_boost_round=TREES)

    def added(covariates: FloatArray) -> FloatArray:
        return np.asarray(grown.predict(covariates, raw_score=True, num_threads=1), dtype=np.float64)

    return added


LEARNERS = {"level": nothing, "linear": linear, "trees": trees}


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of rows, said of each by what had not seen it.

    Attributes:
        level: what each row was said to be without its covariates, shape (n,), log-odds if of two classes.
        added: what its covariates add, likewise.
        by: the kind that was taken.
        told: the same of the best kind that looks at covariates, whether it was taken or not; zeros if there
            are no covariates.
    """

    level: FloatArray
    added: FloatArray
    by: str
    told: FloatArray

    @property
    def chance(self) -> FloatArray:
        """Of two classes: the chance of the second, kept from 0 and 1."""
        found: FloatArray = expit(np.clip(self.level + self.added, -_FARTHEST, _FARTHEST))
        return found

    @property
    def mean(self) -> FloatArray:
        """Of numbers."""
        return self.level + self.added


def crossfitted(task: Task, fold: IntArray, learns: NDArray[np.bool_], level: Level, seed: int) -> Learned:
    """Learn of the rows outside of each fold what is said of those in it.

    Args:
        task: all rows; their `level` is not looked at.
        fold: of each row, shape (n,).
        learns: rows that may be learned from, likewise; what is said, is said of all.
        level: gives the level of all rows, as some of them teach it.
        seed: a non-negative integer; the same rows and seed give the same.
    """
    added = {name: np.zeros(len(fold)) for name in LEARNERS}
    levels = np.zeros(len(fold))
    # covariates that nobody has, or a handful of rows, teach nothing
    kinds = LEARNERS if task.covariates.shape[1] or task.values else {"level": nothing}
    for held in range(FOLDS):
        taught, asked = learns & (fold != held), fold == held
        base = level(taught)
        levels[asked] = base[asked]
        known = task.told(base, taught, fold)
        own = known.of(taught)
        for name, learner in kinds.items():
            if len(np.unique(own.target)) > 1 or name == "level":
                added[name][asked] = learner(own, seed)(known.covariates[asked])
    losses = {name: _loss(task, levels + added[name], learns) for name in kinds}
    by = min(losses, key=lambda name: losses[name])
    looking = [name for name in kinds if name != "level"]
    told = added[min(looking, key=lambda name: losses[name])] if looking else np.zeros(len(fold))
    return Learned(levels, added[by], by, told)


def _loss(task: Task, said: FloatArray, learns: NDArray[np.bool_]) -> float:
    """The mean log loss, or squared error, on rows that had not been seen."""
    target, said = task.target[learns], said[learns]
    if task.binary:
        return float(np.mean(np.logaddexp(0.0, said) - target * said))
    return float(np.mean((target - said) ** 2))


def day_level(
    target: FloatArray, day: IntArray, taught: NDArray[np.bool_], *, binary: bool, prior: float
) -> FloatArray:
    """What each row's day is like, drawn to all days by as much as `prior` rows of these say; shape (n,).

    Args:
        target: of all rows, shape (n,).
        day: likewise.
        taught: the rows that teach it, likewise.
        binary: whether targets are 0 or 1; then it is the log-odds.
        prior: a number of rows.
    """
    days = int(day.max()) + 1
    rows = np.bincount(day[taught], minlength=days)
    sums = np.bincount(day[taught], weights=target[taught], minlength=days)
    # half a row of either kind: nobody is sure after few rows that are all alike
    overall = (sums.sum() + 0.5 * binary) / (rows.sum() + 1.0 * binary)
    mean = (sums + prior * overall) / (rows + prior)
    found: FloatArray = (logit(mean) if binary else mean)[day]
    return found
