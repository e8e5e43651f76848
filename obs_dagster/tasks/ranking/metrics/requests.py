"""Which requests can be judged."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.ranking.counts import Rankings


def _ranked(given: object) -> bool:
    return isinstance(given, Rankings)


def _requests(given: Rankings) -> Estimate:
    return Estimate(float(given.requests.all), None, None, given.requests.all)


def _evaluated(given: Rankings) -> Estimate:
    return share(given.requests.evaluated, given.requests.all, reason="no requests")


def _relevant(given: Rankings) -> Estimate:
    return share(given.requests.relevant, given.requests.evaluated, reason="no labels")


METRICS = (
    Metric(
        Definition(
            name="request_count",
            id="request_count/1",
            family="performance",
            title="Requests",
            meaning="The number of requests whose items were ranked. One that goes on past midnight is a "
            "request of each day.",
            formula="distinct values of the request column per day.",
            reference="a plain count.",
            interval="none: it is a count",
            unit="requests",
            counts="requests",
            tally=True,
            tasks=("ranking",),
            written="count",
            shown=frozenset({"counts", "summary"}),
            rank=50,
        ),
        _requests,
        _ranked,
    ),
    Metric(
        Definition(
            name="evaluated_request_share",
            id="evaluated_request_share/1",
            family="performance",
            title="Share of evaluated requests",
            meaning="The share of requests of which at least one item has a label by now.",
            formula="requests with a labelled row / requests.",
            reference="a plain share of requests.",
            interval="Wilson",
            unit="share",
            better="higher",
            counts="requests",
            tasks=("ranking",),
            needs=("labels",),
            written="percent",
            shown=frozenset({"counts"}),
            rank=61,
            heading="Requests with labels",
        ),
        _evaluated,
        _ranked,
    ),
    Metric(
        Definition(
            name="relevant_request_share",
            id="relevant_request_share/1",
            family="performance",
            title="Share of requests with a relevant item",
            meaning="The share of evaluated requests in which there was something to find, wherever it was "
            "ranked.",
            formula="evaluated requests with a label ≥ `ranking.relevant_from` / evaluated requests.",
            reference="a plain share of requests.",
            interval="Wilson",
            unit="share",
            better="higher",
            counts="evaluated requests",
            tasks=("ranking",),
            needs=("labels",),
            written="percent",
            shown=frozenset({"counts"}),
            rank=62,
            heading="Requests with a relevant item",
        ),
        _relevant,
        _ranked,
    ),
)
