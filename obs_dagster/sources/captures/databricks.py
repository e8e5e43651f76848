"""Databricks' inference tables: those of custom models, and those of AI Gateway.

Documented in "Inference tables for monitoring and debugging models" and "Monitor served models using AI
Gateway-enabled inference tables". The first have `timestamp_ms` and `execution_time_ms`, and the version in
`request_metadata`; the second `request_time`, `execution_duration_ms` and `served_entity_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row, first
from obs_dagster.sources.captures.moments import moment, of_milliseconds
from obs_dagster.sources.captures.pairing import rows

_REFUSED = 300
"""A status from here on need not have a prediction."""


class Databricks:
    """One row of the table has a request and its response, each as JSON in a text."""

    name = "databricks"

    def claims(self, record: Record) -> bool:
        """The id that Databricks gives, and the two bodies."""
        return {"databricks_request_id", "request", "response"} <= record.keys()

    def key(self, record: Record) -> None:
        """A row is a request."""

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances of the request with their predictions; of one that failed there are none."""
        [record] = records
        request_id = first(record, "client_request_id", "databricks_request_id")
        if request_id is None:
            raise RefusedError("the request has no id")
        status = record.get("status_code")
        time = moment(record.get("request_time")) or of_milliseconds(record.get("timestamp_ms"))
        latency = first(record, "execution_duration_ms", "execution_time_ms")
        known = {"time": time, "version": _version(record), "latency_ms": latency, "status": status}
        asked = bodies.instances(bodies.parsed(record["request"], "request"))
        failed = isinstance(status, (int, float)) and status >= _REFUSED
        answered = _answered(record["response"], failed=failed)
        return rows(str(request_id), known, asked, answered, failed=failed)


def _answered(response: Any, *, failed: bool) -> list[Any] | None:
    """The predictions; what a request that failed says instead is none."""
    if response is None:
        return None
    if not failed:
        return bodies.predictions(bodies.parsed(response, "response"))
    try:
        body = bodies.parsed(response, "response")
    except RefusedError:
        return None
    return bodies.predictions(body) if isinstance(body, Mapping) and "predictions" in body else None


def _version(record: Record) -> str | None:
    about = record.get("request_metadata")
    if isinstance(about, str):
        about = bodies.parsed(about, "request_metadata")
    found = about.get("model_version") if isinstance(about, Mapping) else None
    found = found or record.get("served_entity_id")
    return None if found is None else str(found)


CAPTURE = Databricks()
