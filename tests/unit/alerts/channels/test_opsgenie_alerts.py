from __future__ import annotations

from dataclasses import replace

import pytest

from obs_dagster.alerts.channels import jsm_alerts, opsgenie_alerts
from tests.unit.alerts.channels.conftest import Answer


@pytest.mark.parametrize("channel", [opsgenie_alerts.CHANNEL, jsm_alerts.CHANNEL], ids=lambda each: each.name)
def test_a_thread_is_one_alert_that_is_created_acknowledged_and_closed(service, firing, channel):
    service.usually = lambda _: Answer(202, {"result": "Request will be processed", "requestId": "r"})
    for event in ("firing", "acknowledged", "updated", "resolved"):
        url = f"{channel.form.kind}://planted-key#api={service.url}/v2"
        channel.send(url, replace(firing, event=event, thread="thread/1"))
    assert [(asked.path, asked.query) for asked in service.asked] == [
        ("/v2/alerts", {}),
        ("/v2/alerts/thread%2F1/acknowledge", {"identifierType": "alias"}),
        ("/v2/alerts/thread%2F1/notes", {"identifierType": "alias"}),
        ("/v2/alerts/thread%2F1/close", {"identifierType": "alias"}),
    ]
    assert {asked.headers["Authorization"] for asked in service.asked} == {"GenieKey planted-key"}
    created = service.asked[0].json
    assert (created["alias"], created["priority"], created["entity"]) == ("thread/1", "P1", "flight_delay")
    assert created["message"] == firing.title[:130]
    assert created["tags"] == ["critical", "team:flights"]
    assert created["details"] == {**firing.facts, **firing.links, "key": firing.key}
