"""The size of the errors, in the unit of the target."""

from __future__ import annotations

import math

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality_lost import quality_lost
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, TOO_LARGE, log_interval, mean_of


def _mae(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    sums = errors.sums
    return mean_of(sums.absolute_sum, sums.error_sq, errors.n, scale=errors.scale, lowest=0.0)


def _bias(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    return mean_of(errors.sums.error_sum, errors.sums.error_sq, errors.n, scale=errors.scale)


def _rmse(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    n, sums = errors.n, errors.sums
    square = sums.error_sq / n
    if not math.isfinite(square):
        return Estimate.missing(TOO_LARGE, n)
    variance = sums.error_quart / n / square**2 - 1 if square > 0 else 0.0
    low, high = log_interval(square, variance, n) or (None, None)
    value, low, high = (None if end is None else errors.scale * math.sqrt(end) for end in (square, low, high))
    return Estimate(value, low, high, n)


def _mse(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    sums, unit = errors.sums, errors.scale**2
    return mean_of(sums.error_sq, sums.error_quart, errors.n, scale=unit, lowest=0.0)


METRICS = (
    Metric(
        Definition(
            name="mae",
            id="mae/1",
            family="performance",
            title="Mean absolute error",
            meaning="How far a prediction is from the true value on average, in the unit of the target.",
            formula="(1/n) Σ |p - y|; p: prediction, y: label, over the rows that have both.",
            reference="`sklearn.metrics.mean_absolute_error(label, prediction)`.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels",),
            noun="MAE",
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=10,
            watched=(
                DefaultRule(
                    name="error_jumped",
                    above="300 % of baseline",
                    min_rows=200,
                    severity="critical",
                    summary="From one day to the next, predictions are three times as far off as on the "
                    "baseline. Was the unit of the target or of a feature changed, or a version "
                    "exchanged?",
                    why="The worst day of storms in half a year of flights had 2.5 times the error of the "
                    "baseline. It does not wait for all labels, nor for a week.",
                ),
                quality_lost(
                    "error_grew",
                    above="125 % of baseline",
                    summary="Predictions are further off than on the baseline. Look at the worst "
                    "segments and at what moved, and retrain.",
                ),
            ),
        ),
        _mae,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="rmse",
            id="rmse/1",
            family="performance",
            title="Root mean squared error",
            meaning="The size of the errors where large ones count more, in the unit of the target.",
            formula="√((1/n) Σ (p - y)²); p: prediction, y: label.",
            reference="`sklearn.metrics.root_mean_squared_error(label, prediction)`.",
            interval="normal on the logarithm of the mean square, by the delta method from the exact sum of "
            "fourth powers; empty where all errors have one size",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels",),
            noun="RMSE",
            shown=frozenset({"trend", "summary"}),
            rank=20,
        ),
        _rmse,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="mse",
            id="mse/1",
            family="performance",
            title="Mean squared error",
            meaning="The mean square of the errors, which is what many models are trained to make small.",
            formula="(1/n) Σ (p - y)²; p: prediction, y: label.",
            reference="`sklearn.metrics.mean_squared_error(label, prediction)`.",
            interval="normal, from the exact sum of fourth powers",
            unit="square of the unit of the target",
            better="lower",
            tasks=("regression",),
            needs=("labels",),
            noun="MSE",
        ),
        _mse,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="bias",
            id="bias/1",
            family="performance",
            title="Bias (mean error)",
            meaning="How much the predictions are too high on average, in the unit of the target; below 0 "
            "they are too low.",
            formula="(1/n) Σ (p - y); p: prediction, y: label.",
            reference="`numpy.mean(prediction - label)`.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            tasks=("regression",),
            needs=("labels",),
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=30,
            from_zero=False,
        ),
        _bias,
        lambda given: isinstance(given, Errors),
    ),
)
