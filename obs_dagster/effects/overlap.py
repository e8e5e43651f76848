"""Whether both versions got rows of a kind: without that, nothing can be known of their difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from obs_dagster.effects.covariates import VALUES
from obs_dagster.effects.learners import Task, crossfitted, day_level
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.values import many, told_by_others
from obs_dagster.metrics.curves import ScoreCounts, roc_auc
from obs_dagster.metrics.intervals import Z
from obs_dagster.profile.distribution import FloatArray, IntArray

SUPPORT = 0.1
"""Rows whose chance of a version is less, had both equal shares of the day, are left out: the rule of Crump,
Hotz, Imbens and Mitnik (Biometrika 96, 2009, 187-199)."""

MOST_OUTSIDE = 0.5
"""The share of rows that may be left out."""

APART = 0.95
"""From here on the features as good as say which version gets a row."""

GUESSING = 0.5
"""The area where nothing tells which version gets a row."""

LEAST_ROWS = 50
"""What the rows of either version must be worth once they are weighted."""


@dataclass(frozen=True)
class Overlap:
    """How versions were told apart by what was known of rows.

    Attributes:
        chance: of each row, that the second version got it, shape (n,).
        balanced: the same had both versions had equal shares of the day.
        inside: whether either version could have got the row, by `SUPPORT`.
        outside: the share of the log's rows of these days that are not inside.
        area: the area under the ROC curve of telling the versions apart within days; 0.5 is not at all.
        low, high: its 95 % interval.
        effective: what the rows inside are worth, of the first and of the second version (Kish).
        quantiles: of `balanced` at 5, 25, 50, 75 and 95 % of the rows of either version, shape (2, 5).
        by: what told them apart best: `level`, then nothing but the day does.
        alone: the area by each feature alone that tells them apart, the most telling first.
    """

    chance: FloatArray
    balanced: FloatArray
    inside: NDArray[np.bool_]
    outside: float
    area: float
    low: float
    high: float
    effective: tuple[float, float]
    quantiles: FloatArray
    by: str
    alone: Mapping[str, float] = field(default_factory=dict)

    @property
    def at_random(self) -> bool:
        """Whether nothing that is known of rows says which version gets them."""
        return self.low <= GUESSING

    @property
    def refused(self) -> str:
        """Why nothing can be known; empty if something can."""
        most = "".join(f", by {name} alone {area:.3f}" for name, area in [*self.alone.items()][:1])
        told = f"who gets a row can be told by the features (AUC {self.area:.3f}{most})"
        if self.area >= APART:
            return f"{told}: hardly a row could have got either version"
        if self.outside > MOST_OUTSIDE:
            return f"of {self.outside:.0%} of the rows only one version got such rows: {told}"
        if min(self.effective) < LEAST_ROWS:
            least = min(self.effective)
            return f"made alike, the rows of one version are worth {least:.0f}; {LEAST_ROWS} are needed"
        return ""


def overlap(rows: ServedRows, fold: IntArray, seed: int) -> Overlap:
    """Learn who gets a row from the day and the covariates.

    Args:
        rows: of days on which both versions served.
        fold: of each row.
        seed: a non-negative integer.
    """
    served = rows.treated.astype(np.float64)
    everyone = np.ones(rows.n, dtype=bool)
    learned = crossfitted(
        Task(rows.covariates, served, served, binary=True, values=many(rows.values, VALUES)),
        fold,
        everyone,
        lambda taught: day_level(served, rows.day, taught, binary=True, prior=1.0),
        seed,
    )
    balanced = expit(learned.added)
    # rows were drawn of each version and day by themselves: the log's odds are those of the rows, times what
    # a row of the second version stands for beside one of the first
    drawn = rows.day_sums([rows.weight * served, served, rows.weight * (1 - served), 1 - served])
    _, place = np.unique(rows.day, return_inverse=True)
    stands = np.log(drawn[:, 0] / drawn[:, 1]) - np.log(drawn[:, 2] / drawn[:, 3])
    chance = expit(logit(learned.chance) + stands[place])
    inside = (balanced >= SUPPORT) & (balanced <= 1 - SUPPORT)
    area, deviation = _told_apart(learned.told, rows)
    low, high = area - Z * deviation, area + Z * deviation
    return Overlap(
        chance=chance,
        balanced=balanced,
        inside=inside,
        outside=float(rows.weight[~inside].sum() / rows.weight.sum()),
        area=area,
        low=low,
        high=high,
        effective=(
            _worth((rows.weight / (1 - chance))[inside & ~rows.treated]),
            _worth((rows.weight / chance)[inside & rows.treated]),
        ),
        quantiles=np.array([_quantiles(balanced[rows.treated == side]) for side in (False, True)]),
        by=learned.by,
        alone=_alone(rows, fold, served - expit(learned.level)) if low > GUESSING else {},
    )


def _alone(rows: ServedRows, fold: IntArray, beyond: FloatArray) -> dict[str, float]:
    """The area by each feature that tells versions apart for itself, the most telling first."""
    everyone = np.ones(rows.n, dtype=bool)
    found = {}
    for name, values in rows.values.items():
        area, deviation = _told_apart(told_by_others(values, beyond, everyone, fold), rows)
        if area - Z * deviation > GUESSING:
            found[name] = area
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _told_apart(score: FloatArray, rows: ServedRows) -> tuple[float, float]:
    """The area under the curve over pairs of one day, and its standard error."""
    areas, variances, pairs = [], [], []
    for day in np.unique(rows.day):
        own = rows.day == day
        value, place = np.unique(score[own], return_inverse=True)
        second = np.bincount(place[rows.treated[own]], minlength=len(value))
        first = np.bincount(place[~rows.treated[own]], minlength=len(value))
        area, deviation = roc_auc(ScoreCounts(value, second, first, np.zeros(len(value), dtype=bool)))
        if not math.isnan(deviation):
            areas.append(area)
            variances.append(deviation**2)
            pairs.append(float(first.sum() * second.sum()))
    if not pairs:
        return 0.5, math.inf
    shares = np.array(pairs) / sum(pairs)
    return float(shares @ areas), math.sqrt(float(shares**2 @ variances))


def _worth(weights: FloatArray) -> float:
    """How many rows of one weight would be as sure (Kish)."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def _quantiles(values: FloatArray) -> FloatArray:
    return np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
