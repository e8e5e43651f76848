"""`opsgenie-alerts://`: Opsgenie's Alert API; a thread of notifications is one alert, by its alias."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_PRIORITIES = {"critical": "P1", "warning": "P3", "info": "P5"}
_ACTIONS = {"acknowledged": "acknowledge", "updated": "notes", "resolved": "close"}
_SOURCE = "obs-dagster"
_MESSAGE, _DESCRIPTION, _NOTE, _ALIAS, _TAG = 130, 15_000, 25_000, 512, 50
"""The longest texts that it takes in these places."""


_TAGS = 20
"""How many it takes."""


class OpsgenieAlerts(Formed):
    """Creates alerts, acknowledges and closes them; it answers 202, before it has done so."""

    form: ClassVar = Form(
        "opsgenie-alerts",
        "opsgenie-alerts://API_KEY#api=https://api.eu.opsgenie.com/v2",
        words=("the key of an API integration",),
        api="https://api.opsgenie.com/v2",
    )

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Create the alert (one that is open is counted up), or do to it what the message says."""
        del thread
        (key,) = address.words.values()
        place, body = f"{address.base}/alerts", created(message)
        if message.event in _ACTIONS:
            alias = quote(message.thread[:_ALIAS], safe="")
            place = f"{place}/{alias}/{_ACTIONS[message.event]}?identifierType=alias"
            body = {"source": _SOURCE, "note": f"{message.title}\n\n{message.body}"[:_NOTE]}
        answer = request("POST", place, json=body, headers={"Authorization": f"GenieKey {key}"})
        if "requestId" not in answer.fields():
            raise answer.garbage()
        return Taken()


def created(message: Message) -> dict[str, Any]:
    """The alert of a message that fires."""
    tags = [message.severity, *(f"{name}:{text}" for name, text in message.labels.items())]
    return {
        "message": message.title[:_MESSAGE],
        "alias": message.thread[:_ALIAS],
        "description": message.body[:_DESCRIPTION],
        "priority": _PRIORITIES[message.severity],
        "source": _SOURCE,
        "entity": message.details.get("model", ""),
        "tags": [tag[:_TAG] for tag in tags][:_TAGS],
        "details": {**message.facts, **message.links, "key": message.key},
    }


CHANNEL = OpsgenieAlerts()
