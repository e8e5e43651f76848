"""What all telemetry of this program is about, in OpenTelemetry's terms."""

from __future__ import annotations

import os
from functools import cache

from opentelemetry.sdk.resources import Resource

from obs_dagster import __version__


@cache
def identity() -> Resource:
    """Name and version of the program, and what the environment adds; a name that it gives wins."""
    about = {"service.version": __version__}
    given = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not os.environ.get("OTEL_SERVICE_NAME") and "service.name=" not in given:
        about["service.name"] = "obs-dagster"
    return Resource.create(about)
