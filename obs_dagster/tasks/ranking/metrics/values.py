"""Means over requests, and metrics that have them down to the first cut-off and down to each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import bounded_mean
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.ranking.counts import Cutoff, Rankings, Values

INTERVAL = (
    "Wilson's at the effective number of requests (Korn and Graubard 1998), from the exact sum of squares; "
    "requests are taken to be independent"
)
LEFT_OUT = "A request without a relevant item counts 0, or is left out (`ranking.without_relevant`)"
TIES = "items of one score share the last of their places"


def mean(values: Values, requests: int) -> Estimate:
    """The mean of the values of requests.

    Args:
        values: the values.
        requests: of how many the estimate is if there is no value.
    """
    if values.reason:
        return Estimate.missing(values.reason, requests)
    low, high = bounded_mean(values.total, values.total_sq, values.n)
    return Estimate(values.total / values.n, low, high, values.n)


def leading(definition: Definition, of: Callable[[Cutoff], Estimate]) -> Metric[Any]:
    """The metric of the model as a whole: what it is down to the first cut-off.

    Where the definition has no segment cells, they have no record.
    """

    def applies(given: object) -> bool:
        return isinstance(given, Rankings) and (
            definition.cells == "every" or given.leading.items is not None
        )

    return Metric(definition, lambda given: of(given.leading), applies)


def each(definition: Definition, of: Callable[[Cutoff], Estimate]) -> Metric[Any]:
    """The metric down to each cut-off, which the record's column names: `top10`.

    Where the definition has no segment cells, they have no record.
    """

    def applies(given: object) -> bool:
        return isinstance(given, Cutoff) and (definition.cells == "every" or given.items is not None)

    return Metric(replace(definition, about="class"), of, applies)
