"""Two explanations of one version, and how they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from obs_dagster.metrics.bootstrap import REPLICATES
from obs_dagster.metrics.intervals import TAILS
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

TOP = 5
"""The features of which two explainers are asked whether they name the same ones."""

LABELLED = ("binary_classification", "multiclass_classification", "regression")
"""Kinds of models whose single rows have a loss."""

Explainer = Literal["LIME", "labels"]


@dataclass(frozen=True, slots=True)
class Opinions:
    """What SHAP says of a version's features, and what another explainer says of them.

    Attributes:
        by: the other explainer: LIME of the same rows, or permutation importance on labels.
        shap: SHAP values, shape (n, features).
        other: LIME's weights of the same rows, shape (n, features); or by how much each labelled row's loss
            grows without a feature, shape (m, features).
        obstacle: why they cannot be compared; empty if they can.
    """

    by: Explainer
    shap: FloatArray
    other: FloatArray
    obstacle: str = ""

    @property
    def clear(self) -> tuple[FloatArray, FloatArray]:
        """Both, without rows that have values which are no finite numbers."""
        if self.obstacle or self.shap.ndim != self.other.ndim:
            return self.shap[:0], self.other[:0]
        finite, finite_too = (np.isfinite(each).all(axis=1) for each in (self.shap, self.other))
        if self.by == "LIME":
            finite = finite_too = finite & finite_too
        return self.shap[finite], self.other[finite_too]

    @property
    def rows(self) -> int:
        """Rows behind what the other one says."""
        return len(self.clear[1])

    @property
    def why_not(self) -> str:
        """Why there is nothing to compare; empty if there is."""
        if self.obstacle:
            return self.obstacle
        if not all(map(len, self.clear)):
            return "no explained rows"
        return "one feature only" if self.shap.shape[1] < 2 else ""  # noqa: PLR2004

    @property
    def importances(self) -> tuple[FloatArray, FloatArray]:
        """What each says of every feature's importance, by row; means over rows are the importances.

        Both are in units of their largest value: ranks do not change, and sums cannot overflow.
        """
        shap, other = (each / (float(np.abs(each).max()) or 1.0) for each in self.clear)
        return np.abs(shap), np.abs(other) if self.by == "LIME" else other

    def resampled(self) -> tuple[FloatArray, FloatArray]:
        """Importances of rows that are drawn again, each of shape (REPLICATES, features)."""
        first, second = self.importances
        rng = np.random.default_rng((*first.shape, *second.shape))
        drawn = _weights(rng, len(first))
        again = drawn if self.by == "LIME" else _weights(rng, len(second))
        return drawn @ first, again @ second


def _weights(rng: np.random.Generator, n: int) -> FloatArray:
    drawn: FloatArray = rng.multinomial(n, np.full(n, 1 / n), REPLICATES) / n
    return drawn


def estimated(value: float, drawn: FloatArray, n: int) -> Estimate:
    """A value with the percentiles of what it is for rows that are drawn again.

    Args:
        value: the value.
        drawn: the value of each replicate; NaN where it has none.
        n: rows behind it.
    """
    finite = drawn[np.isfinite(drawn)]
    if n == 1 or not finite.size:
        return Estimate(value, None, None, n)
    low, high = np.quantile(finite, TAILS)
    return Estimate(value, min(value, float(low)), max(value, float(high)), n)


def rank_correlation(first: FloatArray, second: FloatArray) -> FloatArray:
    """Spearman's correlation of the last axis of two arrays; NaN where one has no order.

    >>> float(rank_correlation(np.array([3.0, 2.0, 1.0]), np.array([9.0, 5.0, 7.0])).round(2))
    0.5
    """
    from scipy.stats import rankdata

    ranks = [rankdata(each, axis=-1) for each in (first, second)]
    a, b = (each - each.mean(axis=-1, keepdims=True) for each in ranks)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return found


_PAIRS = 1 << 24
"""Pairs of features that are compared at once."""


def pair_agreement(first: FloatArray, second: FloatArray) -> FloatArray:
    """Kendall's tau-b of the last axis of two arrays; NaN where one has no order.

    >>> float(pair_agreement(np.array([3.0, 2.0, 1.0]), np.array([9.0, 5.0, 7.0])).round(2))
    0.33
    """
    one, other = (each.reshape(-1, each.shape[-1]) for each in np.broadcast_arrays(first, second))
    found = np.empty(len(one))
    step = max(1, _PAIRS // max(1, one.shape[-1] ** 2))
    for start in range(0, len(one), step):
        a, b = (
            np.sign(each[start : start + step, :, np.newaxis] - each[start : start + step, np.newaxis, :])
            for each in (one, other)
        )
        untied = np.abs(a).sum(axis=(-2, -1)) * np.abs(b).sum(axis=(-2, -1))
        with np.errstate(invalid="ignore", divide="ignore"):
            found[start : start + step] = (a * b).sum(axis=(-2, -1)) / np.sqrt(untied)
    return found.reshape(np.broadcast_shapes(first.shape, second.shape)[:-1])


def top_overlap(first: FloatArray, second: FloatArray, count: int = TOP) -> FloatArray:
    """The share of the `count` largest of the first that are among those of the second, on the last axis.

    >>> float(top_overlap(np.array([3.0, 2.0, 1.0]), np.array([9.0, 5.0, 7.0]), 2))
    0.5
    """
    count = min(count, first.shape[-1])
    named = [np.argsort(-each, axis=-1, kind="stable")[..., :count] for each in (first, second)]
    among = (named[0][..., :, np.newaxis] == named[1][..., np.newaxis, :]).any(axis=-1)
    found: FloatArray = among.mean(axis=-1)
    return found
