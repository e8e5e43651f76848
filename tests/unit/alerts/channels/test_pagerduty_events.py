from __future__ import annotations

from dataclasses import replace

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.pagerduty_events import CHANNEL
from tests.unit.alerts.channels.conftest import Answer

TAKEN = Answer(202, {"status": "success", "message": "Event processed", "dedup_key": "0123456789"})


@pytest.fixture
def send(service):
    service.usually = lambda _: TAKEN
    url = f"pagerduty-events://0123456789abcdef0123456789abcdef#api={service.url}"
    return lambda message: CHANNEL.send(url, message)


def test_a_thread_is_one_incident_that_is_triggered_acknowledged_and_resolved(
    service, send, firing, resolved
):
    for event in ("firing", "updated", "acknowledged", "resolved"):
        send(replace(firing, event=event))
    send(resolved)
    assert {asked.path for asked in service.asked} == {"/v2/enqueue"}
    events = [asked.json for asked in service.asked]
    assert {each["dedup_key"] for each in events} == {"0123456789"}
    actions = ["trigger", "trigger", "acknowledge", "resolve", "resolve"]
    assert [each["event_action"] for each in events] == actions
    assert "payload" not in events[-1]


def test_a_trigger_says_what_where_and_how_bad(service, send, firing):
    send(firing)
    [asked] = service.asked
    payload = asked.json["payload"]
    assert (payload["summary"], payload["source"], payload["severity"]) == (
        firing.title,
        "flight_delay",
        "critical",
    )
    assert payload["custom_details"] == {**firing.facts, **firing.labels, "key": firing.key}
    assert asked.json["links"] == [{"href": "https://pages.example/a.html", "text": "health page"}]


def test_an_event_that_is_not_confirmed_was_not_taken(service, send, firing):
    service.answers = [Answer(202, {"status": "invalid event"})]
    with pytest.raises(ChannelError, match="what it never should"):
        send(firing)
