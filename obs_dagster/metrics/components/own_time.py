"""What a component adds to the time of requests: its own time along the chain of what they wait for."""

from __future__ import annotations

import math
from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import ComponentUsage, of_component
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.intervals import Z
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.record import NO_ROWS, Estimate

_SOURCE = (
    "Zhang et al., CRISP: Critical Path Analysis of Large-Scale Microservice Architectures (USENIX ATC 2022)"
)
_CHAIN = (
    "from the end of a request backwards, time belongs to the child that ended last or runs still, and to "
    "the span itself while none of its children does; so own times of a request sum to its duration exactly"
)


def _p95(given: ComponentUsage) -> Estimate:
    if given.mine.own is None:
        return Estimate.missing(NO_ROWS)
    return quantile(given.mine.own, 0.95)


def _mean(given: ComponentUsage) -> Estimate:
    return given.mine.of("own_time").mean(given.requests)


def _share(given: ComponentUsage) -> Estimate:
    """A ratio of sums, with the interval by its linear expansion in the requests."""
    own, took = given.mine.of("own_time"), given.whole.of("took")
    n = given.requests
    if not n:
        return Estimate.missing(NO_ROWS)
    if took.total <= 0:
        return Estimate.missing("requests took no time", n)
    value = min(own.total / took.total, 1.0)
    apart = own.total_sq - 2 * value * given.mine.of("own_by_took").total + value**2 * took.total_sq
    if n < 2 or not math.isfinite(apart):  # noqa: PLR2004 - one request does not vary
        return Estimate(value, None, None, n)
    half = Z * math.sqrt(max(apart, 0.0) * n / (n - 1)) / took.total
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), n)


METRICS = (
    Metric(
        replace(
            COMPONENT,
            name="component_own_p95",
            id="component_own_p95/inverted-cdf/1",
            title="Own time of a component in a request, 95 % quantile",
            meaning="The time that 95 % of the requests that use the component waited for it at most: its "
            "own time, without that of what it called and without what ran beside.",
            formula=f"smallest own time that at least 95 % of these requests do not exceed; {_CHAIN}.",
            reference=f"{_SOURCE}; here what overlaps in part counts to whom it runs in.",
            interval="order statistics (exact binomial ranks); at the outer edges of their bins",
            unit="ms",
            better="lower",
            counts="requests that use it",
            tally=False,
            noun="95 % quantile of own time",
            written="milliseconds",
            shown=frozenset({"components"}),
            rank=40,
            heading="own p95",
            watched=(
                DefaultRule(
                    name="component_slow",
                    above=50.0,
                    also="200 % of usual",
                    for_nights=2,
                    min_rows=100,
                    summary="Requests wait twice as long for a component as they usually do. Look at it, and "
                    "at what it calls that has no spans.",
                    why="As for a service: twice its own usual time is slow for any. Own time names the "
                    "component itself and none that calls it; less than 50 ms nobody waits for.",
                ),
            ),
        ),
        _p95,
        of_component,
    ),
    Metric(
        replace(
            COMPONENT,
            name="component_own_time",
            id="component_own_time/1",
            title="Own time of a component in a request",
            meaning="How long a request waits for the component on average, 0 for requests that do not use "
            "it: these means sum to the mean latency of requests.",
            formula=f"sum of own times / requests; {_CHAIN}.",
            reference=_SOURCE,
            interval="normal: the standard error of the mean",
            unit="ms",
            better="lower",
            counts="requests",
            tally=False,
            noun="own time in a request",
            written="milliseconds",
            shown=frozenset({"components"}),
            rank=20,
            heading="own time",
        ),
        _mean,
        of_component,
    ),
    Metric(
        replace(
            COMPONENT,
            name="component_own_share",
            id="component_own_share/1",
            title="Share of the critical path",
            meaning="How much of the time of all requests was the component's own; the shares sum to 1.",
            formula=f"sum of own times / sum of the requests' durations; {_CHAIN}.",
            reference=_SOURCE,
            interval="of a ratio of sums, by its linear expansion (Cochran, Sampling Techniques, 1977, 6.3)",
            unit="share",
            counts="requests",
            tally=False,
            noun="share of the critical path",
            written="percent",
            shown=frozenset({"components"}),
            rank=30,
            heading="share",
        ),
        _share,
        of_component,
    ),
)
