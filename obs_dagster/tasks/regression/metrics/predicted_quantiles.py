"""The quantiles that the model predicts, each by its own column."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import QuantileErrors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, mean_of


def _pinball(errors: QuantileErrors) -> Estimate:
    if errors.unknown:
        return Estimate.missing(errors.unknown)
    return mean_of(errors.pinball_sum, errors.pinball_sq, errors.n, scale=errors.scale, lowest=0.0)


def _coverage(errors: QuantileErrors) -> Estimate:
    return share(errors.below, errors.n, reason=errors.unknown)


METRICS = (
    Metric(
        Definition(
            name="pinball_loss",
            id="pinball_loss/1",
            family="performance",
            title="Pinball loss",
            meaning="How good a predicted quantile is: errors to either side cost as much as its level "
            "says, in the unit of the target.",
            formula="(1/n) Σ max(τ (y - q), (τ - 1) (y - q)); τ: level, q: quantile, y: label.",
            reference="`sklearn.metrics.mean_pinball_loss(label, quantile, alpha=τ)`.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels", "logs.columns.quantiles"),
            about="column",
        ),
        _pinball,
        lambda given: isinstance(given, QuantileErrors),
    ),
    Metric(
        Definition(
            name="quantile_coverage",
            id="quantile_coverage/1",
            family="performance",
            title="Share at or below a predicted quantile",
            meaning="The share of true values at or below the quantile that the model predicted; it should "
            "be its level.",
            formula="rows with y ≤ q / rows with a label and a quantile; q: quantile, y: label.",
            reference="`numpy.mean(label <= quantile)`.",
            interval="Wilson",
            unit="share",
            tasks=("regression",),
            needs=("labels", "logs.columns.quantiles"),
            about="column",
            written="percent",
        ),
        _coverage,
        lambda given: isinstance(given, QuantileErrors),
    ),
)
