"""CloudEvents of KServe's inference logger and of Seldon's request logger, as JSON that has their `data`.

Documented in "Basic Inference Logger" of KServe (types `org.kubeflow.serving.inference.request` and
`….response`) and in "Payload Logging" of Seldon Core (`io.seldon.serving.inference.…`, with `requestid`).
Request and response are events of their own with one id, which may come in any order, and more than once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row
from obs_dagster.sources.captures.moments import between, moment
from obs_dagster.sources.captures.pairing import rows

_TYPE = re.compile(r"(?:org\.kubeflow|io\.seldon)\.serving\.inference\.(request|response)")
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_PREDICTOR = "predictor"


class CloudEvents:
    """A request and its response are two records."""

    name = "cloud_events"

    def claims(self, record: Record) -> bool:
        """An event of one of the types."""
        return "specversion" in record and bool(_TYPE.fullmatch(str(record.get("type"))))

    def key(self, record: Record) -> str:
        """The id of the request."""
        found = record.get("requestid") or record.get("id")
        if not found:
            raise RefusedError("the event has no id")
        return str(found)

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances of the request with the predictions of its response."""
        # a transformer before the model logs the same request
        models = [each for each in records if (each.get("component") or _PREDICTOR) == _PREDICTOR] or records
        request, response = _first(models, "request"), _first(models, "response")
        if request is None:
            raise RefusedError("there is a response without its request")
        asked = bodies.instances(_data(request, "request"))
        answer = None if response is None else _data(response, "response")
        trace = _TRACE.fullmatch(str(request.get("traceparent")))
        known = {
            "time": moment(request.get("time")),
            "version": _version(request, answer),
            "latency_ms": None if response is None else between(request.get("time"), response.get("time")),
            "trace_id": trace[1] if trace else None,
        }
        answered = None if response is None else bodies.predictions(answer)
        return rows(self.key(request), known, asked, answered)


def _first(records: Sequence[Record], side: str) -> Record | None:
    """What was delivered first; events may come more than once."""
    return next((each for each in records if str(each["type"]).endswith(f".{side}")), None)


def _data(record: Record, what: str) -> Any:
    if record.get("data_base64") is not None:
        return bodies.parsed(bodies.of_base64(record["data_base64"], what), what)
    if record.get("data") is None:
        raise RefusedError(f"the {what} has no data")
    return bodies.parsed(record["data"], what)


def _version(request: Record, answer: Any) -> str | None:
    """What the model says of itself, or how the service or its model is called."""
    told = answer.get("model_version") if isinstance(answer, Mapping) else None
    found = told or request.get("modelid") or request.get("inferenceservicename")
    return None if found is None else str(found)


CAPTURE = CloudEvents()
