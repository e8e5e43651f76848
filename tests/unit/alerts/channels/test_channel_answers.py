"""Whatever a service answers, nothing is lost, nothing is twice, and no secret is told."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections import Counter

import pytest
from structlog.testing import capture_logs

from obs_dagster.alerts import deliver, undelivered
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.registry import CHANNELS
from obs_dagster.monitor import Route
from tests.unit.alerts.channels.conftest import Answer
from tests.unit.alerts.channels.jira import Jira
from tests.unit.alerts.channels.services import SECRET, SERVICES
from tests.unit.alerts.channels.slack import Slack

ECHO = f"no: {SECRET}".encode()
THROTTLED = Answer(429, ECHO, {"Retry-After": "900"})
#: The last one is none: the request is taken, and nobody says so.
BAD = (Answer(403, ECHO), Answer(302, b"", {"Location": "/login"}), Answer(500, ECHO), THROTTLED, None)
GARBAGE = Answer(200, f"<html>{SECRET}</html>".encode())
#: These answer nothing that could be told from garbage: any 2xx means that they took it.
TAKES_ANYTHING = {"alertmanager", "slack_webhook", "teams", "webhook"}
START = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)


def test_every_channel_over_http_is_looked_at():
    formed = {name for name, channel in CHANNELS.all().items() if isinstance(channel, Formed)}
    assert formed - {"mail"} == SERVICES.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_does_not_take_waits_and_then_arrives_once(  # noqa: PLR0917  # fixtures
    name, service, store, write, evaluate, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    template, usually = SERVICES[name]
    service.usually = usually()
    now = [START]

    def run():
        routes = {"flight_delay": [Route(url=template)]}
        environ = {"SECRET": SECRET, "PLACE": service.place}
        return deliver(store, routes, environ=environ, clock=lambda: now[0])

    def refused(answer):
        # an attempt that looks whether its message has arrived may ask twice
        service.answers = [answer] * 2
        [failure] = run().failures
        service.answers.clear()
        assert failure.label == Route(url=template).label
        [waiting] = undelivered(store)
        assert waiting.last_error == failure.error
        pause = waiting.next_attempt_at - now[0]
        assert (pause == dt.timedelta(seconds=900)) == (answer is THROTTLED)
        asked = len(service.asked)
        assert (run().waiting, len(service.asked)) == (1, asked), "too soon"
        now[0] += pause

    write([0.2, 0.9])
    evaluate(1)
    with capture_logs() as lines:
        for answer in BAD if name in TAKES_ANYTHING else (*BAD, GARBAGE):
            refused(answer)
        assert run().delivered == 1
        evaluate(2)
        assert run().delivered == 1
    assert undelivered(store) == []
    assert _arrived(service) == 1
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("history.db*"))
    for told in (kept, json.dumps(lines, default=str).encode(), caplog.text.encode()):
        assert SECRET.encode() not in told


def _arrived(service) -> int:
    """How often what fires has arrived, as whoever looks there sees it."""
    usual = service.usually
    if isinstance(usual, Slack):
        return sum("thread_ts" not in each for each in usual.messages.values())
    if isinstance(usual, Jira):
        return len(usual.issues)
    keys = Counter(
        asked.headers.get("webhook-id") or _known_by(asked)
        for asked in service.asked
        if asked.method == "POST"
    )
    return len(keys) - 1 if any("resolved" in key for key in keys) else len(keys)


def _known_by(asked) -> str:
    """By what a service knows that it has something already."""
    if "envelope" in asked.path:
        return json.loads(asked.body.splitlines()[0])["event_id"] + (
            "resolved" * (b"[resolved]" in asked.body)
        )
    body = asked.json
    found = (
        body[-1]["labels"]["thread"] if isinstance(body, list) else body.get("dedup_key") or body.get("alias")
    )
    return found or asked.path.partition("/close")[0].rpartition("/")[2]
