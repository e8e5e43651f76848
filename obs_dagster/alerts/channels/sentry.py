"""`sentry+https://`: a DSN of Sentry; a thread of notifications is one issue, by its fingerprint.

Who ends a thread has no right to resolve an issue by a DSN: its end is an event of the level `info` in it.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from obs_dagster import __version__
from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

CLIENT = f"obs-dagster/{__version__}"

_LEVELS = {"critical": "error", "warning": "warning", "info": "info"}
_TAG = 200


class Sentry(Formed):
    """Sends events in envelopes.

    Args:
        clock: tells the present (UTC).
    """

    form: ClassVar = Form(
        "sentry",
        "sentry+https://PUBLIC_KEY@HOST/PROJECT_ID#environment=production",
        options={"environment": "production"},
    )

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._clock = clock

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Send an event; its id follows from the key, so that Sentry drops what it has."""
        del thread
        found = event(message, address.options["environment"], self._clock())
        lines = [{"event_id": found["event_id"]}, {"type": "event"}, found]
        place = project(address)
        auth = f"Sentry sentry_version=7, sentry_client={CLIENT}, sentry_key={address.user}"
        answer = request(
            "POST",
            f"{place.base}/api/{place.words['project']}/envelope/",
            content="".join(f"{json.dumps(line)}\n" for line in lines).encode(),
            headers={
                "Content-Type": "application/x-sentry-envelope",
                "X-Sentry-Auth": auth,
            },
        )
        if "id" not in answer.fields():
            raise answer.garbage()
        return Taken()

    def wrong(self, address: Address) -> str:
        """A DSN has a key and a project."""
        project_id = project(address).words["project"]
        return "" if address.user and project_id.isdecimal() else f"It is written {self.form.example}."


def project(address: Address) -> Address:
    """The address of Sentry itself, and the project's id among its words."""
    above, _, project_id = address.path.rpartition("/")
    return Address(f"{address.base}/{above}".rstrip("/"), words={"project": project_id})


def event(message: Message, environment: str, now: dt.datetime) -> dict[str, Any]:
    """The event of a message."""
    details = message.details
    named = {
        name: details.get(name, "")
        for name in ("model", "rule", "metric", "model_version", "segment", "column")
    }
    tags = {**message.labels, **named, "event": message.event, "severity": message.severity}
    return {
        "event_id": uuid.uuid5(uuid.NAMESPACE_OID, message.key).hex,
        "timestamp": now.isoformat(),
        "platform": "other",
        "level": "info" if message.event == "resolved" else _LEVELS[message.severity],
        "logger": "obs_dagster.alerts",
        "environment": environment,
        "message": {"formatted": message.title},
        "fingerprint": [message.thread],
        "tags": {name: " ".join(text.split())[:_TAG] for name, text in tags.items() if text},
        "extra": {**message.facts, **message.links, "key": message.key},
    }


CHANNEL = Sentry()
