"""Real receivers on loopback: a webhook, a Mattermost-like chat, a mail server, and the log."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from obs_dagster.alerts import deliver, undelivered
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.registry import channel_of, send
from obs_dagster.alerts.message import Message
from obs_dagster.links import Links
from obs_dagster.monitor import Route

HOSTILE = "origin=<b>&</b> <!channel> @all\r\nBcc: x@evil.example"
MESSAGE = Message(
    key="0123456789:firing:1",
    event="firing",
    severity="critical",
    title="[critical] flight_delay: recall_low fires for version 1",
    body="FIRING (critical)\n\nvalue  recall 0.04 < 0.15 & falling",
    details={"model": "flight_delay", "model_version": "1", "segment": HOSTILE, "event": "firing"},
)


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it; answers with the next of `answers`, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[str, dict[str, str], dict[str, object]]] = []
        self.answers: list[int] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        self.server.posts.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  # aiosmtpd's name
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


def test_a_webhook_gets_text_fields_and_the_key(receiver: Receiver):
    send(f"json://{receiver.place}/in?verify=no", MESSAGE)
    [(path, headers, body)] = receiver.posts
    assert path.startswith("/in")
    assert headers["Idempotency-Key"] == MESSAGE.key
    assert body["idempotency_key"] == MESSAGE.key
    assert (body["title"], body["message"], body["type"]) == (MESSAGE.title, MESSAGE.body, "failure")
    assert body["segment"] == HOSTILE
    assert body["model_version"] == "1"


def test_a_chat_gets_the_text(receiver: Receiver):
    send(f"mmost://{receiver.place}/3ccdd113474722377935511fc85d3dd4", MESSAGE)
    [(path, _, body)] = receiver.posts
    assert path == "/hooks/3ccdd113474722377935511fc85d3dd4"
    assert MESSAGE.title in body["text"]
    assert MESSAGE.key not in path


@pytest.mark.parametrize(
    ("form", "subtype", "expected"),
    [
        ("text", "plain", "value  recall 0.04 < 0.15 & falling"),
        ("html", "html", "recall 0.04 &lt; 0.15 &amp; falling"),
    ],
)
def test_a_mail_has_a_subject_and_a_body_escaped_for_its_format(mail, form, subtype, expected):
    mailbox, port = mail
    url = f"mailto://127.0.0.1:{port}?from=obs@example.com&to=night@example.com&mode=insecure&format={form}"
    send(url, MESSAGE)
    [content] = mailbox.mails
    parsed = message_from_bytes(content, policy=policy.default)
    assert parsed["Subject"] == MESSAGE.title
    assert parsed["To"] == "night@example.com"
    assert parsed["Bcc"] is None
    body = parsed.get_body((subtype,))
    assert body is not None
    assert expected in body.get_content().replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("severity", "event", "level"),
    [
        ("critical", "firing", "error"),
        ("warning", "firing", "warning"),
        ("info", "firing", "info"),
        ("critical", "resolved", "info"),
    ],
)
def test_the_log_gets_it_at_the_level_of_its_severity(severity, event, level):
    message = Message(MESSAGE.key, event, severity, MESSAGE.title, MESSAGE.body, {})
    with capture_logs() as lines:
        send("log://", message)
    [line] = lines
    assert (line["event"], line["log_level"]) == ("notification", level)
    assert (line["title"], line["key"], line["body"]) == (MESSAGE.title, MESSAGE.key, MESSAGE.body)


def test_a_refusal_says_what_the_service_answered(receiver: Receiver):
    receiver.answers = [500]
    with pytest.raises(ChannelError, match="error=500"):
        send(f"json://{receiver.place}", MESSAGE)


def test_a_channel_that_is_down_is_an_error():
    with pytest.raises(ChannelError, match="Connection error"):
        send("json://127.0.0.1:1", MESSAGE)


@pytest.mark.parametrize("url", ["slack://", "json://127.0.0.1"])
def test_a_look_at_a_url_keeps_quiet_and_takes_no_later_error_its_words(url, caplog):
    channel = channel_of(url)
    channel.problem(url)
    channel.host(url)
    assert not caplog.records
    with pytest.raises(ChannelError, match="Connection error"):
        send("json://127.0.0.1:1", MESSAGE)


@pytest.mark.parametrize("url", ["nonsense://x", "", "no url"])
def test_a_url_of_no_channel_is_an_error(url):
    with pytest.raises(ChannelError, match="No channel takes the URL"):
        send(url, MESSAGE)


def test_a_url_that_apprise_cannot_read_is_an_error():
    with pytest.raises(ChannelError, match="cannot read the channel's URL"):
        send("slack://", MESSAGE)


def test_what_other_threads_complain_of_is_not_this_channel_s_error():
    def complain() -> None:
        while not done.wait(0.001):
            logging.getLogger("apprise").warning("somebody else's password")

    done = threading.Event()
    thread = threading.Thread(target=complain)
    thread.start()
    try:
        with pytest.raises(ChannelError) as caught:
            send("json://127.0.0.1:1", MESSAGE)
    finally:
        done.set()
        thread.join()
    assert "somebody else" not in str(caught.value)


def test_an_alert_reaches_webhook_and_mailbox_exactly_once(store, write, evaluate, receiver, mail):
    mailbox, port = mail
    routes = {
        "flight_delay": [
            Route(url="json://night:${PASSWORD}@${HOOK}/in"),
            Route(url="mailto://127.0.0.1:${SMTP_PORT}?from=o@example.com&to=n@example.com&mode=insecure"),
        ]
    }
    environ = {"PASSWORD": "hunter2x", "HOOK": receiver.place, "SMTP_PORT": str(port)}
    receiver.answers = [500]
    # Two minutes pass with each look at the clock, so that whatever waits is due again.
    instants = itertools.count(dt.datetime(2013, 8, 1, tzinfo=dt.UTC).timestamp(), 120)

    def clock() -> dt.datetime:
        return dt.datetime.fromtimestamp(next(instants), dt.UTC)

    write([0.2, 0.2, 0.9])
    for night in (1, 2, 3):
        evaluate(night)
        for _ in range(2):
            deliver(store, routes, environ=environ, clock=clock, links=Links(reports="https://pages.example"))

    assert undelivered(store) == []
    page = "https://pages.example/flight_delay-2013-07-01.html"
    assert receiver.posts[0][2]["health_page_url"] == page
    assert page in receiver.posts[0][2]["message"]
    taken = [str(body["idempotency_key"]).split(":", 1)[1] for _, _, body in receiver.posts]
    # The first one was refused.
    assert taken == ["firing:1", "firing:1", "resolved:1"]
    assert [body["type"] for _, _, body in receiver.posts] == ["failure", "failure", "success"]
    assert all(headers["Authorization"].startswith("Basic ") for _, headers, _ in receiver.posts)
    subjects = [str(message_from_bytes(one, policy=policy.default)["Subject"]) for one in mailbox.mails]
    assert [subject.split("]")[0] for subject in subjects] == ["[critical", "[resolved"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["json", "xml", "form"])
def test_a_redirect_to_a_page_that_answers_is_no_delivery(status, scheme):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(("POST", self.path))
            self.send_response(status)
            self.send_header("Location", "/login")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            asked.append(("GET", self.path))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with pytest.raises(ChannelError, match=str(status)) as caught:
            send(f"{scheme}://127.0.0.1:{server.server_port}/hook", MESSAGE)
        server.shutdown()
        thread.join()
    assert asked == [("POST", "/hook")]
    assert "redirect" in caught.value.remedy
