"""The outbox: notifications that wait in the store until every channel has taken them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.message import Message, compose
from obs_dagster.alerts.outbox import threads
from obs_dagster.alerts.outbox.stored import message_of, stored
from obs_dagster.alerts.rules.alert import Alert, Event
from obs_dagster.history import History
from obs_dagster.history.alert_tables import DELIVERIES, OUTBOX

LEASE = dt.timedelta(minutes=5)
"""How long a sender may take before another one may try; far longer than any channel's time-out."""

FIRST_RETRY = dt.timedelta(seconds=30)
LAST_RETRY = dt.timedelta(hours=1)

LONGEST_PAUSE = dt.timedelta(days=1)
"""A service that asks to be left alone for longer is asked again all the same."""

_LOCK = "outbox"


class Claim(Enum):
    """What a sender may do with a delivery: try it for the first time, try it again, wait, or leave it."""

    FIRST = auto()
    AGAIN = auto()
    LATER = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A notification that isn't settled."""

    id: int
    model: str
    message: Message
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Beginning:
    """Of what a notification follows: when that was told, and which routes have been tried for its thread."""

    at: dt.datetime
    told: frozenset[str]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notification that a channel hasn't taken yet.

    Attributes:
        label: the channel, without secrets; empty if nobody has tried yet.
        last_error: why the latest attempt failed, without secrets.
        next_attempt_at: when it is due again; None if nobody has tried yet.
    """

    key: str
    model: str
    title: str
    created_at: dt.datetime
    label: str
    attempts: int
    last_error: str
    next_attempt_at: dt.datetime | None


def enqueue(
    connection: Connection,
    alert: Alert,
    event: Event,
    now: dt.datetime,
    *,
    moved: str = "",
    beside: Sequence[Alert] = (),
    why: str = "",
    number: int | None = None,
) -> None:
    """Put a notification into the outbox, in the transaction that changes the alert; see `compose`."""
    message = compose(alert, event, moved, beside, why=why, number=number)
    if event != "firing":
        message = _where_it_fired(connection, alert, message)
    _put(connection, message, model=alert.model, alert_id=alert.id, now=now)


def _where_it_fired(connection: Connection, alert: Alert, message: Message) -> Message:
    """What follows goes where the alert fired: in a thread of its own, before there were incidents."""
    query = select(OUTBOX.c.thread).where(OUTBOX.c.alert_id == alert.id).order_by(OUTBOX.c.id.desc()).limit(1)
    thread = connection.execute(query).scalar()
    if not thread or thread == message.thread:
        return message
    event = "resolved" if message.details["event"] == "resolved" else message.event
    return replace(message, thread=thread, event=event)


def enqueue_once(history: History, message: Message, *, model: str, now: dt.datetime) -> bool:
    """Put a notification that is about no alert into the outbox, unless one with its key was put there.

    Returns:
        Whether it is new.
    """
    with history.writing(_LOCK) as connection:
        if connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.key == message.key)).first():
            return False
        _put(connection, message, model=model, alert_id=None, now=now)
    return True


def _put(
    connection: Connection, message: Message, *, model: str, alert_id: str | None, now: dt.datetime
) -> None:
    connection.execute(
        insert(OUTBOX).values(
            key=message.key,
            alert_id=alert_id,
            model=model,
            severity=message.severity,
            notification=stored(message),
            created_at=now,
            thread=message.thread,
        )
    )


def waiting(history: History, models: Collection[str]) -> list[Entry]:
    """The notifications of some models that aren't settled, oldest first."""
    query = (
        select(OUTBOX.c.id, OUTBOX.c.alert_id, OUTBOX.c.model, OUTBOX.c.notification, OUTBOX.c.created_at)
        .where(OUTBOX.c.settled_at.is_(None), OUTBOX.c.model.in_(list(models)))
        .order_by(OUTBOX.c.id)
    )
    with history.reading() as connection:
        rows = connection.execute(query).all()
    return [Entry(id_, model, message_of(values, alert_id), at) for id_, alert_id, model, values, at in rows]


def beginning(history: History, entry: Entry) -> Beginning:
    """Where a notification's thread went: what fires begins anew."""
    if entry.message.event == "firing":
        return Beginning(entry.created_at, frozenset())
    thread = OUTBOX.c.thread == entry.message.thread
    first = select(func.max(OUTBOX.c.created_at)).where(
        thread, OUTBOX.c.id < entry.id, OUTBOX.c.notification["event"].as_string() == "firing"
    )
    tried = select(DELIVERIES.c.route).join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id).where(thread)
    with history.reading() as connection:
        at = connection.execute(first).scalar()
        return Beginning(at or entry.created_at, frozenset(connection.execute(tried).scalars()))


