"""A channel that takes nothing for an hour is told of through the other ones, as is that it lives again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from obs_dagster.alerts.message import Message, harmless, laid_out
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.alerts.outbox.unended import Told, end_of, unended
from obs_dagster.history import History
from obs_dagster.history.alert_tables import DELIVERIES, OUTBOX
from obs_dagster.telemetry.event import Event

DEAD_AFTER = dt.timedelta(hours=1)
"""From then on a channel that was tried and took nothing counts as dead."""

NOT_THROUGH = "not_through"
"""Among a message's details: the route that it must not take."""

_TRIED = 3
"""How often it has to have been tried: what waits for long may have waited for a sender."""

_EVENT = "channel_dead"
_ERROR_LENGTH = 600

_DEAD = Event(
    "obs_dagster.alerts",
    "channel dead",
    "error",
    "A channel has taken nothing for long. What waits for it is kept, and nobody reads it there until it is "
    "mended.",
    {"title": "which one", "key": "the key of the notification that tells of it", "error": "why"},
)


def report_dead_channels(history: History, now: dt.datetime) -> int:
    """Put into the outbox which channels of a model have become dead, and which live again.

    It does not go through that channel. Whatever becomes of it, the program's log has it as an error.

    Returns:
        How many notifications are new.
    """
    with history.reading() as connection:
        failing = _failing(connection)
        told = unended(connection, _EVENT, now)
    dead = [_message(row) for row in failing if row.since <= now - DEAD_AFTER and row.attempts >= _TRIED]
    silent = {(row.model, row.route) for row in failing}
    alive = [each for each in told if (each.model, each.message.details[NOT_THROUGH]) not in silent]
    new = 0
    for message in dead:
        if enqueue_once(history, message, model=message.details["model"], now=now):
            _DEAD(title=message.title, key=message.key, error=message.facts["error"])
            new += 1
    return new + sum(enqueue_once(history, _end(each), model=each.model, now=now) for each in alive)


def _failing(connection: Connection) -> Sequence[Row[Any]]:
    """The channels of each model for which something waits that they did not take."""
    query = (
        select(
            OUTBOX.c.model,
            DELIVERIES.c.route,
            func.max(DELIVERIES.c.label).label("label"),
            func.min(DELIVERIES.c.outbox_id).label("first"),
            func.min(OUTBOX.c.created_at).label("since"),
            func.max(DELIVERIES.c.last_error).label("error"),
            func.max(DELIVERIES.c.attempts).label("attempts"),
            func.count().label("waiting"),
        )
        .join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id)
        .where(
            DELIVERIES.c.delivered_at.is_(None), DELIVERIES.c.last_error != "", OUTBOX.c.settled_at.is_(None)
        )
        .group_by(OUTBOX.c.model, DELIVERIES.c.route)
    )
    return connection.execute(query).all()


def _message(row: Row[Any]) -> Message:
    facts = {
        "model": row.model,
        "channel": row.label,
        "since": f"{row.since:%Y-%m-%d %H:%M} UTC",
        "waiting": f"{row.waiting}",
        "error": harmless(row.error, length=_ERROR_LENGTH),
        "what to do": "Mend the channel, or the route's URL; nothing is lost meanwhile.",
        "look": "obs alerts undelivered",
    }
    return Message(
        key=f"channel:{row.route}:{row.model}:{row.first}",
        event="firing",
        severity="critical",
        title=f"[critical] {row.model}: {row.label} takes no notifications",
        body=laid_out("CHANNEL DEAD", facts),
        details={"event": _EVENT, "severity": "critical", "model": row.model, NOT_THROUGH: row.route},
        facts=facts,
    )


def _end(told: Told) -> Message:
    return end_of(told.message, f"{told.model}: {told.message.facts['channel']} takes notifications again")
