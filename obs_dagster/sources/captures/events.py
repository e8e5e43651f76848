"""Events of requests and responses, which have one id, and may come in any order and more than once.

Whatever they are written as, an event is here as CloudEvents' structured mode has it: `type`, `id`, `time`
and further attributes, with `data` or `data_base64`. Types are those of KServe and of Seldon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from obs_dagster.sources.captures import bodies
from obs_dagster.sources.captures.capture import Record, RefusedError, Row, Side
from obs_dagster.sources.captures.moments import between, moment
from obs_dagster.sources.captures.pairing import rows

TYPE = re.compile(r"(?:org\.kubeflow|io\.seldon)\.serving\.inference\.(request|response)")
WRITTEN = "_obs_written"
"""The attribute that says when the file of an event without a time was written."""

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_PREDICTOR = "predictor"


@dataclass(frozen=True, slots=True)
class Events:
    """A request and its response are two records.

    Attributes:
        name: what the form is called.
        recognised: whether a record has it, by its shape.
        event: the record as an event.
    """

    name: str
    recognised: Callable[[Record], bool]
    event: Callable[[Record], Record]

    def claims(self, record: Record) -> bool:
        """An event of one of the types."""
        return self.recognised(record)

    def key(self, record: Record) -> str:
        """The id of the request."""
        return _id(self.event(record))

    def side(self, record: Record) -> Side:
        """As its type says."""
        return "request" if str(self.event(record)["type"]).endswith(".request") else "response"

    def instances(self, record: Record) -> int:
        """The instances of the request, or the predictions of the response."""
        side = self.side(record)
        body = _data(self.event(record), side)
        return len(bodies.instances(body) if side == "request" else bodies.predictions(body))

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The instances of the request with the predictions of its response."""
        events = [self.event(each) for each in records]
        # a transformer before the model logs the same request
        models = [each for each in events if (each.get("component") or _PREDICTOR) == _PREDICTOR] or events
        request, response = _first(models, "request"), _first(models, "response")
        if request is None:
            raise RefusedError("there is a response without its request")
        asked = bodies.instances(_data(request, "request"))
        answer = None if response is None else _data(response, "response")
        known = {
            "time": moment(request.get("time")) or moment(request.get(WRITTEN)),
            "version": _version(request, answer),
            "latency_ms": None if response is None else between(request.get("time"), response.get("time")),
            "trace_id": _trace(request.get("traceparent")),
        }
        answered = None if response is None else bodies.predictions(answer)
        return rows(_id(request), known, asked, answered)


def _id(event: Record) -> str:
    found = event.get("requestid") or event.get("id")
    if not found:
        raise RefusedError("the event has no id")
    return str(found)


def _first(events: Sequence[Record], side: Side) -> Record | None:
    """What was delivered first; events may come more than once."""
    return next((each for each in events if str(each["type"]).endswith(f".{side}")), None)


def _data(event: Record, what: str) -> Any:
    if event.get("data_base64") is not None:
        return bodies.parsed(bodies.of_base64(event["data_base64"], what), what)
    if event.get("data") is None:
        raise RefusedError(f"the {what} has no data")
    return bodies.parsed(event["data"], what)


def _trace(parent: Any) -> str | None:
    found = _TRACE.fullmatch(str(parent))
    return found[1] if found else None


def _version(request: Record, answer: Any) -> str | None:
    """What the model says of itself, or how the service or its model is called."""
    told = answer.get("model_version") if isinstance(answer, dict) else None
    found = told or request.get("modelid") or request.get("inferenceservicename")
    return None if found is None else str(found)
