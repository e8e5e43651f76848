"""The request that is being answered: its rows wait for how it ends."""

from __future__ import annotations

import time
from contextvars import ContextVar

from obs_dagster.serving.identity import printable, request_id, trace_of
from obs_dagster.serving.row import Row

CURRENT: ContextVar[Request | None] = ContextVar("obs_dagster_request", default=None)

CANCELLED = "499"
"""The status of a request whose client did not wait, as nginx has it."""

FAILED = "500"


class Request:
    """A request under way.

    Args:
        given_id: the `x-request-id` that came with it, if any.
        traceparent: the header of this name, if any; kept if it is one.
    """

    __slots__ = (
        "begun",
        "id",
        "latency_ms",
        "rows",
        "started",
        "status",
        "trace_id",
        "traceparent",
    )

    def __init__(self, given_id: str | None, traceparent: str | None) -> None:
        self.begun = time.time()
        self.started = time.perf_counter()
        self.id = request_id(given_id)
        self.trace_id = trace_of(traceparent)
        self.traceparent = traceparent.strip() if traceparent and self.trace_id else None
        self.rows: list[Row] = []
        self.status = FAILED
        self.latency_ms: float | None = None

    def answered(self) -> None:
        """The last byte of the answer is out; what is done later is not waited for by anybody."""
        if self.latency_ms is None:
            self.latency_ms = (time.perf_counter() - self.started) * 1e3

    @property
    def failed(self) -> bool:
        """Whether the service is at fault."""
        return is_failed(self.status)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the client is told: the ids by which the request and its first prediction are found."""
        told = [("x-request-id", self.id)]
        if self.rows and printable(self.rows[0].prediction_id):
            told.append(("x-prediction-id", self.rows[0].prediction_id))
        return told


def is_failed(status: str) -> bool:
    """Whether the service is at fault, by how a request ended."""
    return status.startswith("5")
