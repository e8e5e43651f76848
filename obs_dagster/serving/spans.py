"""Spans of OpenTelemetry: one per request, or what is known of the model on the span that there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from obs_dagster.serving.identity import names_span
from obs_dagster.serving.request import Request, is_failed

if TYPE_CHECKING:
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
        if current is not self.trace.INVALID_SPAN and current.get_span_context().is_valid:
            return self._on(current, request)
        later = self._later or self._find()
        return self._on(None, request) if later is None else _Served(self, later, request, method, path)

    def _find(self) -> Later | None:
        """What makes spans, once the service's SDK is set up; without one there are none."""
        try:
            from obs_dagster.serving.pending import later
        except ImportError:
            return None
        self._later = later(self._described)
        return self._later

    @contextmanager
    def _on(self, span: Any, request: Request) -> Iterator[None]:
        yield
        if span is not None:
            self.describe(span, request)

    def above(self, traceparent: str | None) -> str | None:
        """The `traceparent` of a request if it names the span above its own; None if it names none."""
        return traceparent if traceparent and self._heeds and names_span(traceparent) else None

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

    def _described(
        self, method: str, path: str, status: str, *known: Any
    ) -> tuple[str, dict[str, Any], bool]:
        about = {"http.request.method": method, "url.path": path, **self._attributes(*known)}
        if status.isdigit():
            about["http.response.status_code"] = int(status)
        return f"{method} {path}", about, is_failed(status)

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

    __slots__ = ("_began", "_decided", "_later", "_method", "_path", "_request", "_span", "_spans", "_token")

    def __init__(self, spans: Spans, later: Later, request: Request, method: str, path: str) -> None:
        self._spans, self._later, self._request = spans, later, request
        self._method, self._path = method, path

    def __enter__(self) -> None:
        spans, request = self._spans, self._request
        above = spans.above(request.traceparent)
        self._span, of_trace, self._decided = self._later.begun(f"{self._method} {self._path}", above)
        self._token = spans.context.attach(spans.trace.set_span_in_context(self._span))
        if above is None:
            request.trace_id = of_trace
        self._began = time.time_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._spans.context.detach(self._token)
        span: Any = self._span
        request = self._request
        if not span.is_recording():
            return
        if isinstance(error, Exception):
            code = self._spans.trace.StatusCode.ERROR
            span.record_exception(error)
            span.set_status(self._spans.trace.Status(code, f"{type(error).__name__}: {error}"))
        self._later.put(
            span,
            self._decided,
            self._began,
            time.time_ns(),
            self._method,
            self._path,
            request.status,
            *facts_of(request),
        )
