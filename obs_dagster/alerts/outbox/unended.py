"""Notifications about no alert whose end is still to be told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from obs_dagster.alerts.message import Message, laid_out
from obs_dagster.alerts.outbox.stored import message_of
from obs_dagster.history.alert_tables import OUTBOX

_END = ":over"
_LOOK_BACK = dt.timedelta(days=90)
"""What was told earlier has no end that anybody waits for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, of which model and when."""

    model: str
    message: Message
    at: dt.datetime


def unended(connection: Connection, event: str, now: dt.datetime) -> list[Told]:
    """What was told of some kind of event (`details["event"]`), and not that it is over; oldest first."""
    end = aliased(OUTBOX)
    ended = select(end.c.id).where(end.c.key == OUTBOX.c.key + _END).exists()
    query = select(OUTBOX).where(
        OUTBOX.c.alert_id.is_(None),
        OUTBOX.c.created_at >= now - _LOOK_BACK,
        OUTBOX.c.notification["details"]["event"].as_string() == event,
        OUTBOX.c.notification["event"].as_string() != "resolved",
        ~ended,
    )
    rows = connection.execute(query.order_by(OUTBOX.c.id)).all()
    found = [Told(row.model, message_of(row.notification, None), row.created_at) for row in rows]
    return [each for each in found if each.message.ends]


def end_of(told: Message, title: str) -> Message:
    """The end of what was told, in its thread."""
    key = f"{told.key}{_END}"
    facts = {name: told.facts[name] for name in ("model", "day", "channel", "owner") if name in told.facts}
    body = laid_out(f"RESOLVED ({told.severity})", {**facts, "key": key})
    return replace(told, key=key, event="resolved", title=f"[resolved] {title}", body=body, facts=facts)
