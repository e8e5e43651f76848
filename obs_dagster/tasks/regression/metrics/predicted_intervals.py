"""The intervals that the model predicts: whether they hold the true value, and how wide they are."""

from __future__ import annotations

from typing import Any

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, mean_of

NO_INTERVALS = "no intervals"


def _coverage(errors: Errors) -> Estimate:
    reason = errors.unlabelled or NO_INTERVALS
    return share(int(errors.sums.covered), int(errors.sums.between), reason=reason)


def _width(errors: Errors) -> Estimate:
    n = int(errors.sums.between)
    if n == 0:
        return Estimate.missing(errors.unlabelled or NO_INTERVALS)
    return mean_of(errors.sums.width_sum, errors.sums.width_sq, n, scale=errors.scale, lowest=0.0)


def _has_intervals(given: Any) -> bool:
    return isinstance(given, Errors) and given.with_interval


METRICS = (
    Metric(
        Definition(
            name="interval_coverage",
            id="interval_coverage/1",
            family="performance",
            title="Coverage of predicted intervals",
            meaning="The share of true values that lie in the interval which the model predicted; it should "
            "be the share that the intervals are made for.",
            formula="rows with low ≤ y ≤ high / rows with a label and an interval; y: label.",
            reference="`numpy.mean((low <= label) & (label <= high))`.",
            interval="Wilson",
            unit="share",
            counts="rows with a label and an interval",
            tasks=("regression",),
            needs=("labels", "logs.columns.interval"),
            written="percent",
            shown=frozenset({"trend", "summary"}),
            rank=50,
            heading="Interval coverage",
        ),
        _coverage,
        _has_intervals,
    ),
    Metric(
        Definition(
            name="interval_width",
            id="interval_width/1",
            family="performance",
            title="Width of predicted intervals",
            meaning="The mean width of the intervals that the model predicted, in the unit of the target; "
            "of two models with the same coverage the narrower says more.",
            formula="(1/n) Σ (high - low) over the rows with a label and an interval.",
            reference="`numpy.mean(high - low)` over these rows.",
            interval="normal, from the exact sum of squares",
            unit=TARGET_UNIT,
            counts="rows with a label and an interval",
            tasks=("regression",),
            needs=("labels", "logs.columns.interval"),
        ),
        _width,
        _has_intervals,
    ),
)
