"""`pagerduty-events://`: PagerDuty's Events API v2; a thread of notifications is one incident, by its key."""

from __future__ import annotations

from typing import Any, ClassVar

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_ACTIONS = {"firing": "trigger", "updated": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
_SUMMARY, _KEY = 1_024, 255
"""The longest texts that PagerDuty takes in these places."""


class PagerDutyEvents(Formed):
    """Triggers, acknowledges and resolves; PagerDuty itself drops an event that it has."""

    form: ClassVar = Form(
        "pagerduty-events",
        "pagerduty-events://INTEGRATION_KEY",
        words=("an integration key",),
        api="https://events.pagerduty.com",
    )

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Send an event; what was taken is answered with 202 and its key."""
        del thread
        (key,) = address.words.values()
        answer = request("POST", f"{address.base}/v2/enqueue", json=event(key, message))
        if answer.fields().get("status") != "success":
            raise answer.garbage()
        return Taken()


def event(routing_key: str, message: Message) -> dict[str, Any]:
    """The event of a message."""
    action = _ACTIONS[message.event]
    about = {"routing_key": routing_key, "event_action": action, "dedup_key": message.thread[:_KEY]}
    if action != "trigger":
        return about
    details = message.details
    return {
        **about,
        "client": "obs-dagster",
        "links": [{"href": url, "text": name} for name, url in message.links.items()],
        "payload": {
            "summary": message.title[:_SUMMARY],
            "source": details.get("model", "obs-dagster"),
            "severity": message.severity,
            "component": details.get("model_version", ""),
            "group": details.get("model", ""),
            "class": details.get("rule", details.get("event", "")),
            "custom_details": {**message.facts, **message.labels, "key": message.key},
        },
    }


CHANNEL = PagerDutyEvents()
