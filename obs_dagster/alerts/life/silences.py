"""Silences: until when people don't want to be told of which alerts, set by whom and why."""

from __future__ import annotations

import datetime as dt
import fnmatch
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.errors import HistoryError, ObsError
from obs_dagster.history import History
from obs_dagster.history.names import storable_text
from obs_dagster.history.tables import SILENCES

FIELDS = ("model", "rule", "version", "segment", "column", "severity", "owner")
"""What a silence may name of an alert."""

LABEL = "label"
"""Before a dot and the name of a label of the alert's rule."""

_LOCK = "silences"


@dataclass(frozen=True, slots=True)
class Silence:
    """Keeps people from being told of alerts; these stay to be seen, as silenced.

    Attributes:
        id: ten hexadecimal digits.
        matchers: per field the glob (`*`, `?`, `[…]`) that an alert's value must match; all of them must.
        author, comment: who set it, and why.
        ends_at: when it ends by itself (UTC).
        withdrawn_at, withdrawn_by: when and by whom it was ended before; None and empty if it wasn't.
    """

    id: str
    matchers: Mapping[str, str]
    author: str
    comment: str
    created_at: dt.datetime
    ends_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str = ""

    def matches(self, alert: Alert) -> bool:
        """Whether it is about the alert; upper and lower case are told apart."""
        return all(fnmatch.fnmatchcase(_value(alert, name), glob) for name, glob in self.matchers.items())

    def active(self, now: dt.datetime) -> bool:
        """Whether it silences anything."""
        return self.withdrawn_at is None and self.created_at <= now < self.ends_at

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
    return alert.labels.get(label, "") if field == LABEL else str(getattr(alert, name))


def covering(silences: Iterable[Silence], alert: Alert) -> Silence | None:
    """Of active silences the one about an alert that ends last; None if there is none."""
    return max(
        (each for each in silences if each.matches(alert)), key=lambda each: each.ends_at, default=None
    )


def active(connection: Connection, now: dt.datetime) -> list[Silence]:
    """The silences that have begun and not ended."""
    query = select(SILENCES).where(SILENCES.c.ends_at > now, SILENCES.c.withdrawn_at.is_(None))
    found = [Silence(**row) for row in connection.execute(query).mappings()]
    return [each for each in found if each.active(now)]


def list_silences(history: History, now: dt.datetime | None = None) -> list[Silence]:
    """All silences there ever were, or those that are active at a time; the first to end first."""
    with history.reading() as connection:
        if now is not None:
            return sorted(active(connection, now), key=lambda each: each.ends_at)
        query = select(SILENCES).order_by(SILENCES.c.ends_at, SILENCES.c.id)
        return [Silence(**row) for row in connection.execute(query).mappings()]


def add(
    history: History,
    matchers: Mapping[str, str],
    *,
    author: str,
    comment: str,
    ends_at: dt.datetime,
    now: dt.datetime,
) -> Silence:
    """Keep a silence from now on.

    Raises:
        ObsError: it names nothing, something that alerts don't have, or has ended already.
    """
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
    made = Silence(secrets.token_hex(5), wanted, storable_text(author), storable_text(comment), now, ends_at)
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
        found = Silence(**row)
        if found.active(now):
            ended = {"withdrawn_at": now, "withdrawn_by": storable_text(by)}
            connection.execute(update(SILENCES).where(same).values(ended))
        return found
