from __future__ import annotations

import json

import pytest

from obs_dagster.alerts.channels.sentry import CHANNEL
from tests.unit.alerts.channels.conftest import Answer


@pytest.fixture
def send(service):
    service.usually = lambda _: Answer(200, {"id": "x"})

    def send(message):
        CHANNEL.send(f"sentry+http://planted@{service.place}/relay/42#environment=night", message)
        asked = service.asked[-1]
        return asked, [json.loads(line) for line in asked.body.splitlines()]

    return send


def test_an_event_comes_in_an_envelope_with_the_fingerprint_of_its_thread(send, firing):
    asked, (head, item, event) = send(firing)
    assert asked.path == "/relay/api/42/envelope/"
    assert "sentry_key=planted" in asked.headers["X-Sentry-Auth"]
    assert asked.headers["Content-Type"] == "application/x-sentry-envelope"
    assert item == {"type": "event"}
    assert head["event_id"] == event["event_id"]
    assert event["fingerprint"] == [firing.thread]
    assert (event["level"], event["environment"]) == ("error", "night")
    assert event["message"] == {"formatted": firing.title}
    assert event["tags"]["rule"] == "recall_low"
    assert "\n" not in event["tags"]["segment"]


def test_the_same_message_is_the_same_event_and_the_end_is_another_of_the_same_issue(send, firing, resolved):
    ids = [send(message)[1][2]["event_id"] for message in (firing, firing, resolved)]
    assert ids[0] == ids[1] != ids[2]
    _, (_, _, ended) = send(resolved)
    assert (ended["level"], ended["fingerprint"]) == ("info", [firing.thread])


@pytest.mark.parametrize(
    "url", ["sentry+https://sentry.example/42", "sentry+https://key@sentry.example/project"]
)
def test_a_dsn_has_a_key_and_a_project(url):
    assert "PUBLIC_KEY@HOST/PROJECT_ID" in CHANNEL.problem(url)
