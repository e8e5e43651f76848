"""How long a component takes by itself, whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import ComponentUsage, of_called
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.record import NO_ROWS, Estimate


def _latency(level: float) -> Callable[[ComponentUsage], Estimate]:
    def compute(given: ComponentUsage) -> Estimate:
        if given.mine.latency is None:
            return Estimate.missing(NO_ROWS)
        return quantile(given.mine.latency, level)

    return compute


METRICS = tuple(
    Metric(
        replace(
            COMPONENT,
            name=f"component_latency_p{percent}",
            id=f"component_latency_p{percent}/inverted-cdf/1",
            title=f"Latency of a component, {percent} % quantile",
            meaning=f"The time within which {percent} % of the component's spans ended, what they called "
            "and what ran beside them too.",
            formula=f"smallest duration that at least {percent} % of the spans do not exceed.",
            reference=f"`numpy.quantile(took, {percent / 100}, method='inverted_cdf')`, within the stated "
            "error.",
            interval="order statistics (exact binomial ranks); at the outer edges of their bins",
            unit="ms",
            better="lower",
            tally=False,
            noun=f"{percent} % quantile of latency",
            written="milliseconds",
        ),
        _latency(percent / 100),
        of_called,
    )
    for percent in (50, 95, 99)
)
