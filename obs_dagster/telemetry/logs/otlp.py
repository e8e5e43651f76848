"""Lines of the log as OTLP log records, each with its trace; imported only where somebody asks for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult

from obs_dagster.telemetry.identity import identity
from obs_dagster.telemetry.logs.background import Background
from obs_dagster.telemetry.patience import PATIENCE

SECONDS = 0.7
"""How long a collector may take, unless the environment says otherwise; see `traces/destination.py`."""

_TIMEOUTS = ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
MISSING = "the exporter is not installed: `pip install obs-dagster[otel]`"
_KNOWN = ("event", "level", "timestamp", "trace_id", "span_id", "exception")
"""What has a place of its own in a record."""


class _Once(LogRecordExporter):
    """An exporter that is asked no more once it has failed, until it is told that another night begins."""

    def __init__(self, exporter: LogRecordExporter) -> None:
        self._exporter = exporter
        self.failed = False

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Deliver records, or drop them."""
        if not self.failed:
            self.failed = self._exporter.export(batch) is not LogRecordExportResult.SUCCESS
        return LogRecordExportResult.FAILURE if self.failed else LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close it."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # OpenTelemetry has no type there

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  nothing is held back here
        """Nothing is held back."""
        return True


class OtlpHandler(Background):
    """Hands lines to OpenTelemetry, which delivers them in the background."""

    def __init__(self) -> None:
        super().__init__()
        self._once = _Once(_exporter())
        from opentelemetry.instrumentation.logging.handler import LoggingHandler

        self._provider = LoggerProvider(resource=identity(), shutdown_on_exit=False)
        self._provider.add_log_record_processor(BatchLogRecordProcessor(self._once))
        self._inner = LoggingHandler(logger_provider=self._provider)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record over: the name of its event is the body, its keys are attributes as of spans."""
        event = self.event(record)
        plain = logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, "%s", (), None)
        plain.created, plain.msg, plain.args = record.created, str(event["event"]), ()
        told = {f"obs.{name}": _value(value) for name, value in event.items() if name not in _KNOWN}
        if "exception" in event:
            told["exception.stacktrace"] = str(event["exception"])
        vars(plain).update(told)
        self._inner.emit(plain)

    def begin(self) -> None:
        """Another night begins: a collector that has failed is tried again."""
        self._once.failed = False

    def deliver(self) -> None:
        """Deliver what waits."""
        if not self._once.failed:
            PATIENCE.wait(self._provider.force_flush)


def _exporter() -> LogRecordExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    except ImportError as error:
        raise ModuleNotFoundError(MISSING, name=error.name) from None
    # what it says would come back to it
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    given = any(os.environ.get(name) for name in _TIMEOUTS)
    return OTLPLogExporter(timeout=None if given else SECONDS)


def _value(value: object) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)
