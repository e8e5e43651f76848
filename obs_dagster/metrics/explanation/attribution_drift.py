"""Whether a model's decisions rest on what they rested on: a day's SHAP values beside the baseline's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.bootstrap import REPLICATES
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import TAILS
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

_KOLMOGOROV = math.sqrt(-math.log(0.025) / 2)
"""The 95 % quantile of Kolmogorov's distribution, by the first term of its series: right to 1e-5."""
_NO_ROWS = "no explained rows"


@dataclass(frozen=True, slots=True)
class AttributionShift:
    """SHAP values of a day beside those of the version's baseline.

    Attributes:
        then: those of the baseline's rows, shape (m, features).
        now: those of the day's rows, shape (n, features).
        column: the place of a feature; None for all of them together.
        obstacle: why they cannot be compared; empty if they can.
    """

    then: FloatArray
    now: FloatArray
    column: int | None
    obstacle: str = ""

    @property
    def clear(self) -> tuple[FloatArray, FloatArray]:
        """Both, without rows that have values which are no finite numbers."""
        then, now = (each[np.isfinite(each).all(axis=1)] for each in (self.then, self.now))
        return then, now


def ndcg(then: FloatArray, now: FloatArray) -> FloatArray:
    """How well the ranking of features by `now` gains what the ranking by `then` would.

    >>> float(ndcg(np.array([3.0, 2.0, 1.0]), np.array([2.0, 3.0, 1.0])).round(4))
    0.9225

    Args:
        then: importance of each feature on the baseline, shape (..., features).
        now: that of the day, likewise.

    Returns:
        Shape (...): 1 for the same ranking; NaN where no feature had any importance.
    """
    discounts = 1 / np.log2(np.arange(2, then.shape[-1] + 2))
    gained = np.take_along_axis(then, np.argsort(-now, axis=-1, kind="stable"), axis=-1) @ discounts
    ideal = -np.sort(-then, axis=-1) @ discounts
    with np.errstate(invalid="ignore"):
        found: FloatArray = gained / ideal
    return found


def _ndcg(shift: AttributionShift) -> Estimate:
    if shift.obstacle:
        return Estimate.missing(shift.obstacle)
    then, now = (np.abs(each) for each in shift.clear)
    n = len(now)
    if not n or not len(then):
        return Estimate.missing(_NO_ROWS)
    # a ratio does not change, and sums cannot overflow
    then, now = (each / (float(each.max()) or 1.0) for each in (then, now))
    value = float(ndcg(then.mean(axis=0), now.mean(axis=0)))
    if math.isnan(value):
        return Estimate.missing("no feature moves the output on the baseline", n)
    if n == 1:
        return Estimate(value, None, None, n)
    rng = np.random.default_rng((n, len(then), then.shape[1]))
    drawn = ndcg(*(_resampled(rng, each) for each in (then, now)))
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, TAILS) if drawn.size else (value, value)
    return Estimate(value, min(value, float(low)), max(value, float(high)), n)


def _resampled(rng: np.random.Generator, sizes: FloatArray) -> FloatArray:
    """Means of rows that are drawn again, shape (REPLICATES, features)."""
    n = len(sizes)
    drawn: FloatArray = rng.multinomial(n, np.full(n, 1 / n), REPLICATES) @ sizes / n
    return drawn


def _ks(shift: AttributionShift) -> Estimate:
    if shift.obstacle:
        return Estimate.missing(shift.obstacle)
    then, now = (np.sort(each[:, shift.column or 0]) for each in shift.clear)
    m, n = len(then), len(now)
    if not n or not m:
        return Estimate.missing(_NO_ROWS)
    points = np.concatenate([then, now])
    below = (np.searchsorted(each, points, side="right") / len(each) for each in (then, now))
    value = float(np.abs(np.subtract(*below)).max())
    half = _KOLMOGOROV * math.sqrt((m + n) / (m * n))
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def _of_all(given: object) -> bool:
    return isinstance(given, AttributionShift) and given.column is None


def _of_feature(given: object) -> bool:
    return isinstance(given, AttributionShift) and given.column is not None


METRICS = (
    Metric(
        Definition(
            name="shap_ndcg",
            id="shap_ndcg/clarify/1",
            family="explanation",
            title="Ranking of features beside the baseline's",
            meaning="Whether the model's decisions rest on the same features as on its baseline, in the same "
            "order: 1 if they do; below 0.9 the features that matter have changed.",
            formula="DCG / iDCG; DCG = Σᵢ a(f'ᵢ) / log₂(i + 1), iDCG = Σᵢ a(fᵢ) / log₂(i + 1), i = 1, …; a: "
            "mean |SHAP value| of a feature on the baseline, f: features by it, f': features by the day's, "
            "the largest first.",
            reference="SageMaker Clarify's feature attribution drift (NDCG); "
            "`sklearn.metrics.ndcg_score([a], [a'])`, a': the day's.",
            interval="percentiles of 300 bootstraps of the explained rows of both",
            better="higher",
            needs=("registry",),
            cells="none",
            daily=True,
            noun="ranking of features",
            shown=frozenset({"trend"}),
            rank=210,
            heading="Ranking of features beside the baseline's (1: the same)",
            from_zero=False,
            watched=(
                DefaultRule(
                    name="decides_by_other_features",
                    below=0.9,
                    min_rows=100,
                    summary="The model decides by other features than on its baseline. Look at the features "
                    "whose SHAP values moved, and whether their data are sound.",
                    why="The limit that SageMaker Clarify alerts at. Only features that matter move it: a "
                    "swap of two that matter alike does not.",
                ),
            ),
        ),
        _ndcg,
        _of_all,
    ),
    Metric(
        Definition(
            name="shap_ks",
            id="shap_ks/distance/1",
            family="explanation",
            title="Distance of a feature's SHAP values from the baseline's",
            meaning="The largest difference between the shares of rows to which a feature adds at most some "
            "amount, on the day and on the baseline.",
            formula="max |G(φ) - F(φ)| over φ; F, G: empirical distribution functions of the feature's SHAP "
            "values on the baseline and on the day. Of several classes: of the mean |SHAP value| over them.",
            reference="`scipy.stats.ks_2samp(baseline, day).statistic`.",
            interval="value ∓ 1.358 √(1/m + 1/n), Kolmogorov's 95 % quantile; m, n: rows explained",
            unit="share",
            better="lower",
            needs=("registry",),
            about="column",
            cells="none",
            daily=True,
            noun="distance of SHAP values",
        ),
        _ks,
        _of_feature,
    ),
)
