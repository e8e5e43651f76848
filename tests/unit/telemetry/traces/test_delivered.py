"""Spans on their way out: through a real collector, and to collectors that are dead in several ways."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from obs_dagster.telemetry import traces
from obs_dagster.telemetry.patience import PATIENCE
from obs_dagster.telemetry.traces import destination
from tests.collector import arrived, collecting
from tests.servers import free_port


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    with collecting(tmp_path_factory.mktemp("collector")) as found:
        yield found


def test_a_night_comes_through_a_collector_named_as_the_environment_says(begin_anew, collector):
    begin_anew(
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
        OTEL_SERVICE_NAME="nightly",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
    )
    night = traces.run_span("delivered", "delivered night", model="m")
    with night, traces.span("delivered scan", rows=10):
        pass
    root, scan = arrived(collector, "delivered night"), arrived(collector, "delivered scan")
    assert scan["parent"] == root["id"]
    assert scan["attributes"] == {"obs.rows": 10}
    assert root["resource"]["service.name"] == "nightly"
    assert root["resource"]["deployment.environment.name"] == "test"


def test_a_part_elsewhere_is_delivered_when_it_ends(begin_anew, collector):
    begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint)
    with traces.part_of_run("elsewhere", "elsewhere stage"):
        pass
    assert arrived(collector, "elsewhere stage")["trace"] == traces.trace_of_run("elsewhere")


class _Refuses(BaseHTTPRequestHandler):
    asked: list[str]

    def do_POST(self):
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def _night(run_id):
    with capture_logs() as said, traces.run_span(run_id, "night"):
        for _ in range(3):
            with traces.span("scan"):
                pass
            traces.deliver_now()
    return [line for line in said if line["event"] == "traces not delivered"]


@pytest.fixture
def patient(monkeypatch):
    """Waits until it is over: how long is not the matter here."""
    monkeypatch.setattr(PATIENCE, "seconds", 20.0)


def test_a_collector_that_refuses_is_asked_once_a_night(begin_anew, patient):
    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Refuses,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}")
    try:
        for night in (1, 2):
            (told,) = _night(f"refused-{night}")
            assert (told["destination"], told["log_level"]) == ("otlp", "warning")
            assert asked == ["/v1/traces"] * night
    finally:
        server.shutdown()
        server.server_close()


def test_a_collector_that_hangs_is_waited_for_once_a_night(begin_anew, patient):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert len(_night("hangs")) == 1


def test_the_end_of_a_night_does_not_wait_for_a_collector_that_takes_its_time(begin_anew, monkeypatch):
    """However long the environment lets it take: the rest is delivered, or not, in the background."""
    monkeypatch.setattr(PATIENCE, "seconds", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", OTEL_EXPORTER_OTLP_TIMEOUT="5")
        with capture_logs() as said, traces.run_span("slow", "night"):
            pass
        assert not said
        assert any(each.name == "deliver-telemetry" for each in threading.enumerate())


def test_nobody_there(begin_anew, patient):
    begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert len(_night("nobody")) == 1


def test_without_the_exporter_the_extra_is_named(begin_anew, patient, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    begin_anew(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    (told,) = _night("no-extra")
    assert "obs-dagster[otel]" in told["error"]


def test_mlflow_without_a_database_costs_nothing_but_the_trace(begin_anew, patient, tmp_path):
    begin_anew(OBS_TRACES="mlflow", OBS_HOME=str(tmp_path))
    with capture_logs() as said, traces.run_span("no-mlflow", "night", model="m"):
        pass
    (told,) = said
    assert (told["destination"], told["error"]) == ("mlflow", "LookupError: MLflow has no database yet")
    assert not list(tmp_path.iterdir())


def test_every_destination_can_be_opened():
    assert set(destination._OPENED) == {"otlp", "mlflow", "console"}
