"""`otlp+http://HOST:4318`: OpenTelemetry's metrics, as protobuf over HTTP.

`otlp://` without a host takes OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`,
`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_SERVICE_NAME`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from obs_dagster import __version__
from obs_dagster.alerts.channels.request import request
from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import SECONDS, ExportError

_WRITTEN = "otlp+http://HOST:4318, otlp+https://… or otlp://, which takes OTEL_EXPORTER_OTLP_ENDPOINT"
_PATH = "/v1/metrics"
_UNITS = {"seconds": "s", "ratio": "1", "": "1"}
_CUMULATIVE = 2


class Otlp:
    """Sends gauges, and what only grows as cumulative sums."""

    name = "otlp"
    forgets = True

    def schemes(self) -> frozenset[str]:
        """Over HTTP and HTTPS, or as OpenTelemetry is set."""
        return frozenset({"otlp", "otlp+http", "otlp+https"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """One request with all of them, at the present time."""
        page = _page(url, os.environ)
        if not page:
            raise ExportError(
                "No collector is named.", remedy="Set OTEL_EXPORTER_OTLP_ENDPOINT, or write its host."
            )
        headers = {"Content-Type": "application/x-protobuf", **_headers(os.environ)}
        request("POST", page, content=body(samples, now), headers=headers, seconds=SECONDS)

    def problem(self, url: str) -> str:
        """A host, or OpenTelemetry's variables."""
        if Address.of(url).scheme == "otlp" and not Address.of(url).host:
            return "" if _page(url, os.environ) else "OTEL_EXPORTER_OTLP_ENDPOINT is not set."
        return wrong(url, _WRITTEN) if "+" in Address.of(url).scheme else f"It is written {_WRITTEN}."


def _page(url: str, environ: Mapping[str, str]) -> str:
    found = Address.of(url)
    if found.host:
        return found.page(path=_PATH)
    whole = environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "")
    root = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    return whole or (f"{root.rstrip('/')}{_PATH}" if root else "")


def _headers(environ: Mapping[str, str]) -> dict[str, str]:
    written = environ.get("OTEL_EXPORTER_OTLP_METRICS_HEADERS") or environ.get(
        "OTEL_EXPORTER_OTLP_HEADERS", ""
    )
    pairs = (each.partition("=") for each in written.split(",") if "=" in each)
    return {name.strip(): unquote(text.strip()) for name, _, text in pairs}


def body(samples: Sequence[Sample], now: dt.datetime) -> bytes:
    """The request as protobuf."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

    message = ExportMetricsServiceRequest()
    resource = message.resource_metrics.add()
    service = os.environ.get("OTEL_SERVICE_NAME", "obs-dagster")
    for name, text in {"service.name": service, "service.version": __version__}.items():
        resource.resource.attributes.add(key=name).value.string_value = text
    scope = resource.scope_metrics.add()
    scope.scope.name, scope.scope.version = "obs_dagster.exports", __version__
    at = int(now.timestamp() * 1e9)
    families: dict[str, Metric] = {}
    for each in samples:
        family = families.get(each.name)
        if family is None:
            unit = _UNITS.get(each.gauge.unit, f"{{{each.gauge.unit}}}")
            family = families[each.name] = scope.metrics.add(
                name=each.name, description=each.gauge.help, unit=unit
            )
        if each.gauge.kind == "counter":
            family.sum.is_monotonic, family.sum.aggregation_temporality = True, _CUMULATIVE
            point = family.sum.data_points.add()
        else:
            point = family.gauge.data_points.add()
        point.time_unix_nano, point.as_double = at, each.value
        for name, text in each.about.items():
            point.attributes.add(key=name).value.string_value = text
    content: bytes = message.SerializeToString()
    return content


WAY = Otlp()
