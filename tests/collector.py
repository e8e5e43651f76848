"""A real collector of OpenTelemetry on loopback, and what it passes on, to be looked at."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers import connects, free_port, running, until


class Collector:
    """Where it listens, and the spans and log records that came through it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._received: list[tuple[str, bytes]] = []

    def take(self, path: str, body: bytes) -> None:
        self._received.append((path, body))

    def spans(self, trace_id: str = "") -> list[dict[str, Any]]:
        """The spans of a trace, or of all, as they are in protobuf, with attributes as a dict."""
        requests = (ExportTraceServiceRequest.FromString(body) for path, body in self._of("traces"))
        return [
            {
                "name": span.name,
                "trace": span.trace_id.hex(),
                "id": span.span_id.hex(),
                "parent": span.parent_span_id.hex(),
                "failed": span.status.code == 2,
                "events": [each.name for each in span.events],
                "attributes": _attributes(span.attributes),
                "resource": _attributes(resource.resource.attributes),
            }
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if trace_id in ("", span.trace_id.hex())
        ]

    def logs(self) -> list[dict[str, Any]]:
        """The log records."""
        requests = (ExportLogsServiceRequest.FromString(body) for _, body in self._of("logs"))
        return [
            {
                "body": record.body.string_value,
                "level": record.severity_text,
                "trace": record.trace_id.hex(),
                "attributes": _attributes(record.attributes),
            }
            for request in requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def _of(self, signal: str) -> list[tuple[str, bytes]]:
        return [each for each in self._received if each[0] == f"/v1/{signal}"]


def _attributes(given: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in given}


@contextmanager
def collecting(folder: Path) -> Iterator[Collector]:
    """A collector for the block; the test is skipped if there is none to be had."""
    rotel = pytest.importorskip("rotel", reason="rotel is not installed")
    agent = Path(rotel.__file__).with_name("rotel-agent")
    collector = Collector(f"http://127.0.0.1:{free_port()}")

    class Behind(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            collector.take(self.path, gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    behind = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port = int(collector.endpoint.rpartition(":")[2])
    command = [str(agent), "start", "--otlp-http-endpoint", f"127.0.0.1:{port}"]
    command += ["--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}", "--exporter", "otlp"]
    command += ["--otlp-exporter-protocol", "http", "--batch-timeout", "50ms", "--logs-batch-timeout", "50ms"]
    command += ["--otlp-exporter-endpoint", f"http://127.0.0.1:{behind.server_port}"]
    try:
        with running(command, folder, connects(port)):
            yield collector
    finally:
        behind.shutdown()
        behind.server_close()


def arrived(collector: Collector, name: str) -> dict[str, Any]:
    """The span of a name, once it has come through."""
    found = until(
        f"the span {name} has come", lambda: [each for each in collector.spans() if each["name"] == name]
    )
    return found[0]
