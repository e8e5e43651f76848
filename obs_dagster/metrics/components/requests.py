"""Requests as a whole, by their spans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from obs_dagster.metrics.components.usage import FAULT, RequestUsage, of_requests
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.record import NO_ROWS, Estimate

_NEEDS = ("components",)
_SLOWEST = 95
_DEFINITION = Definition(
    name="request_volume",
    id="request_volume/1",
    family="components",
    title="Requests",
    meaning="How many requests began on the days of the window, by their spans.",
    formula="count of traces whose first span is one that requests begin with.",
    reference="`len(traces)`.",
    interval="none: a count",
    unit="requests",
    counts="requests",
    tally=True,
    needs=_NEEDS,
    whole_log=True,
    by_version=True,
    cells="none",
    written="count",
    rank=70,
)


def _volume(given: RequestUsage) -> Estimate:
    return Estimate(float(given.requests), None, None, given.requests)


def _latency(level: float) -> Callable[[RequestUsage], Estimate]:
    def compute(given: RequestUsage) -> Estimate:
        if given.whole.latency is None:
            return Estimate.missing(NO_ROWS)
        return quantile(given.whole.latency, level)

    return compute


def _errors(given: RequestUsage) -> Estimate:
    return share(given.whole.of("failed").n, given.requests, reason=NO_ROWS)


def _tokens(given: RequestUsage) -> Estimate:
    return given.whole.of("tokens").mean() if given.requests else Estimate.missing(NO_ROWS)


def _cost(given: RequestUsage) -> Estimate:
    if not given.requests:
        return Estimate.missing(NO_ROWS)
    known = given.whole.of("cost")
    return known.mean() if known.n else Estimate.missing("no costs")


def _faults(given: RequestUsage) -> Estimate:
    spans = given.whole.of("spans").n
    found = sum(each.n for name, each in given.whole.sums.items() if name.startswith(FAULT))
    return share(min(found, spans), spans, reason=NO_ROWS)


def _quantile(percent: int) -> Metric[RequestUsage]:
    name = f"request_latency_p{percent}"
    definition = replace(
        _DEFINITION,
        name=name,
        id=f"{name}/inverted-cdf/1",
        title=f"Latency of requests, {percent} % quantile",
        meaning=f"The time within which {percent} % of the requests ended, by their spans.",
        formula=f"smallest duration of the first span that at least {percent} % of the requests do not "
        "exceed.",
        reference=f"`numpy.quantile(took, {percent / 100}, method='inverted_cdf')`, within the stated error.",
        interval="order statistics (exact binomial ranks); at the outer edges of their bins",
        unit="ms",
        better="lower",
        tally=False,
        written="milliseconds",
        shown=frozenset({"requests"} if percent == _SLOWEST else ()),
        rank=10,
        clause=f"{percent} % end within {{}}",
    )
    return Metric(definition, _latency(percent / 100), of_requests)


METRICS = (
    Metric(_DEFINITION, _volume, of_requests),
    *(_quantile(percent) for percent in (50, 95, 99)),
    Metric(
        replace(
            _DEFINITION,
            name="request_error_share",
            id="request_error_share/1",
            title="Requests that failed",
            meaning="The share of requests whose first span says that it failed.",
            formula="requests whose first span has the status of an error / requests.",
            reference="a plain share of requests.",
            interval="Wilson",
            unit="share",
            better="lower",
            tally=False,
            written="percent",
            shown=frozenset({"requests"}),
            rank=20,
            clause="{} fail",
        ),
        _errors,
        of_requests,
    ),
    Metric(
        replace(
            _DEFINITION,
            name="request_tokens",
            id="request_tokens/1",
            title="Tokens of a request",
            meaning="How many tokens a request took that took any, given and put out, of all its components.",
            formula="sum of tokens / requests with tokens; of spans that call each other with the same "
            "tokens the innermost counts.",
            reference="`numpy.mean(tokens)`.",
            interval="normal: the standard error of the mean",
            unit="tokens",
            better="lower",
            counts="requests with tokens",
            tally=False,
            written="number",
            shown=frozenset({"requests"}),
            rank=30,
            clause="{} tokens each",
        ),
        _tokens,
        of_requests,
    ),
    Metric(
        replace(
            _DEFINITION,
            name="request_cost",
            id="request_cost/1",
            title="Cost of a request",
            meaning="What a request cost whose cost is known, of all its components.",
            formula="sum of what spans say that they cost, or of their tokens by the monitor's prices / "
            "requests with a known cost.",
            reference="`numpy.mean(cost)`.",
            interval="normal: the standard error of the mean",
            unit="",
            better="lower",
            counts="requests with a known cost",
            tally=False,
            written="number",
            shown=frozenset({"requests"}),
            rank=40,
            clause="{} each",
            watched=(
                DefaultRule(
                    name="requests_cost_more",
                    above="200 % of usual",
                    min_rows=100,
                    summary="A request costs twice what it usually does. `obs components` says of which "
                    "component.",
                    why="What a request costs depends on the system; twice its own usual cost is "
                    "much for any.",
                ),
            ),
        ),
        _cost,
        of_requests,
    ),
    Metric(
        replace(
            _DEFINITION,
            name="span_fault_share",
            id="span_fault_share/1",
            title="Spans with faults",
            meaning="The share of spans that are not as spans should be: twice there, without the parent "
            "that they name, in a circle, without an end, with one before their beginning, by clocks that "
            "differ.",
            formula="spans with a fault, once for each fault that they have / spans.",
            reference="a plain share of spans.",
            interval="Wilson",
            unit="share",
            better="lower",
            counts="spans",
            tally=False,
            written="percent",
            watched=(
                DefaultRule(
                    name="spans_broken",
                    above=0.05,
                    min_rows=100,
                    summary="More than one span of twenty has a fault, so numbers of components may be off. "
                    "`obs components` lists the faults.",
                    why="A few spans are always lost on their way; more than that changes what is told "
                    "of components.",
                ),
            ),
        ),
        _faults,
        of_requests,
    ),
)
