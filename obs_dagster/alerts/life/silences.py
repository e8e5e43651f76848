"""Silences: when people don't want to be told of which alerts, set by whom and why."""

from __future__ import annotations

import datetime as dt
import fnmatch
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, RowMapping, insert, select, update

from obs_dagster.alerts.life.weekly import Weekly
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.errors import HistoryError, ObsError
from obs_dagster.history import History
from obs_dagster.history.alert_tables import SILENCES
from obs_dagster.history.names import storable_text

FIELDS = ("model", "rule", "version", "segment", "column", "severity", "owner", "incident")
"""What a silence may name of an alert."""

LABEL = "label"
"""Before a dot and the name of a label of the alert's rule."""

_LOCK = "silences"

FOR_EVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""The end of a silence that is to come back every week until somebody ends it."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Keeps people from being told of alerts; these stay to be seen, as silenced.

    Attributes:
        id: ten hexadecimal digits.
        matchers: per field the glob (`*`, `?`, `[…]`) that an alert's value must match; all of them must.
        author, comment: who set it, and why.
        ends_at: when it ends by itself (UTC).
        starts_at: when it begins (UTC).
        every: the hours of each week in which it holds, as they were written; empty: all the time.
        zone: whose clock these are.
        withdrawn_at, withdrawn_by: when and by whom it was ended before; None and empty if it wasn't.
    """

    id: str
    matchers: Mapping[str, str]
    author: str
    comment: str
    created_at: dt.datetime
    ends_at: dt.datetime
    starts_at: dt.datetime
    every: str = ""
    zone: str = "UTC"
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str = ""

    def matches(self, alert: Alert) -> bool:
        """Whether it is about the alert; upper and lower case are told apart."""
        return all(fnmatch.fnmatchcase(_value(alert, name), glob) for name, glob in self.matchers.items())

    def active(self, now: dt.datetime) -> bool:
        """Whether it silences anything."""
        return self.until(now) is not None

    def until(self, now: dt.datetime) -> dt.datetime | None:
        """Until when it silences what it does now; None if it silences nothing."""
        if self.over(now) or now < self.starts_at:
            return None
        if not self.every:
            return self.ends_at
        try:
            end = Weekly.of_written(self.every, self.zone).until(now)
        except ObsError:
            # a time zone may be gone from the system by then: people rather hear of too much
            return None
        return end and min(end, self.ends_at)

    def over(self, now: dt.datetime) -> bool:
        """Whether it silences nothing any more."""
        return self.withdrawn_at is not None or self.ends_at <= now

    @property
    def when(self) -> str:
        """When it silences anything, in words."""
        told = [f"every {self.every} ({self.zone})"] if self.every else []
        if self.starts_at > self.created_at:
            told.append(f"from {self.starts_at:%Y-%m-%d %H:%M} UTC")
        told.append(f"until {self.ends_at:%Y-%m-%d %H:%M} UTC" if self.ends_at < FOR_EVER else "without end")
        return " ".join(told)

    @property
    def told(self) -> str:
        """Who set it, and why."""
        return f"{self.author} ({self.comment})" if self.comment else self.author

    @property
    def about(self) -> str:
        """What it matches, in the words of the command line."""
        return ", ".join(f"{name}={glob}" for name, glob in self.matchers.items())


def _value(alert: Alert, name: str) -> str:
    """What an alert has of what a silence names; a label that it lacks is empty."""
    field, _, label = name.partition(".")
    if field == LABEL:
        return alert.labels.get(label, "")
    return alert.incident_id if name == "incident" else str(getattr(alert, name))


def covering(silences: Iterable[Silence], alert: Alert) -> Silence | None:
    """Of active silences the one about an alert that ends last; None if there is none."""
    return max(
        (each for each in silences if each.matches(alert)), key=lambda each: each.ends_at, default=None
    )


def active(connection: Connection, now: dt.datetime) -> list[Silence]:
    """The silences that hold at a time; one of every week ends with the hours that it holds in."""
    query = select(SILENCES).where(SILENCES.c.ends_at > now, SILENCES.c.withdrawn_at.is_(None))
    found = map(_of, connection.execute(query).mappings())
    return [replace(each, ends_at=until) for each in found if (until := each.until(now)) is not None]


def list_silences(history: History, now: dt.datetime | None = None) -> list[Silence]:
    """All silences there ever were, or those that are not over at a time; the first to end first."""
    query = select(SILENCES).order_by(SILENCES.c.ends_at, SILENCES.c.id)
    with history.reading() as connection:
        every = [_of(row) for row in connection.execute(query).mappings()]
    return every if now is None else [each for each in every if not each.over(now)]


def add(
    history: History,
    matchers: Mapping[str, str],
    *,
    author: str,
    comment: str,
    ends_at: dt.datetime,
    now: dt.datetime,
    starts_at: dt.datetime | None = None,
    every: str = "",
    zone: str = "UTC",
) -> Silence:
    """Keep a silence.

    Args:
        history: the store.
        matchers: what it is about, as `Silence` has them.
        author: who sets it.
        comment: why.
        ends_at: when it ends (UTC); `FOR_EVER`: when somebody ends it.
        now: the present (UTC).
        starts_at: when it begins (UTC); left out: now.
        every: the hours of each week in which it holds; left out: all the time.
        zone: the time zone of these.

    Raises:
        ObsError: it names nothing, something that alerts don't have, has ended already, or ends before it
            begins; or its hours or their time zone cannot be read.
    """
    if every:
        Weekly.of_written(every, zone)
    known = [name for name in matchers if name in FIELDS or name.startswith(f"{LABEL}.")]
    wanted = {storable_text(name): storable_text(matchers[name]) for name in known}
    if not wanted or len(known) != len(matchers):
        raise ObsError(
            "A silence has to name what it is about.",
            remedy=f"Name an alert, or at least one of: {', '.join(FIELDS)}, {LABEL}.NAME.",
        )
    if ends_at <= now:
        raise ObsError(
            f"The silence would have ended already, on {ends_at:%Y-%m-%d %H:%M} UTC.",
            remedy="Give an end that is still to come.",
        )
    starts_at = max(starts_at or now, now)
    if ends_at <= starts_at:
        raise ObsError(
            f"The silence would end before it begins, on {starts_at:%Y-%m-%d %H:%M} UTC.",
            remedy="Give an end after its beginning.",
        )
    made = Silence(
        secrets.token_hex(5),
        wanted,
        storable_text(author),
        storable_text(comment),
        now,
        ends_at,
        starts_at,
        " ".join(every.split()),
        zone,
    )
    row = {name: getattr(made, name) for name in Silence.__dataclass_fields__}
    with history.writing(_LOCK) as connection:
        connection.execute(insert(SILENCES).values(row))
    return made


def withdraw(history: History, silence_id: str, *, by: str, now: dt.datetime) -> Silence:
    """End a silence now; one that is over stays as it is.

    Raises:
        HistoryError: there is none with this id.
    """
    with history.writing(_LOCK) as connection:
        same = SILENCES.c.id == silence_id
        row = connection.execute(select(SILENCES).where(same)).mappings().one_or_none()
        if row is None:
            raise HistoryError(
                f"There is no silence {silence_id!r}.",
                remedy="`obs alerts silences` shows those there are.",
            )
        found = _of(row)
        if not found.over(now):
            ended = {"withdrawn_at": now, "withdrawn_by": storable_text(by)}
            connection.execute(update(SILENCES).where(same).values(ended))
        return found


def _of(row: RowMapping) -> Silence:
    """A silence as it is stored; those of earlier versions began when they were made."""
    return Silence(**{**row, "starts_at": row["starts_at"] or row["created_at"]})
