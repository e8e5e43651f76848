"""Latency quantiles."""

from __future__ import annotations

from collections.abc import Callable

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.metrics.service.traffic import Traffic


def _latency(level: float) -> Callable[[Traffic], Estimate]:
    def compute(traffic: Traffic) -> Estimate:
        if traffic.rows == 0:
            return Estimate.missing(NO_ROWS)
        if traffic.latency is None or traffic.latency.n == 0:
            return Estimate.missing("no latencies")
        return quantile(traffic.latency, level)

    return compute


_NOUNS = {50: "median latency", 95: "95th percentile of latency", 99: "99th percentile of latency"}
#: The quantile that has a chart.
SHOWN = 95

_WATCHED = (
    DefaultRule(
        name="slow",
        above="200 % of usual",
        for_nights=2,
        min_rows=200,
        summary="Requests take twice as long as they usually do. Look at the service and what it calls.",
        why="What is slow depends on the service; twice its own usual time is slow for any. "
        "The same weekday is compared, as load has the rhythm of the week.",
    ),
)

METRICS = tuple(
    Metric(
        Definition(
            name=f"latency_p{percent}",
            id=f"latency_p{percent}/inverted-cdf/1",
            family="service",
            title=f"Latency, {percent} % quantile",
            meaning=f"The time within which {percent} % of the requests were answered; n counts the rows "
            f"that have a "
            "latency.",
            formula=f"smallest latency that at least {percent} % of the rows do not exceed.",
            reference=f"`numpy.quantile(latency, {percent / 100}, method='inverted_cdf')`, within the stated "
            f"error.",
            interval="order statistics (exact binomial ranks); at the outer edges of their bins; an end "
            "that so few rows cannot bound is empty",
            unit="ms",
            better="lower",
            needs=("logs.columns.latency_ms",),
            noun=noun,
            written="milliseconds",
            shown=frozenset({"trend"}) if percent == SHOWN else frozenset(),
            rank=35,
            heading=f"Latency, p{percent} (ms)",
            watched=_WATCHED if percent == SHOWN else (),
        ),
        _latency(percent / 100),
    )
    for percent, noun in _NOUNS.items()
)
