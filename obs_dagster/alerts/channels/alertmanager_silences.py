"""What people have silenced in Alertmanager of what was sent there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from obs_dagster.alerts.channels.alertmanager import THREAD, Alertmanager
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Address
from obs_dagster.alerts.channels.request import request


@dataclass(frozen=True, slots=True)
class Silenced:
    """A thread that a silence of Alertmanager is about.

    Attributes:
        thread: the thread.
        model: the model that it is about.
        id: the silence's id there.
        author, comment: who silenced it, and why.
        since, until: from when to when.
    """

    thread: str
    model: str
    id: str
    author: str
    comment: str
    since: dt.datetime
    until: dt.datetime

    def __str__(self) -> str:
        """The silence in words."""
        why = f" ({self.comment})" if self.comment else ""
        return f"silenced in Alertmanager until {self.until:%Y-%m-%d %H:%M} UTC by {self.author}{why}"


def silenced(url: str) -> tuple[Silenced, ...]:
    """The threads of ours that are silenced at a route's URL (its secrets filled in), by thread and silence.

    Raises:
        ChannelError: Alertmanager cannot be reached, or answers what is not documented.
    """
    address = Alertmanager.form.read(url)
    alerts = _read(address, "alerts", silenced="true", active="false", inhibited="true", unprocessed="false")
    silences = _read(address, "silences")
    try:
        found = list(_of(alerts, {each["id"]: each for each in silences}))
    except (KeyError, TypeError, ValueError) as error:
        raise ChannelError(
            "What answered is no Alertmanager, or not of the API's version 2.",
            remedy="Check the route's URL.",
        ) from error
    return tuple(sorted(found, key=lambda each: (each.thread, each.id)))


def _of(alerts: list[dict[str, Any]], silences: dict[str, dict[str, Any]]) -> Iterator[Silenced]:
    for alert in alerts:
        thread = alert["labels"].get(THREAD)
        for id_ in alert["status"]["silencedBy"]:
            silence = silences.get(id_)
            if thread and silence:
                since, until = (dt.datetime.fromisoformat(silence[name]) for name in ("startsAt", "endsAt"))
                model = alert["labels"].get("model", "")
                yield Silenced(thread, model, id_, silence["createdBy"], silence["comment"], since, until)


def _read(address: Address, what: str, **params: str) -> list[dict[str, Any]]:
    auth = (address.user, address.password) if address.user else None
    answer = request("GET", f"{address.whole}/api/v2/{what}", params=params, auth=auth)
    found = answer.json()
    if not isinstance(found, list):
        raise answer.garbage()
    return found
