"""What the model's decisions rest on: the importance of each feature."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import normal_mean
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray


def shap_importance(values: FloatArray) -> list[Estimate]:
    """The importance of each feature, in the order of the columns.

    Args:
        values: SHAP values of a sample of rows, shape (rows, features). Values that are not finite are left
            out.
    """
    return [_estimate(column) for column in values.T]


def _estimate(column: FloatArray) -> Estimate:
    finite = np.abs(column[np.isfinite(column)]).astype(np.float64)
    if finite.size == 0:
        return Estimate.missing("no explained rows")
    value = float(finite.mean())
    low, high = normal_mean(float(finite.sum()), float((finite**2).sum()), finite.size, lowest=0.0) or (
        None,
        None,
    )
    return Estimate(value, low, high, finite.size)


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
        ),
        _estimate,
    ),
)
