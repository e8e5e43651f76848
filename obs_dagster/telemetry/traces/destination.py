"""Where spans are delivered to: a destination that fails is left alone for the rest of the night."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter, SpanExportResult

from obs_dagster.secrets import scrub
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces.holding import Holding
from obs_dagster.telemetry.traces.switch import destinations

SECONDS = 0.7
"""How long a collector may take, unless the environment says otherwise; OpenTelemetry's own pauses before
another attempt are longer, so there is none."""

_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")


_LOST = Event(
    "obs_dagster.traces",
    "traces not delivered",
    "warning",
    "A place for traces did not take them. It is left alone until the next night; the night itself goes on.",
    {"destination": "`otlp`, `mlflow` or `console`", "error": "why"},
)


class Destination(SpanExporter):
    """An exporter that is asked no more once it has failed, until the next night begins.

    Args:
        name: what it is called in the log.
        opened: makes the exporter, when there is something to deliver.
    """

    def __init__(self, name: str, opened: Callable[[], SpanExporter]) -> None:
        self._name = name
        self._opened = opened
        self._exporter: SpanExporter | None = None
        self._failed = False

    @property
    def answering(self) -> bool:
        """Whether it is known to be there while spans are delivered to it."""
        return isinstance(self._exporter, Holding) and self._exporter.answering

    def begin(self) -> None:
        """Another night begins: it is tried again."""
        self._failed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver spans, or drop them; never raises."""
        return SpanExportResult.FAILURE if self._failed else self._try(lambda: self._export(spans))

    def _export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._exporter is None:
            self._exporter = self._opened()
        return self._exporter.export(spans)

    def _try(self, deliver: Callable[[], SpanExportResult]) -> SpanExportResult:
        try:
            done, why = deliver(), "it did not take them"
        except Exception as error:  # noqa: BLE001  whatever it is, it must not cost a night
            done, why = SpanExportResult.FAILURE, scrub(f"{type(error).__name__}: {error}")
        if done is not SpanExportResult.SUCCESS:
            self._failed = True
            _LOST(destination=self._name, error=why)
        return done

    def finish(self) -> None:
        """A night has ended: what the exporter has held back until now is delivered."""
        if isinstance(self._exporter, Holding) and not self._failed:
            self._try(self._exporter.finish)

    def shutdown(self) -> None:
        """Close what was opened."""
        if self._exporter is not None:
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  nothing is held back here
        """Nothing is held back."""
        return True


def open_destinations() -> tuple[Destination, ...]:
    """The destinations that the environment names."""
    return tuple(Destination(name, _OPENED[name]) for name in destinations())


def _otlp() -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ModuleNotFoundError(
            "the exporter is not installed: `pip install obs-dagster[otel]`", name=error.name
        ) from None
    # it says in several lines what is told once here
    logging.getLogger("opentelemetry.exporter.otlp").setLevel(logging.CRITICAL)
    given = any(os.environ.get(name) for name in _TIMEOUTS)
    return OTLPSpanExporter(timeout=None if given else SECONDS)


def _mlflow() -> SpanExporter:
    from obs_dagster.telemetry.traces.mlflow_store import MlflowStore

    return MlflowStore()


def _console() -> SpanExporter:
    import sys

    return ConsoleSpanExporter(out=sys.stderr)


_OPENED: Mapping[str, Callable[[], SpanExporter]] = MappingProxyType(
    {"otlp": _otlp, "mlflow": _mlflow, "console": _console}
)
