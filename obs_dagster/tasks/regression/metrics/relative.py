"""The size of the errors beside that of the targets."""

from __future__ import annotations

import math

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z, share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TOO_LARGE, mean_of
from obs_dagster.tasks.regression.units import NOTHING

ALL_ZERO = "all targets are zero"


def _mape(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    nonzero = int(errors.sums.nonzero)
    if nonzero == 0:
        return Estimate.missing(ALL_ZERO)
    return mean_of(errors.sums.relative_sum, errors.sums.relative_sq, nonzero, scale=1.0, lowest=0.0)


def _zero_target_share(errors: Errors) -> Estimate:
    return share(errors.n - int(errors.sums.nonzero), errors.n, reason="no labels")


def _smape(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    return mean_of(errors.sums.symmetric_sum, errors.sums.symmetric_sq, errors.n, scale=1.0, lowest=0.0)


def _wape(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    n, sums = errors.n, errors.sums
    if sums.size_sum == 0:
        return Estimate.missing(ALL_ZERO, n)
    value = sums.absolute_sum / sums.size_sum
    if not math.isfinite(value):
        return Estimate.missing(TOO_LARGE, n)
    # the variance of |e| - value * |y|, whose mean is 0
    squares = sums.error_sq - 2 * value * sums.absolute_size + value * value * sums.size_sq
    if n == 1 or not math.isfinite(squares):
        return Estimate(value, None, None, n)
    half = Z * math.sqrt(max(0.0, squares) / (n - 1) * n) / sums.size_sum
    return Estimate(value, max(0.0, value - half), value + half, n)


METRICS = (
    Metric(
        Definition(
            name="mape",
            id="mape/nonzero/1",
            family="performance",
            title="Mean absolute percentage error",
            meaning="How far a prediction is from the true value on average, as a share of it; rows whose "
            "true value is zero have no such share and are left out, and `zero_target_share` counts them.",
            formula="(1/n) Σ |p - y| / |y| over the rows with |y| ≥ "
            f"{NOTHING!r}, float64's spacing at 1; p: prediction, y: label.",
            reference="`sklearn.metrics.mean_absolute_percentage_error(label, prediction)` over these rows; "
            "scikit-learn divides the error of the others by that spacing, which says nothing but that there "
            "are such rows.",
            interval="normal, from the exact sum of squares; too short where true values come close to zero, "
            "for a few rows then decide the mean",
            better="lower",
            counts="rows with a target other than zero",
            tasks=("regression",),
            needs=("labels",),
            noun="MAPE",
            written="percent",
        ),
        _mape,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="zero_target_share",
            id="zero_target_share/1",
            family="performance",
            title="Share of zero targets",
            meaning="The share of labelled rows whose true value is zero, which MAPE leaves out.",
            formula=f"rows with |y| < {NOTHING!r} / n; y: label.",
            reference="`numpy.mean(label == 0)`.",
            interval="Wilson",
            unit="share",
            tasks=("regression",),
            needs=("labels",),
            written="percent",
        ),
        _zero_target_share,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="smape",
            id="smape/0-to-2/1",
            family="performance",
            title="Symmetric mean absolute percentage error",
            meaning="How far a prediction is from the true value on average, as a share of the mean size of "
            "both; 0 to 200 %.",
            formula="(1/n) Σ 2 |p - y| / (|p| + |y|), 0 where both are 0; p: prediction, y: label.",
            reference="Makridakis and Hibon, International Journal of Forecasting 16 (2000), 451-476, with "
            "the sizes in the denominator.",
            interval="normal, from the exact sum of squares",
            better="lower",
            tasks=("regression",),
            needs=("labels",),
            noun="sMAPE",
            written="percent",
        ),
        _smape,
        lambda given: isinstance(given, Errors),
    ),
    Metric(
        Definition(
            name="wape",
            id="wape/1",
            family="performance",
            title="Weighted absolute percentage error",
            meaning="The sum of the errors' sizes as a share of the sum of the true values' sizes; unlike "
            "MAPE it stands small and zero true values.",
            formula="Σ |p - y| / Σ |y|; p: prediction, y: label.",
            reference="`numpy.abs(prediction - label).sum() / numpy.abs(label).sum()`.",
            interval="normal, by the delta method for a ratio of means, with their covariance",
            better="lower",
            tasks=("regression",),
            needs=("labels",),
            noun="WAPE",
            written="percent",
            shown=frozenset({"summary"}),
            rank=40,
        ),
        _wape,
        lambda given: isinstance(given, Errors),
    ),
)
