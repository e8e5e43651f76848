"""Whether there are traces, and where they go: OpenTelemetry's own variables, and `OBS_TRACES`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache

VARIABLE = "OBS_TRACES"

PLACES = ("otlp", "mlflow", "console")
"""Where spans can go: to a collector, into MLflow's trace store, to standard error."""

_OFF = ("off", "none")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def destinations(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Where spans go; nowhere if nobody asks for them.

    `OBS_TRACES` comes first (`mlflow`, `otlp`, `console`, several with commas, or `off`), then
    `OTEL_TRACES_EXPORTER`; else an endpoint is asking. `OTEL_SDK_DISABLED=true` switches all off. Names
    that nothing is known of are left out.

    >>> destinations({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})
    ('otlp',)
    >>> destinations({"OBS_TRACES": "mlflow", "OTEL_SDK_DISABLED": "true"})
    ()
    """
    environ = os.environ if environ is None else environ
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ()
    asked = environ.get(VARIABLE, "").strip() or environ.get("OTEL_TRACES_EXPORTER", "").strip()
    if not asked:
        return ("otlp",) if any(environ.get(name, "").strip() for name in _ENDPOINTS) else ()
    named = [name.strip().lower() for name in asked.split(",")]
    return () if set(_OFF) & set(named) else tuple(dict.fromkeys(name for name in named if name in PLACES))


@cache
def is_on() -> bool:
    """Whether this process makes spans; asked of the environment once."""
    return bool(destinations())
