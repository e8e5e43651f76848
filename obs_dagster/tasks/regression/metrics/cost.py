"""What the distance between predictions and the truth costs."""

from __future__ import annotations

from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.costs import cost_definition
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import mean_of


def _cost(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    sums, scale = errors.sums, errors.scale * errors.costs.unit
    return mean_of(sums.absolute_sum, sums.error_sq, errors.n, scale=scale, lowest=0.0)


METRICS = (
    Metric(
        cost_definition(
            "regression",
            "(price of a unit / n) Σ |p - y|; p: prediction, y: label, over the rows that have both.",
            "normal, from the exact sum of squares",
        ),
        _cost,
        lambda given: isinstance(given, Errors) and given.costs.unit > 0,
    ),
)
