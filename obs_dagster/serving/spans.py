"""Spans of OpenTelemetry: one per request, or what is known of the model on the span that there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from obs_dagster.serving.request import Request

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

    from obs_dagster.serving.pending import Later


class Spans:
    """Makes spans with the tracer provider of the service.

    Where an instrumentation has already begun a span for the request, that one gets the attributes; else
    there is one of the kind `SERVER`, below the span that the `traceparent` of the request names.

    Args:
        model: the model's name; an attribute, as `version` is.
        version: the log's version.

    Raises:
        ImportError: opentelemetry-api is not installed.
    """

    def __init__(self, model: str, version: str) -> None:
        try:
            from opentelemetry import context, propagate, trace
        except ImportError as error:
            raise ImportError(
                "spans=True needs opentelemetry-api: `pip install opentelemetry-sdk`."
            ) from error
        self._model, self._version = model, version
        self.trace, self.context = trace, context
        self._heeds = "traceparent" in propagate.get_global_textmap().fields
        self._later: Later | None = None

    def of(self, request: Request, method: str, path: str) -> Any:
        """The span of a request, as a context manager; errors of the application are its errors."""
        current = self.trace.get_current_span()
        if current.get_span_context().is_valid:
            return self._on(current, request)
        later = self._later or self._find()
        return self._on(None, request) if later is None else _Served(self, later, request, method, path)

    def _find(self) -> Later | None:
        """What makes spans, once the service's SDK is set up; without one there are none."""
        try:
            from obs_dagster.serving.pending import later
        except ImportError:
            return None
        self._later = later(self._describe_later)
        return self._later

    @contextmanager
    def _on(self, span: Any, request: Request) -> Iterator[None]:
        yield
        if span is not None:
            self.describe(span, request)

    def above(self, traceparent: str | None) -> SpanContext | None:
        """The span that a request names as the one above its own; None if it names none."""
        if not traceparent or not self._heeds:
            return None
        trace = self.trace
        try:
            _, trace_id, span_id, flags, *_ = traceparent.strip().split("-")
            flagged = trace.TraceFlags(int(flags, 16))
            found = trace.SpanContext(
                int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flagged
            )
        except ValueError:
            return None
        return found if found.is_valid else None

    def describe(self, span: Any, request: Request) -> None:
        """Put on a span what is known of the model."""
        span.set_attributes(self._attributes(*facts_of(request)))

    def _attributes(
        self, request_id: str, predictions: int, version: str | None, prediction_id: str | None
    ) -> dict[str, Any]:
        found = {
            "obs.model": self._model,
            "obs.request_id": request_id,
            "obs.predictions": predictions,
            "obs.version": version or self._version,
        }
        return found if prediction_id is None else {**found, "obs.prediction_id": prediction_id}

    def _describe_later(self, span: Any, facts: tuple[Any, ...]) -> None:
        method, path, status, failed, *known = facts
        about = {"http.request.method": method, "url.path": path, **self._attributes(*known)}
        if status.isdigit():
            about["http.response.status_code"] = int(status)
        span.set_attributes(about)
        if failed:
            span.set_status(self.trace.StatusCode.ERROR)

    def flush(self) -> None:
        """Make the spans of all requests that have ended."""
        if self._later is not None:
            self._later.make()


def facts_of(request: Request) -> tuple[str, int, str | None, str | None]:
    """Its id, how many predictions it has, and version and id of the first one."""
    rows = request.rows
    first = rows[0] if rows else None
    return request.id, len(rows), first and first.version, first and first.prediction_id


class _Served:
    """The span of a request, which is the current one within the block."""

    __slots__ = (
        "_began",
        "_decided",
        "_later",
        "_method",
        "_name",
        "_parent",
        "_path",
        "_request",
        "_span",
        "_spans",
        "_token",
    )

    def __init__(self, spans: Spans, later: Later, request: Request, method: str, path: str) -> None:
        self._spans, self._later, self._request = spans, later, request
        self._method, self._path = method, path

    def __enter__(self) -> None:
        self._name = f"{self._method} {self._path}"
        self._parent = self._spans.above(self._request.traceparent)
        self._span, context, self._decided = self._later.begun(self._name, self._parent)
        self._token = self._spans.context.attach(self._spans.trace.set_span_in_context(self._span))
        if self._parent is None:
            self._request.trace_id = f"{context.trace_id:032x}"
        self._began = time.time_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._spans.context.detach(self._token)
        span, request = self._span, self._request
        if not span.is_recording():
            return
        if isinstance(error, Exception):
            code = self._spans.trace.StatusCode.ERROR
            span.record_exception(error)
            span.set_status(self._spans.trace.Status(code, f"{type(error).__name__}: {error}"))
        self._later.put(
            span,
            self._parent,
            self._decided,
            self._name,
            self._began,
            time.time_ns(),
            self._method,
            self._path,
            request.status,
            request.failed,
            *facts_of(request),
        )
