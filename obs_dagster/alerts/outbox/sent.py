"""What people were told of an alert, and what became of it on the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select

from obs_dagster.history import History
from obs_dagster.history.alert_tables import DELIVERIES, OUTBOX


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification about an alert, on its way through one channel.

    Attributes:
        event: `firing`, `acknowledged`, `explained` or `resolved`.
        created_at: when it went to the outbox.
        label: the channel, without secrets; empty if nobody has tried yet.
        delivered_at: when the channel took it; None if it has not.
        attempts: how often it was tried.
        last_error: why the latest attempt failed, without secrets.
        next_attempt_at: when it is due again; None if nobody has tried yet.
    """

    event: str
    created_at: dt.datetime
    label: str
    delivered_at: dt.datetime | None
    attempts: int
    last_error: str
    next_attempt_at: dt.datetime | None


def notifications_of(history: History, alert_id: str) -> list[Sent]:
    """The notifications about an alert, oldest first."""
    query = (
        select(
            # of the alert, which may end before its incident does
            OUTBOX.c.notification["details"]["event"].as_string(),
            OUTBOX.c.created_at,
            func.coalesce(DELIVERIES.c.label, ""),
            DELIVERIES.c.delivered_at,
            func.coalesce(DELIVERIES.c.attempts, 0),
            func.coalesce(DELIVERIES.c.last_error, ""),
            DELIVERIES.c.next_attempt_at,
        )
        .outerjoin(DELIVERIES, DELIVERIES.c.outbox_id == OUTBOX.c.id)
        .where(OUTBOX.c.alert_id == alert_id)
        .order_by(OUTBOX.c.id, DELIVERIES.c.label)
    )
    with history.reading() as connection:
        return [Sent(*row) for row in connection.execute(query)]
