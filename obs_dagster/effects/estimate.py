"""The mean effect of serving the second version in the place of the first.

The estimate is doubly robust: augmented inverse propensity weighting (Robins, Rotnitzky and Zhao, JASA 89,
1994, 846-866) with cross-fitting (Chernozhukov et al., Econometrics Journal 21, 2018, C1-C68):

    ψ_i = m₁(x_i) - m₀(x_i) + T_i (y_i - m₁(x_i)) / e(x_i) - (1 - T_i) (y_i - m₀(x_i)) / (1 - e(x_i))

and the effect is the mean of ψ. It is right if the chances e of getting the second version are, or if the
means m₀ and m₁ of the outcome are; both come from rows of other folds. Rows are weighted by how many of the
log's they stand for. Its error is that of days, for rows of one day have more in common than features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.effects.by_day import Mean, over_days, weighted_mean
from obs_dagster.effects.covariates import VALUES
from obs_dagster.effects.learners import Learned, Task, crossfitted, day_level
from obs_dagster.effects.overlap import Overlap, overlap
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.values import many
from obs_dagster.profile.distribution import FloatArray, IntArray

LEAST_DAYS = 7
"""Days on which both served: fewer do not say how days differ from each other."""

LEAST_OF_EACH = 100
"""Labelled rows of either version."""

_PRIOR = 20.0
"""Rows by which the mean outcome of a day is drawn to that of all days."""


@dataclass(frozen=True)
class Estimated:
    """What serving the second version did.

    Attributes:
        raw: the difference in means, second minus first.
        effect: the doubly robust one; None if it is refused.
        means: what the outcome would be, were all rows served by the first, or by the second version.
        ratio: the logarithm of the second of these over the first; None where one is not above 0.
        spread: the standard deviation of the outcome.
        overlap: how the versions were told apart.
        rows: that the effect is of, out of those that were given.
        scores: ψ of each row inside the common support, shape (rows,).
        inside: those rows.
        learned: by what the outcome of either version is known: `level`, `linear` or `trees`.
    """

    raw: Mean
    overlap: Overlap
    effect: Mean | None = None
    means: tuple[Mean, Mean] | None = None
    ratio: Mean | None = None
    spread: float = 0.0
    inside: ServedRows | None = None
    scores: FloatArray | None = None
    learned: tuple[str, str] = ("", "")

    @property
    def refused(self) -> str:
        """Why the effect cannot be known; empty if it can."""
        return self.overlap.refused


def too_few(rows: ServedRows) -> str:
    """Why rows are too few for an effect; empty if they are enough."""
    if rows.days < LEAST_DAYS:
        return f"both versions have labelled rows on {rows.days} days; {LEAST_DAYS} are needed"
    least = min(int(rows.treated.sum()), int((~rows.treated).sum()))
    if least < LEAST_OF_EACH:
        return f"one version has {least} labelled rows on these days; {LEAST_OF_EACH} are needed"
    if np.ptp(rows.outcome) == 0:
        return "all rows have the same outcome"
    return ""


def estimated(rows: ServedRows, seed: int) -> Estimated:
    """The effect on the rows that either version could have served.

    Args:
        rows: of days on which both served, enough of them (`too_few`).
        seed: a non-negative integer; the same rows and seed give the same.
    """
    fold = rows.folds(seed)
    found = overlap(rows, fold, seed)
    raw = raw_difference(rows)
    if found.refused:
        return Estimated(raw, found)
    first, second = (_outcomes(rows, fold, seed, rows.treated == side) for side in (False, True))
    scores = robust_scores(rows, found.chance, expected(first, rows), expected(second, rows))
    inside = rows.of(found.inside)
    kept = [each[found.inside] for each in scores]
    if inside.days < 2:  # noqa: PLR2004  one day says nothing of how days differ
        return Estimated(raw, found)
    return Estimated(
        raw=raw,
        overlap=found,
        effect=mean_over_days(kept[1] - kept[0], inside),
        means=(mean_over_days(kept[0], inside), mean_over_days(kept[1], inside)),
        ratio=_ratio(kept[0], kept[1], inside),
        spread=float(np.sqrt(np.cov(inside.outcome, aweights=inside.weight))),
        inside=inside,
        scores=kept[1] - kept[0],
        learned=(first.by, second.by),
    )


def raw_difference(rows: ServedRows) -> Mean:
    """The difference in means, whatever differs between the rows."""
    sides = [rows.weight * (rows.treated == side) for side in (False, True)]
    sums = rows.day_sums([sides[0] * rows.outcome, sides[0], sides[1] * rows.outcome, sides[1]])
    total = sums.sum(axis=0)
    left = total - sums

    def difference(of: FloatArray) -> FloatArray:
        return of[..., 2] / of[..., 3] - of[..., 0] / of[..., 1]

    return over_days(difference(total), difference(left))


def robust_scores(
    rows: ServedRows, chance: FloatArray, first: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What each row says of the mean outcome, had the first or the second version served all.

    Both have the shape (n,).

    Args:
        rows: the rows.
        chance: that the second version got a row, shape (n,).
        first: the outcome that is expected of a row under the first version, likewise.
        second: likewise under the second.
    """
    zero = first + np.where(rows.treated, 0.0, (rows.outcome - first) / (1 - chance))
    one = second + np.where(rows.treated, (rows.outcome - second) / chance, 0.0)
    return zero, one


def mean_over_days(scores: FloatArray, rows: ServedRows) -> Mean:
    """The mean of scores, with the error of days."""
    sums = rows.day_sums([rows.weight * scores, rows.weight])
    return weighted_mean(sums[:, 0], sums[:, 1])


def expected(learned: Learned, rows: ServedRows) -> FloatArray:
    """The outcome that is expected of each row."""
    return learned.chance if rows.binary else learned.mean


def _outcomes(rows: ServedRows, fold: IntArray, seed: int, served: NDArray[np.bool_]) -> Learned:
    return crossfitted(
        Task(rows.covariates, rows.outcome, rows.outcome, rows.binary, many(rows.values, VALUES)),
        fold,
        served,
        lambda taught: day_level(rows.outcome, rows.day, taught, binary=rows.binary, prior=_PRIOR),
        seed,
    )


def _ratio(first: FloatArray, second: FloatArray, rows: ServedRows) -> Mean | None:
    sums = rows.day_sums([rows.weight * first, rows.weight * second])
    total = sums.sum(axis=0)
    left = total - sums
    if min(total.min(), left.min()) <= 0:
        return None
    return over_days(np.log(total[1] / total[0]), np.log(left[:, 1] / left[:, 0]))
