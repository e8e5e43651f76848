"""A channel that takes nothing for an hour is told of through the other ones."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import func, select

from obs_dagster.alerts.message import Message, harmless, laid_out
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.history import History
from obs_dagster.history.tables import DELIVERIES, OUTBOX

DEAD_AFTER = dt.timedelta(hours=1)
"""From then on a channel that was tried and took nothing counts as dead."""

NOT_THROUGH = "not_through"
"""Among a message's details: the route that it must not take."""

_ERROR_LENGTH = 600


def report_dead_channels(history: History, now: dt.datetime) -> list[str]:
    """Put a notification into the outbox for each channel of a model that has become dead, once an outage.

    It does not go through that channel. Whatever becomes of it, the program's log has it as an error.

    Returns:
        The channels that are told of now, without secrets.
    """
    waits = (DELIVERIES.c.delivered_at.is_(None), DELIVERIES.c.last_error != "")
    query = (
        select(
            OUTBOX.c.model,
            DELIVERIES.c.route,
            func.max(DELIVERIES.c.label).label("label"),
            func.min(DELIVERIES.c.outbox_id).label("first"),
            func.min(OUTBOX.c.created_at).label("since"),
            func.max(DELIVERIES.c.last_error).label("error"),
            func.count().label("waiting"),
        )
        .join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id)
        .where(*waits, OUTBOX.c.settled_at.is_(None))
        .group_by(OUTBOX.c.model, DELIVERIES.c.route)
        .having(func.min(OUTBOX.c.created_at) <= now - DEAD_AFTER)
    )
    with history.reading() as connection:
        found = connection.execute(query).all()
    told = []
    for row in found:
        facts = {
            "model": row.model,
            "channel": row.label,
            "since": f"{row.since:%Y-%m-%d %H:%M} UTC",
            "waiting": f"{row.waiting}",
            "error": harmless(row.error, length=_ERROR_LENGTH),
            "what to do": "Mend the channel, or the route's URL; nothing is lost meanwhile.",
            "look": "obs alerts undelivered",
        }
        message = Message(
            key=f"channel:{row.route}:{row.model}:{row.first}",
            event="firing",
            severity="critical",
            title=f"[critical] {row.model}: {row.label} takes no notifications",
            body=laid_out("CHANNEL DEAD", facts),
            details={
                "event": "channel_dead",
                "severity": "critical",
                "model": row.model,
                NOT_THROUGH: row.route,
            },
            facts=facts,
            ends=False,
        )
        if enqueue_once(history, message, model=row.model, now=now):
            structlog.get_logger("obs_dagster.alerts").error(message.title, key=message.key, error=row.error)
            told.append(row.label)
    return told
