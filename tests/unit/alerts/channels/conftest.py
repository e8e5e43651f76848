"""A service on loopback that speaks what it is told to, and a message to send it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from obs_dagster.alerts.message import Message

SECRET = "hunter2-planted-secret"


@dataclass
class Asked:
    """A request that the service got."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def coded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Service(ThreadingHTTPServer):
    """Keeps what it is asked; answers with the next of `answers`, then as `usually` says.

    An answer of None is none: the request was taken, and the connection ends.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answers: list[Answer | None] = []
        self.usually: Callable[[Asked], Answer] = lambda _: Answer()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query))
        asked = Asked(self.command, parts.path, query, dict(self.headers), body)
        self.server.asked.append(asked)
        usual = self.server.usually(asked)
        answer = self.server.answers.pop(0) if self.server.answers else usual
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.coded)))
        self.end_headers()
        self.wfile.write(answer.coded)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815  # their names

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


FIRING = Message(
    key="0123456789:firing:1",
    event="firing",
    severity="critical",
    title="[critical] flight_delay: recall_low fires for version 1: recall 0.04 is below 0.15",
    body="FIRING (critical)\n\nvalue  recall 0.04 < 0.15 & falling",
    details={
        "model": "flight_delay",
        "rule": "recall_low",
        "metric": "recall",
        "model_version": "1",
        "segment": "origin=<b>&</b> <!channel> @all\r\nBcc: x@evil.example",
        "event": "firing",
        "since": "2013-07-01",
    },
    thread="0123456789",
    facts={"value": "recall 0.04 < 0.15 & falling", "what to do": "Look."},
    labels={"team": "flights"},
    links={"health page": "https://pages.example/a.html"},
)


@pytest.fixture
def firing() -> Message:
    """A message that begins a thread."""
    return FIRING


@pytest.fixture
def resolved() -> Message:
    """The message that ends it."""
    return replace(
        FIRING, key="0123456789:resolved:1", event="resolved", title="[resolved] flight_delay: over"
    )
