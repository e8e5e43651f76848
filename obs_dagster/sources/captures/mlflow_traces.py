"""MLflow's traces, as `Trace.to_json` writes them, or as rows of `mlflow.search_traces`.

Documented in "Trace Data Structure" of MLflow 3, and "MLflow Tracing Schema" of MLflow 2, where the id of a
trace is `request_id`. Inputs and outputs are those of the root span. The version is the logged model's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row, first
from obs_dagster.sources.captures.moments import moment, of_milliseconds
from obs_dagster.sources.captures.pairing import rows

_IDS = ("trace_id", "request_id")
_DURATIONS = ("execution_duration_ms", "execution_duration", "execution_time_ms")
_INPUTS, _OUTPUTS = "mlflow.spanInputs", "mlflow.spanOutputs"


class MlflowTraces:
    """A trace is a request."""

    name = "mlflow_traces"

    def claims(self, record: Record) -> bool:
        """Info and spans, or a row with what the info has."""
        info, data = record.get("info"), record.get("data")
        if isinstance(info, Mapping) and isinstance(data, Mapping):
            return "spans" in data and any(name in info for name in _IDS)
        flat = {"request", "response", "spans"} <= record.keys()
        return flat and any(name in record for name in _IDS)

    def key(self, record: Record) -> None:
        """A trace is a request."""

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances that the root span was given, with what it put out."""
        [record] = records
        flat = not isinstance(record.get("info"), Mapping)
        info: Mapping[str, Any] = record if flat else record["info"]
        trace_id = first(info, *_IDS)
        if trace_id is None:
            raise RefusedError("the trace has no id")
        asked, answered = (record["request"], record["response"]) if flat else _of_root(record["data"])
        state = first(info, "state", "status")
        known = {
            "time": _time(info),
            "version": _version(info),
            "status": state,
            "latency_ms": first(info, *_DURATIONS),
            "trace_id": trace_id,
        }
        given = bodies.instances(_argument(bodies.parsed(asked, "request")))
        if answered is None or state == "ERROR":
            return rows(str(trace_id), known, given, None, failed=state == "ERROR")
        return rows(str(trace_id), known, given, bodies.predictions(bodies.parsed(answered, "response")))


def _of_root(data: Mapping[str, Any]) -> tuple[Any, Any]:
    """What the root span was given, and what it put out, as JSON."""
    spans = data["spans"]
    spans = spans if isinstance(spans, list) else []
    for span in spans:
        if isinstance(span, Mapping) and not (span.get("parent_span_id") or span.get("parent_id")):
            about = span.get("attributes")
            if isinstance(about, Mapping) and _INPUTS in about:
                return about[_INPUTS], about.get(_OUTPUTS)
    raise RefusedError("the trace has no root span with inputs")


def _argument(inputs: Any) -> Any:
    """What a function was given; of its only argument, if that has names within, the value."""
    if isinstance(inputs, Mapping) and len(inputs) == 1:
        [value] = inputs.values()
        if isinstance(value, Mapping) or (
            isinstance(value, list) and value and all(isinstance(each, (Mapping, list)) for each in value)
        ):
            return value
    return inputs


def _time(info: Mapping[str, Any]) -> str | None:
    found = first(info, "request_time", "timestamp_ms")
    return of_milliseconds(found) if isinstance(found, (int, float)) else moment(found)


def _version(info: Mapping[str, Any]) -> str | None:
    about = first(info, "trace_metadata", "request_metadata")
    about = bodies.parsed(about, "trace_metadata") if isinstance(about, str) else about
    found = about.get("mlflow.modelId") if isinstance(about, Mapping) else None
    return None if found is None else str(found)


CAPTURE = MlflowTraces()
