"""Where targets and predictions lie."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, mean_of


def _mean_target(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    sums = errors.sums
    return mean_of(sums.target_sum, sums.target_sq, errors.n, scale=errors.scale, shift=errors.centre)


def _mean_prediction(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    sums = errors.sums
    return mean_of(sums.prediction_sum, sums.prediction_sq, errors.n, scale=errors.scale, shift=errors.centre)


METRICS = (
    Metric(
        Definition(
            name="mean_target",
            id="mean_target/1",
            family="performance",
            title="Mean target",
            meaning="The mean true value of the labelled rows.",
            formula="(1/n) Σ y; y: label.",
            reference="`numpy.mean(label)`.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            tasks=("regression",),
            needs=("labels",),
        ),
        _mean_target,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="mean_prediction",
            id="mean_prediction/labelled/1",
            family="performance",
            title="Mean prediction",
            meaning="The mean prediction of the labelled rows, to be read beside `mean_target`.",
            formula="(1/n) Σ p over the labelled rows; p: prediction.",
            reference="`numpy.mean(prediction)` over the labelled rows.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            tasks=("regression",),
            needs=("labels",),
        ),
        _mean_prediction,
        lambda given: isinstance(given, Errors),
    ),
)