def claim(history: History, entry: Entry, route: str, label: str, now: dt.datetime) -> Claim:
    """Ask for the right to deliver one notification through one route, for the time of a lease."""
    attempt = {"label": label, "claimed_until": now + LEASE}
    with history.writing(_LOCK) as connection:
        row = connection.execute(select(DELIVERIES).where(_is(entry, route))).one_or_none()
        if row is None:
            first = {"outbox_id": entry.id, "route": route, "last_error": "", "next_attempt_at": now}
            connection.execute(insert(DELIVERIES).values(attempts=1, **first, **attempt))
            return Claim.FIRST
        if row.delivered_at is not None:
            return Claim.DONE
        if _ahead(row.next_attempt_at, now, LONGEST_PAUSE) or _ahead(row.claimed_until, now, LEASE):
            return Claim.LATER
        connection.execute(
            update(DELIVERIES).where(_is(entry, route)).values(attempts=row.attempts + 1, **attempt)
        )
        return Claim.AGAIN


def _ahead(moment: dt.datetime | None, now: dt.datetime, most: dt.timedelta) -> bool:
    """Whether a moment is still to come; one that is further off than any was set with a wrong clock."""
    return moment is not None and now < moment <= now + most


def delivered(history: History, entry: Entry, route: str, taken: Taken, now: dt.datetime) -> None:
    """The channel has taken the notification."""
    done = {"delivered_at": now, "claimed_until": None, "last_error": "", "pause_until": None}
    with history.writing(_LOCK) as connection:
        connection.execute(update(DELIVERIES).where(_is(entry, route)).values(done))
        threads.keep(connection, route, entry.message.thread, taken, outbox_id=entry.id, now=now)


def failed(
    history: History,
    entry: Entry,
    route: str,
    error: str,
    now: dt.datetime,
    *,
    retry_after: dt.timedelta | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """The channel has not taken it: try again after a time that doubles with each attempt, up to an hour.

    A service that says when it wants to be asked again is asked then, and until then nothing else. What it
    is to be told next time, if it took a part, is kept.
    """
    with history.writing(_LOCK) as connection:
        query = select(DELIVERIES.c.attempts).where(_is(entry, route))
        attempts = connection.execute(query).scalar_one()
        # The exponent is bounded because a channel may stay dead for years.
        pause = min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LAST_RETRY)
        until = None if retry_after is None else now + min(retry_after, LONGEST_PAUSE)
        again = {"next_attempt_at": until or now + pause, "pause_until": until}
        connection.execute(
            update(DELIVERIES).where(_is(entry, route)).values(last_error=error, claimed_until=None, **again)
        )
        if names is not None:
            part = Taken(names)
            threads.keep(connection, route, entry.message.thread, part, outbox_id=entry.id, now=now)


def paused(history: History, now: dt.datetime) -> frozenset[str]:
    """The routes whose services asked to be left alone for longer than until now."""
    query = select(DELIVERIES.c.route).where(
        DELIVERIES.c.pause_until > now,
        DELIVERIES.c.pause_until <= now + LONGEST_PAUSE,
        DELIVERIES.c.delivered_at.is_(None),
    )
    with history.reading() as connection:
        return frozenset(connection.execute(query).scalars())


def settle(history: History, entry: Entry, routes: Collection[str], now: dt.datetime) -> None:
    """Close the notification if every one of its routes has taken it."""
    taken = select(func.count()).where(
        DELIVERIES.c.outbox_id == entry.id,
        DELIVERIES.c.route.in_(list(routes)),
        DELIVERIES.c.delivered_at.is_not(None),
    )
    with history.writing(_LOCK) as connection:
        if connection.execute(taken).scalar_one() == len(routes):
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == entry.id).values(settled_at=now))


def undelivered(history: History) -> list[Undelivered]:
    """What waits in the outbox, per notification and channel, oldest first."""
    query = (
        select(
            OUTBOX.c.key,
            OUTBOX.c.model,
            OUTBOX.c.notification["title"].as_string(),
            OUTBOX.c.created_at,
            func.coalesce(DELIVERIES.c.label, ""),
            func.coalesce(DELIVERIES.c.attempts, 0),
            func.coalesce(DELIVERIES.c.last_error, ""),
            DELIVERIES.c.next_attempt_at,
        )
        .outerjoin(DELIVERIES, DELIVERIES.c.outbox_id == OUTBOX.c.id)
        .where(OUTBOX.c.settled_at.is_(None), DELIVERIES.c.delivered_at.is_(None))
        .order_by(OUTBOX.c.id, DELIVERIES.c.label)
    )
    with history.reading() as connection:
        return [Undelivered(*row) for row in connection.execute(query)]


def _is(entry: Entry, route: str) -> ColumnElement[bool]:
    return and_(DELIVERIES.c.outbox_id == entry.id, DELIVERIES.c.route == route)
