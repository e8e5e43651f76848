"""Whether lines of the log go to a collector of OpenTelemetry, as its own variables say."""

from __future__ import annotations

from collections.abc import Mapping

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def asks_for_otlp(environ: Mapping[str, str]) -> bool:
    """Whether an endpoint is named, and nothing is switched off.

    >>> asks_for_otlp({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})
    True
    >>> asks_for_otlp({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_LOGS_EXPORTER": "none"})
    False
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    wanted = environ.get("OTEL_LOGS_EXPORTER", "").strip().lower()
    if wanted:
        return wanted == "otlp"
    return any(environ.get(name, "").strip() for name in _ENDPOINTS)
