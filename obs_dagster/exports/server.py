"""The page that Prometheus scrapes: `/metrics`, read from the store at every scrape."""

from __future__ import annotations

import datetime as dt
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from obs_dagster.errors import ObsError
from obs_dagster.exports.exposition import CONTENT_TYPE, exposition
from obs_dagster.exports.present import present
from obs_dagster.history import History
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

PATH = "/metrics"
_SECONDS = 10
"""A client that is silent for so long is given up."""


_NOT_SCRAPED = Event(
    "obs_dagster.exports",
    "not scraped",
    "error",
    "Somebody asked for the metrics, and the history store could not be read.",
    {"error": "why"},
)


class MetricsServer(ThreadingHTTPServer):
    """Answers with the present samples; one that cannot be made is a 503, which Prometheus shows as down."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], settings: Settings) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.settings = settings
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self.socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: MetricsServer
    server_version = "obs-dagster"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self._answer(HTTPStatus.NOT_FOUND, f"It is at {PATH}.\n".encode())
            return
        settings = self.server.settings
        try:
            with History.open(settings.history_url) as history:
                body = exposition(present(settings, history, dt.datetime.now(dt.UTC)))
        except ObsError as error:
            _NOT_SCRAPED(error=str(error))
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode())
            return
        self._answer(HTTPStatus.OK, body, CONTENT_TYPE)

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Scrapes are not worth a line each."""


def listen(settings: Settings, host: str, port: int) -> MetricsServer:
    """A server that listens, and answers once it is asked to serve.

    Raises:
        ObsError: the address cannot be had.
    """
    try:
        return MetricsServer((host, port), settings)
    except OSError as error:
        raise ObsError(
            f"Nobody can listen on {host}:{port} ({error.strerror or error}).",
            remedy="Give another --port, or end what has it.",
        ) from error
