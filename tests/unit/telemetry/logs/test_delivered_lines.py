"""Lines on their way to those who keep logs: a real collector, Splunk's documented form, the real rsyslog."""

import json
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from structlog.contextvars import bound_contextvars

from obs_dagster.telemetry import logs, traces
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.patience import PATIENCE
from tests.collector import collecting
from tests.servers import program, running, until

TOLD = Event("obs_dagster.stages", "told", "info", "For a test.")
RSYSLOG = Path(__file__).parents[4] / "deploy" / "logs" / "rsyslog.conf"


@pytest.fixture
def patient(monkeypatch):
    """Waits until it is over: how long is not the matter here."""
    monkeypatch.setattr(PATIENCE, "seconds", 20.0)
    PATIENCE.renew()
    yield
    PATIENCE.renew()


def test_a_collector_gets_lines_with_their_trace_and_the_attributes_of_spans(
    log, patient, tmp_path, monkeypatch
):
    with collecting(tmp_path) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        monkeypatch.setenv("NIGHTLY_PASSWORD", "hunter2hunter2")
        traces.forget()
        log(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint)
        with traces.run_span("lines", "night"), bound_contextvars(model="m", run_id="lines"):
            TOLD(seconds=1.5, said="hunter2hunter2")
        logs.deliver_lines()
        (line,) = until("the line has come", collector.logs)
    monkeypatch.undo()
    traces.forget()
    assert (line["body"], line["level"]) == ("told", "INFO")
    assert line["trace"] == traces.trace_of_run("lines")
    assert (
        line["attributes"].items()
        >= {
            "obs.model": "m",
            "obs.run_id": "lines",
            "obs.logger": "obs_dagster.stages",
            "obs.seconds": 1.5,
            "obs.said": "***",
        }.items()
    )


class _Splunk(BaseHTTPRequestHandler):
    """HTTP Event Collector, as its documentation has it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        good = self.headers["Authorization"] == "Splunk 11111111-2222-3333-4444-555555555555"
        answer = {"text": "Success", "code": 0} if good else {"text": "Invalid token", "code": 4}
        said = json.dumps(answer).encode()
        self.send_response(200 if good else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def splunk():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Splunk)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _events(body):
    """The objects that stand one after the other in a request."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(body):
        event, at = decoder.raw_decode(body, at)
        found.append(event)
        at += len(body[at:]) - len(body[at:].lstrip())
    return found


def test_splunk_gets_events_in_batches(log, patient, splunk, tmp_path):
    token = tmp_path / "token"
    token.write_text("11111111-2222-3333-4444-555555555555\n")
    url = f"http://127.0.0.1:{splunk.server_port}"
    written = log(OBS_SPLUNK_HEC_URL=url, OBS_SPLUNK_HEC_TOKEN_FILE=str(token))
    for number in range(3):
        TOLD(number=number)
    logs.deliver_lines()
    path, authorization, _ = splunk.asked[0]
    assert (path, authorization) == ("/services/collector/event", f"Splunk {token.read_text().strip()}")
    events = [event for _, _, body in splunk.asked for event in _events(body)]
    assert [each["event"]["number"] for each in events] == [0, 1, 2]
    assert [each["event"] for each in events] == [
        {**line, "timestamp": each["event"]["timestamp"]}
        for line, each in zip(written.lines, events, strict=True)
    ]
    assert {(each["source"], each["sourcetype"]) for each in events} == {("obs-dagster", "_json")}
    assert all(isinstance(each["time"], float) and each["host"] for each in events)


def test_a_splunk_that_refuses_is_left_alone_for_a_while_and_nothing_is_lost(log, patient, splunk):
    log(OBS_SPLUNK_HEC_URL=f"http://127.0.0.1:{splunk.server_port}", OBS_SPLUNK_HEC_TOKEN="not-the-token")
    TOLD()
    for _ in range(3):
        logs.deliver_lines()
    assert len(splunk.asked) == 1
    logs.begin_night()
    logs.deliver_lines()
    assert len(splunk.asked) == 2
    assert splunk.asked[0][2] == splunk.asked[1][2]


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"OBS_SPLUNK_HEC_URL": "splunk.example"}, "OBS_SPLUNK_HEC_URL must begin with http"),
        ({"OBS_SPLUNK_HEC_URL": "https://splunk.example"}, "neither OBS_SPLUNK_HEC_TOKEN nor"),
        (
            {"OBS_SPLUNK_HEC_URL": "https://splunk.example", "OBS_SPLUNK_HEC_TOKEN_FILE": "/nowhere"},
            "OBS_SPLUNK_HEC_TOKEN_FILE cannot be read: No such file or directory",
        ),
    ],
)
def test_a_splunk_that_cannot_be_used_is_told_of(log, environ, why):
    written = log(**environ)
    (line,) = written.lines
    assert line["event"] == "log not delivered"
    assert why in line["error"]


def test_without_the_extra_lines_stay_here(log, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http._log_exporter", None)
    written = log(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert "obs-dagster[otel]" in written.lines[0]["error"]


class _Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.server.got.append(json.loads(line))


def test_rsyslog_passes_every_line_on_as_it_is_also_when_the_file_is_turned_over(log, tmp_path):
    rsyslogd = program("rsyslogd")
    file, errors = tmp_path / "logs" / "obs.log", tmp_path / "logs" / "errors.log"
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Lines)
    server.daemon_threads, server.got = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sample = RSYSLOG.read_text()
    for old, new in (
        ("/var/log/obs-dagster/obs.log", str(file)),
        ("/var/log/obs-dagster/errors.log", str(errors)),
        ('target="logs.example.org" port="5170"', f'target="127.0.0.1" port="{server.server_address[1]}"'),
    ):
        assert old in sample
        sample = sample.replace(old, new)
    conf = tmp_path / "rsyslog.conf"
    conf.write_text(f'global(workDirectory="{tmp_path}")\n{sample}')
    written = log(OBS_LOG_FILE=str(file), OBS_LOG_FILE_BYTES="2000", OBS_LOG_FILE_KEEP="9")
    TOLD(number=-1)
    command = [rsyslogd, "-n", "-f", str(conf), "-i", str(tmp_path / "pid")]
    folder = tmp_path / "run"
    folder.mkdir()
    try:
        with running(command, folder, lambda: server.got):
            for number in range(30):
                TOLD(number=number)
                until(
                    "it has come", lambda number=number: any(each["number"] == number for each in server.got)
                )
            TOLD.at(40, number=99)
            until("the error is apart", lambda: errors.exists() and errors.read_text())
    finally:
        server.shutdown()
        server.server_close()
    assert len(list(file.parent.glob("obs.log*"))) > 2, "it was turned over"
    seen = [{**each, "timestamp": ""} for each in server.got]
    assert seen == [{**line, "timestamp": ""} for line in written.lines]
    assert json.loads(errors.read_text())["number"] == 99
