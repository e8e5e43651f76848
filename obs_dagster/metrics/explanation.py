"""What the model's decisions rest on: the importance of each feature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z, normal_mean, share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True, slots=True)
class Attributions:
    """What one feature contributes to the output, beside all others.

    Attributes:
        sizes: |SHAP value| of each explained row and feature, shape (rows, features); NaN if not finite.
        column: the place of the feature.
    """

    sizes: FloatArray
    column: int

    @classmethod
    def each(cls, values: FloatArray) -> list[Attributions]:
        """Those of every feature, in the order of the columns.

        Args:
            values: SHAP values of a sample of rows, shape (rows, features). Values that are not finite are
                left out.
        """
        sizes = np.where(np.isfinite(values), np.abs(values), np.nan).astype(np.float64)
        return [cls(sizes, column) for column in range(sizes.shape[1])]


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """How the registered model took the rows that were drawn to be explained.

    Attributes:
        drawn: rows that it was given.
        refused: rows of these that it gave no score.
        compared: rows that have a score in the log too.
        differing: rows of these whose scores differ by more than rounding in the log explains.
        largest: the largest absolute difference; None if no rows were compared.
    """

    drawn: int
    refused: int
    compared: int
    differing: int
    largest: float | None


def _of_feature(given: object) -> bool:
    return isinstance(given, Attributions)


def _of_model(given: object) -> bool:
    return isinstance(given, ModelCheck)


def _importance(feature: Attributions) -> Estimate:
    of_all, column = feature.sizes, feature.column
    finite = of_all[~np.isnan(of_all[:, column]), column]
    if finite.size == 0:
        return Estimate.missing("no explained rows")
    value = float(finite.mean())
    low, high = normal_mean(float(finite.sum()), float((finite**2).sum()), finite.size, lowest=0.0) or (
        None,
        None,
    )
    return Estimate(value, low, high, finite.size)


def _share(feature: Attributions) -> Estimate:
    of_all, column = feature.sizes, feature.column
    of_all = of_all[~np.isnan(of_all).any(axis=1)]
    n = len(of_all)
    if n == 0:
        return Estimate.missing("no explained rows")
    largest = float(of_all.max())
    if largest == 0:
        return Estimate.missing("no feature moves the output", n)
    of_all = of_all / largest  # a ratio does not change, and sums cannot overflow
    total = of_all.sum(axis=1)
    mean = float(total.mean())
    value = float(of_all[:, column].mean()) / mean
    if n == 1:
        return Estimate(value, None, None, n)
    deviation = of_all[:, column] - value * total
    half = Z * float(deviation.std(ddof=1)) / (math.sqrt(n) * mean)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def _refused(check: ModelCheck) -> Estimate:
    return share(check.refused, check.drawn, reason=NO_ROWS)


def _mismatch(check: ModelCheck) -> Estimate:
    return share(check.differing, check.compared, reason="no scored rows")


def _difference(check: ModelCheck) -> Estimate:
    if check.largest is None:
        return Estimate.missing("no scored rows")
    return Estimate(check.largest, None, None, check.compared)


METRICS = (
    Metric(
        Definition(
            name="shap_importance",
            id="shap_importance/mean-abs/1",
            family="explanation",
            title="SHAP importance",
            meaning="How much a feature moves the model's output, on average over the explained rows; n "
            "counts them.",
            formula="(1/n) Σ |φ|; φ: the feature's SHAP value of a row, in the unit of the explained output "
            "(log-odds for the tree and linear explainers of a classifier).",
            reference="Lundberg and Lee, NeurIPS 2017; `shap.plots.bar` shows the same.",
            interval="normal, from the standard error over the sample of explained rows",
            needs=("registry",),
            about="column",
            cells="none",
            daily=True,
            noun="SHAP importance",
        ),
        _importance,
        _of_feature,
    ),
    Metric(
        Definition(
            name="shap_share",
            id="shap_share/mean-abs/1",
            family="explanation",
            title="SHAP share",
            meaning="Which part of all that moves the model's output is due to a feature; n counts the "
            "explained rows.",
            formula="Σ |φ_j| / Σ_k Σ |φ_k|, over the explained rows; φ_j: the feature's SHAP value of a row. "
            "Without unit, so that versions and days can be compared whatever they explain.",
            reference="SHAP importance (Lundberg and Lee, NeurIPS 2017), divided by its sum.",
            interval="normal, from the linearised standard error of a ratio of means (Cochran, Sampling "
            "Techniques, 1977, chapter 6)",
            unit="share",
            needs=("registry",),
            about="column",
            cells="none",
            daily=True,
            noun="SHAP share",
            written="percent",
        ),
        _share,
        _of_feature,
    ),
    Metric(
        Definition(
            name="score_mismatch_share",
            id="score_mismatch_share/1",
            family="explanation",
            title="Share of scores that the registered model does not give",
            meaning="The share of rows whose score in the log is not the one that the registered model "
            "gives for the same features: another model served them, or it was given other values.",
            formula="rows with |score again - logged score| > tolerance / rows with both; the tolerance is "
            "1e-6, or half of the last decimal if all logged scores are rounded to 2 to 5 decimals. Over the "
            "rows drawn for explanations.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
            watched=(
                DefaultRule(
                    name="scores_not_the_models",
                    above=0.5,
                    min_rows=50,
                    severity="critical",
                    summary="Most scores of the log are not what the registered model gives for the logged "
                    "features. Does another model serve, are features given in another form than they are "
                    "logged, or are scores changed on the way?",
                    why="A model gives the same score for the same values; what most rows lack is no "
                    "rounding. It is found on the first night, without labels.",
                ),
                DefaultRule(
                    name="some_scores_not_the_models",
                    above=0.05,
                    min_rows=100,
                    summary="A part of the log's scores is not what the registered model gives for the "
                    "logged features. Does another version answer a part of the traffic?",
                    why="One row of twenty, for sure. Requests that another version answers, or features "
                    "that some clients give in another form, are a part of the rows only.",
                ),
            ),
        ),
        _mismatch,
        _of_model,
    ),
    Metric(
        Definition(
            name="score_difference",
            id="score_difference/max-abs/1",
            family="explanation",
            title="Largest difference from the registered model's score",
            meaning="How far a score in the log is at most from the one that the registered model "
            "gives for the same features.",
            formula="max |score again - logged score|, over the rows drawn for explanations.",
            reference="`numpy.abs(a - b).max()`.",
            interval="none",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
        ),
        _difference,
        _of_model,
    ),
    Metric(
        Definition(
            name="model_refused_share",
            id="model_refused_share/1",
            family="explanation",
            title="Share of rows that the registered model refuses",
            meaning="The share of rows that the registered model raises an error for, or gives no finite "
            "score; they are not explained.",
            formula="rows without a score of the registered model / rows drawn for explanations.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
        ),
        _refused,
        _of_model,
    ),
)
