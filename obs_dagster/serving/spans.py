"""Spans of OpenTelemetry: one per request, or what is known of the model on the span that there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from obs_dagster.serving.request import Request


class Spans:
    """Makes spans with the tracer of the service.

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
            from opentelemetry import propagate, trace
        except ImportError as error:
            raise ImportError(
                "spans=True needs opentelemetry-api: `pip install opentelemetry-sdk`."
            ) from error
        self._model, self._version = model, version
        self._trace, self._propagate = trace, propagate
        self._tracer = trace.get_tracer("obs_dagster.serving")

    @contextmanager
    def of(self, request: Request, method: str, path: str) -> Iterator[None]:
        """The span of a request; errors of the application are its errors."""
        trace = self._trace
        current = trace.get_current_span()
        if current.get_span_context().is_valid:
            yield
            self._describe(current, request)
            return
        given = {"traceparent": request.traceparent} if request.traceparent else {}
        with self._tracer.start_as_current_span(
            f"{method} {path}",
            context=self._propagate.extract(given),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": path},
        ) as span:
            context = span.get_span_context()
            if context.is_valid:
                request.trace_id = f"{context.trace_id:032x}"
            yield
            self._describe(span, request)
            if request.status.isdigit():
                span.set_attribute("http.response.status_code", int(request.status))
            if request.failed:
                span.set_status(trace.StatusCode.ERROR)

    def _describe(self, span: object, request: Request) -> None:
        described = {
            "obs.model": self._model,
            "obs.request_id": request.id,
            "obs.predictions": len(request.rows),
        }
        described["obs.version"] = request.rows[0].version if request.rows else self._version
        if request.rows:
            described["obs.prediction_id"] = request.rows[0].prediction_id
        span.set_attributes(described)  # type: ignore[attr-defined]  # a span, whose type may not be installed
