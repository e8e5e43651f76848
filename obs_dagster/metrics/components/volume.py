"""How much a component was used."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import ComponentUsage, of_called
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate


def _volume(given: ComponentUsage) -> Estimate:
    spans = given.mine.of("spans").n
    return Estimate(float(spans), None, None, spans)


def _used(given: ComponentUsage) -> Estimate:
    return share(given.mine.of("used").n, given.requests, reason=NO_ROWS)


METRICS = (
    Metric(COMPONENT, _volume, of_called),
    Metric(
        replace(
            COMPONENT,
            name="component_use_share",
            id="component_use_share/1",
            title="Requests that use a component",
            meaning="The share of requests that have a span of the component.",
            formula="requests with a span of it / requests.",
            reference="a plain share of requests.",
            interval="Wilson",
            unit="share",
            counts="requests",
            tally=False,
            noun="share of requests that use it",
            written="percent",
            shown=frozenset({"components"}),
            rank=10,
            heading="used",
            watched=(
                DefaultRule(
                    name="component_unused",
                    below="50 % of usual",
                    min_rows=100,
                    summary="A component is used by less than half as many of the requests as usual. Look at "
                    "what decides that it is called, and whether what stands in its place is new.",
                    why="How often a component is needed differs by a fifth or so between days; half of it "
                    "is another system.",
                ),
            ),
        ),
        _used,
        of_called,
    ),
)
