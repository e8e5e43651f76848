"""SageMaker's data capture, and ground truth that is uploaded for its monitors.

Documented in "Capture data from real-time endpoint" and "Ingest ground truth labels and merge them with
predictions" of the SageMaker developer guide. The files have no version: it stands in their path, as the
variant of the endpoint, or is said by `logs.version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row
from obs_dagster.sources.captures.moments import moment
from obs_dagster.sources.captures.pairing import label_rows, rows


class SageMaker:
    """One record has a request and its response, whose bodies are texts."""

    name = "sagemaker"

    def claims(self, record: Record) -> bool:
        """Data capture, or ground truth."""
        return isinstance(record.get("eventMetadata"), Mapping) and any(
            isinstance(record.get(key), Mapping) for key in ("captureData", "groundTruthData")
        )

    def key(self, record: Record) -> None:
        """A record is a request."""

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances of the request with their predictions, or the labels."""
        [record] = records
        event = record["eventMetadata"]
        event_id = event.get("inferenceId") or event.get("eventId")
        if not event_id:
            raise RefusedError("the event has no id")
        if isinstance(record.get("groundTruthData"), Mapping):
            values = [each for line in _csv(record["groundTruthData"], "ground truth") for each in line]
            return label_rows(str(event_id), moment(event.get("inferenceTime")), values)
        captured = record["captureData"]
        asked = _body(captured, "endpointInput", "request")
        if asked is None:
            raise RefusedError("the request was not captured")
        answered = _body(captured, "endpointOutput", "response")
        if answered is not None:
            answered = _as_many(answered, len(asked))
        return rows(str(event_id), {"time": moment(event.get("inferenceTime"))}, asked, answered)


def _body(captured: Mapping[str, Any], side: str, what: str) -> list[Any] | None:
    part = captured.get(side)
    if not isinstance(part, Mapping):
        return None
    kind = str(part.get("observedContentType") or "").partition(";")[0].strip().lower()
    if part.get("encoding") == "CSV" or kind == "text/csv":
        return _csv(part, what)
    body = bodies.parsed(_text(part, what), what)
    return bodies.instances(body) if side == "endpointInput" else bodies.predictions(body)


def _csv(part: Mapping[str, Any], what: str) -> list[Any]:
    return bodies.lines(_text(part, what))


def _text(part: Mapping[str, Any], what: str) -> str:
    data = part.get("data")
    if not isinstance(data, str):
        raise RefusedError(f"the {what} has no data")
    return bodies.of_base64(data, what) if part.get("encoding") == "BASE64" else data


def _as_many(answered: list[Any], number: int) -> list[Any]:
    """Predictions that stand on one line, as some algorithms write them."""
    if number > 1 and len(answered) == 1 and isinstance(answered[0], list) and len(answered[0]) == number:
        return list(answered[0])
    return answered


CAPTURE = SageMaker()
