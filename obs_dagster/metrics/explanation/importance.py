"""What the model's decisions rest on: the importance of each feature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z, normal_mean
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
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


def _of_feature(given: object) -> bool:
    return isinstance(given, Attributions)


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
)
