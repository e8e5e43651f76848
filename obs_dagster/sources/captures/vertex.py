"""Vertex AI's request-response logging, as BigQuery exports it: JSON lines or Parquet.

Documented in "Use online prediction logging": `endpoint`, `deployed_model_id`, `logging_time`, `request_id`,
and the repeated texts `request_payload` and `response_payload`. The version is the deployed model's id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row
from obs_dagster.sources.captures.moments import moment
from obs_dagster.sources.captures.pairing import rows


class Vertex:
    """One row of the table has a request and its response, each as a list of texts."""

    name = "vertex"

    def claims(self, record: Record) -> bool:
        """The deployed model, and the two payloads."""
        return {"deployed_model_id", "request_payload", "response_payload"} <= record.keys()

    def key(self, record: Record) -> None:
        """A row is a request."""

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances of the request with their predictions."""
        [record] = records
        if record.get("request_id") is None:
            raise RefusedError("the request has no id")
        version = record["deployed_model_id"]
        known = {
            "time": moment(record.get("logging_time")),
            "version": None if version is None else str(version),
        }
        asked = _values(record["request_payload"], "request")
        if len(asked) == 1:
            asked = bodies.instances(asked[0])
        answered = _values(record["response_payload"], "response") or None
        if answered is not None and len(answered) == 1:
            # one text may be a whole body, as of raw requests
            answered = bodies.predictions(answered[0])
        return rows(str(record["request_id"]), known, asked, answered)


def _values(payload: Any, what: str) -> list[Any]:
    if payload is None:
        return []
    if not isinstance(payload, list):
        raise RefusedError(f"the {what} is no list")
    return [_value(each) for each in payload]


def _value(text: Any) -> Any:
    """What a text says in JSON; a text that says nothing is itself a value."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


CAPTURE = Vertex()
