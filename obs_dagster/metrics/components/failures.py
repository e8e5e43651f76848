"""How often a component fails, and how often the failure is its own."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import ComponentUsage, of_called, of_component
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate


def _failed(given: ComponentUsage) -> Estimate:
    return share(given.mine.of("failed").n, given.mine.of("spans").n, reason=NO_ROWS)


def _source(given: ComponentUsage) -> Estimate:
    spans = given.mine.of("spans").n
    # a part of a component that is none itself may fail more than once in one call
    return share(min(given.mine.of("source").n, spans), spans, reason=NO_ROWS)


def _retries(given: ComponentUsage) -> Estimate:
    spans = given.mine.of("spans").n
    if not spans:
        return Estimate.missing(NO_ROWS)
    return Estimate(given.mine.of("retries").total / spans, None, None, spans)


METRICS = (
    Metric(
        replace(
            COMPONENT,
            name="component_error_share",
            id="component_error_share/1",
            title="Calls of a component that failed",
            meaning="The share of the component's spans that say that they failed, also where something that "
            "they called did.",
            formula="spans with the status of an error / spans.",
            reference="a plain share of spans.",
            interval="Wilson",
            unit="share",
            better="lower",
            tally=False,
            noun="share of failed calls",
            written="percent",
        ),
        _failed,
        of_called,
    ),
    Metric(
        replace(
            COMPONENT,
            name="component_failure_share",
            id="component_failure_share/1",
            title="Failures that began in a component",
            meaning="How many failures began in the component for each of its spans: where nothing that it "
            "called failed. Of `request` those that began in no component.",
            formula="spans with the status of an error below which no span has it / spans.",
            reference="a plain share of spans.",
            interval="Wilson",
            unit="share",
            better="lower",
            tally=False,
            noun="share of calls in which a failure began",
            written="percent",
            shown=frozenset({"components"}),
            rank=50,
            heading="fails",
            watched=(
                DefaultRule(
                    name="component_fails",
                    above=0.05,
                    also="200 % of usual",
                    min_rows=100,
                    summary="More than one call of twenty of a component fails by itself, and twice as many "
                    "as usual. Look at its own log.",
                    why="As for requests; what calls it fails with it and is not named.",
                ),
            ),
        ),
        _source,
        of_component,
    ),
    Metric(
        replace(
            COMPONENT,
            name="component_retries",
            id="component_retries/1",
            title="Retries of a component",
            meaning="How often a call of the component was tried again on average, as far as spans say it.",
            formula="sum of `http.request.resend_count` / spans.",
            reference="`numpy.mean(retries)`.",
            interval="none: how retries go together is not known",
            unit="",
            better="lower",
            tally=False,
            noun="retries of a call",
            written="number",
        ),
        _retries,
        of_called,
    ),
)
