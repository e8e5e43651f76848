"""`alertmanager+http://`: Prometheus' Alertmanager, by its API v2; it routes, groups, inhibits and silences.

Alertmanager ends an alert that nobody repeats: each one is sent with an end some nights ahead, and again long
before that, for as long as it fires.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

RENEWED = dt.timedelta(minutes=15)
"""How often alerts are repeated: Alertmanager keeps none over its own restart."""

THREAD = "thread"
"""The label that says which thread an alert is about."""

_HOURS = re.compile(r"[1-9]\d{0,3}h")
_LABELS = ("model", "metric", "model_version", "segment", "column", "owner")


class Alertmanager(Formed):
    """Posts alerts.

    Args:
        clock: tells the present (UTC).
    """

    form: ClassVar = Form("alertmanager", "alertmanager+http://HOST:9093#hold=36h", options={"hold": "36h"})

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._clock = clock

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Post the alert as it is now; where its severity has changed, end the one that it was."""
        now = self._clock()
        hold = dt.timedelta(hours=int(address.options["hold"].rstrip("h")))
        known: Mapping[str, str] = json.loads(thread.names["labels"]) if thread.names else {}
        labels = {**(known or labels_of(message)), "severity": message.severity}
        ended = message.event == "resolved"
        shown = _shown(message, thread)
        alerts = [alert(message, labels, now if ended else now + hold, shown)]
        if known and known != labels:
            alerts.insert(0, alert(message, known, now, shown))
        auth = (address.user, address.password) if address.user else None
        request("POST", f"{address.whole}/api/v2/alerts", json=alerts, auth=auth)
        names = {"labels": json.dumps(labels), "shown": json.dumps(shown)}
        return Taken(names, None if ended or not message.ends else RENEWED)

    def wrong(self, address: Address) -> str:
        """The time that alerts are held is a number of hours."""
        if not _HOURS.fullmatch(address.options["hold"]):
            return f"It is written {self.form.example}: `hold` is a number of hours, such as 36h."
        return ""


def labels_of(message: Message) -> dict[str, str]:
    """What the alert of a message is called: for all messages of a thread the same, but for the severity."""
    details = message.details
    given = {re.sub(r"\W", "_", name, flags=re.ASCII): text for name, text in message.labels.items()}
    own = {name: details.get(name, "") for name in _LABELS}
    labels = {**given, **own, "alertname": details.get("rule", "night failed"), THREAD: message.thread}
    return {name: text for name, text in labels.items() if text and re.match(r"[a-zA-Z_]", name)}


def _shown(message: Message, thread: Thread) -> dict[str, str]:
    """What the alert of a thread says: the gravest that fires, and beside it what is news of another part."""
    known: dict[str, str] = json.loads(thread.names.get("shown", "{}"))
    details = message.details
    milder = details.get("severity", message.severity) != message.severity
    over = message.event == "updated" and details.get("event") == "resolved"
    if known and message.event != "resolved" and (milder or over):
        return {**known, "news": message.title}
    return {"summary": message.title, "description": message.body}


def alert(
    message: Message, labels: Mapping[str, str], ends: dt.datetime, shown: Mapping[str, str]
) -> dict[str, Any]:
    """One alert of the API."""
    since = message.details.get("since")
    about: dict[str, Any] = {
        "labels": dict(labels),
        "annotations": {
            **shown,
            "event": message.event,
            **{name.lower().replace(" ", "_"): url for name, url in message.links.items()},
        },
        "endsAt": ends.isoformat(),
    }
    if since:
        about["startsAt"] = f"{since}T00:00:00Z"
    page = message.links.get("health page") or next(iter(message.links.values()), "")
    return {**about, "generatorURL": page} if page else about


CHANNEL = Alertmanager()
