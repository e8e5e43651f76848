"""Traces of nights by OpenTelemetry; where nobody asks for them, nothing of it is imported."""

from obs_dagster.telemetry.traces.carry import Carried, Returned, carried
from obs_dagster.telemetry.traces.current import deliver_now, forget, kept_trace, trace_id, traceparent
from obs_dagster.telemetry.traces.ids import trace_of_run
from obs_dagster.telemetry.traces.span import Span, of_day, part_of_run, part_of_trace, run_span, span, traced
from obs_dagster.telemetry.traces.switch import destinations, is_on

__all__ = [
    "Carried",
    "Returned",
    "Span",
    "carried",
    "deliver_now",
    "destinations",
    "forget",
    "is_on",
    "kept_trace",
    "of_day",
    "part_of_run",
    "part_of_trace",
    "run_span",
    "span",
    "trace_id",
    "trace_of_run",
    "traced",
    "traceparent",
]
