"""Spans of a test, kept in memory."""

from collections.abc import Callable, Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from obs_dagster.telemetry import traces
from obs_dagster.telemetry.traces import recording


@pytest.fixture
def begin_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set variables of the environment, nothing else being asked for; what was recorded is forgotten."""
    for name in ("OBS_TRACES", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)

    def begin(**environ: str) -> None:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        traces.forget()

    begin()
    yield begin
    monkeypatch.undo()
    traces.forget()


@pytest.fixture
def ended(begin_anew: Callable[..., None]) -> Callable[[], dict[str, ReadableSpan]]:
    """The spans that have ended, by name."""
    begin_anew(OBS_TRACES="otlp")
    exporter = InMemorySpanExporter()
    recording.only_to(SimpleSpanProcessor(exporter))
    return lambda: {each.name: each for each in exporter.get_finished_spans()}
