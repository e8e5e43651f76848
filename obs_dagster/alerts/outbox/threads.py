"""What each channel calls a thread, and which threads a forgetful channel has to be told of again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.message import Message
from obs_dagster.alerts.outbox.stored import message_of
from obs_dagster.history import History
from obs_dagster.history.alert_tables import OUTBOX, THREADS


@dataclass(frozen=True, slots=True)
class Renewal:
    """A thread whose last message has to be sent again."""

    route: str
    model: str
    message: Message
    names: Mapping[str, str]


def names_of(history: History, route: str, thread: str) -> Mapping[str, str]:
    """What the channel of a route called a thread; empty if it was sent nothing of it."""
    with history.reading() as connection:
        found = connection.execute(select(THREADS.c.names).where(_is(route, thread))).scalar()
    return found or {}


def keep(
    connection: Connection, route: str, thread: str, taken: Taken, *, outbox_id: int, now: dt.datetime
) -> None:
    """Keep what the channel said when it took a message, in the transaction that says so."""
    about = {
        "outbox_id": outbox_id,
        "names": dict(taken.names),
        "renew_at": None if taken.renew_in is None else now + taken.renew_in,
        "last_error": "",
    }
    connection.execute(delete(THREADS).where(_is(route, thread)))
    connection.execute(insert(THREADS).values(route=route, thread=thread, **about))


def due(history: History, models: Collection[str], now: dt.datetime) -> list[Renewal]:
    """The threads of some models that have to be told of again, those that wait longest first."""
    query = (
        select(THREADS.c.route, OUTBOX.c.model, OUTBOX.c.notification, OUTBOX.c.alert_id, THREADS.c.names)
        .join(OUTBOX, OUTBOX.c.id == THREADS.c.outbox_id)
        .where(THREADS.c.renew_at <= now, OUTBOX.c.model.in_(list(models)))
        .order_by(THREADS.c.renew_at, THREADS.c.outbox_id)
    )
    with history.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Renewal(row.route, row.model, message_of(row.notification, row.alert_id), row.names) for row in rows
    ]


def renewed(history: History, renewal: Renewal, *, again_at: dt.datetime | None, error: str = "") -> None:
    """Say when a thread has to be told of next, and why that failed now, if it did."""
    with history.writing("outbox") as connection:
        connection.execute(
            update(THREADS)
            .where(_is(renewal.route, renewal.message.thread))
            .values(renew_at=again_at, last_error=error)
        )


def unrenewed(history: History) -> dict[str, int]:
    """Why threads could not be told of again, with how many each; those that could are left out."""
    query = (
        select(THREADS.c.last_error, func.count())
        .where(THREADS.c.last_error != "")
        .group_by(THREADS.c.last_error)
        .order_by(THREADS.c.last_error)
    )
    with history.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _is(route: str, thread: str) -> ColumnElement[bool]:
    return and_(THREADS.c.route == route, THREADS.c.thread == thread)
