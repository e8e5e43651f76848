"""How often a request failed."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.metrics.service.traffic import Traffic


def _error_share(traffic: Traffic) -> Estimate:
    if traffic.rows == 0:
        return Estimate.missing(NO_ROWS)
    if traffic.status is None:
        return Estimate.missing("no statuses", traffic.rows)
    ok = sum(traffic.status.counts.get(status, 0) for status in set(traffic.ok_statuses))
    # A request that broke down often leaves no status at all: what did not report success did not succeed.
    return share(traffic.status.rows - ok, traffic.status.rows, reason=NO_ROWS)


METRICS = (
    Metric(
        Definition(
            name="error_share",
            id="error_share/1",
            family="service",
            title="Share of errors",
            meaning="The share of requests that did not report success; a row without a status counts as an "
            "error.",
            formula="1 - rows with a status in `ok_statuses` / rows.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("logs.columns.status",),
            written="percent",
            shown=frozenset({"counts"}),
            rank=43,
            heading="Failed requests",
            watched=(
                DefaultRule(
                    name="requests_failed",
                    above=0.05,
                    min_rows=200,
                    summary="More than one request of twenty failed. Look at the service's own log.",
                    why="Services that fail now and then stay below one per cent; what is "
                    "more depends on the service, so give it a threshold of its own.",
                ),
            ),
        ),
        _error_share,
    ),
)
