"""OTLP metrics, by a real collector that prints what it has received."""

import datetime as dt
from pathlib import Path

import pytest

from obs_dagster.exports.way import problem_of, way_of
from tests.servers import connects, free_port, running, until


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    """The port, and what it prints."""
    rotel = pytest.importorskip("rotel", reason="rotel is not installed")
    agent = Path(rotel.__file__).with_name("rotel-agent")
    folder, port = tmp_path_factory.mktemp("collector"), free_port()
    command = [str(agent), "start", "--otlp-http-endpoint", f"127.0.0.1:{port}"]
    command += ["--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}", "--exporter", "blackhole"]
    command += ["--debug-log", "metrics", "--debug-log-verbosity", "detailed"]
    with running(command, folder, connects(port)):
        yield port, folder / "log"


def test_the_collector_has_every_metric_with_unit_kind_and_labels(collector, filled, monkeypatch):
    port, log = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    assert not problem_of("otlp://")
    way_of("otlp://").send("otlp://", filled.samples, dt.datetime.now(dt.UTC))
    text = until(
        "it has printed the last one",
        lambda: (said := log.read_text()) and "obs_version_state" in said and said,
    )
    assert {each.name for each in filled.samples} <= set(text.replace('"', " ").split())
    for each in ("ours", "obs_notifications_total", "income"):
        assert each in text


def test_without_a_collector_the_variable_is_named(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in problem_of("otlp://")
