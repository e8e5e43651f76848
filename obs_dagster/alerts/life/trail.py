"""The audit trail: what happened to alerts, and what people did about them, one line each.

The state of an alert is computed anew from records by every evaluation; the trail is only ever added to. A
line keeps subject and day beside the alert's id, so that what people did holds for the episode that it was
about, to whichever alert late data moves that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import Episode
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERT_EVENTS
from obs_dagster.history.names import storable_text


class Kind(StrEnum):
    """What a line of the trail says."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail.

    Attributes:
        kind: what happened; `closed` is a resolution by hand, `unsilenced` the end of a silence.
        at: when it was known, or done (UTC).
        by: who did it; empty for what follows from records.
        comment: why.
        day: the last night that the alert was judged on by then.
    """

    kind: Kind
    at: dt.datetime
    by: str
    comment: str
    day: dt.date


def add(
    connection: Connection, alert: Alert, kind: Kind, at: dt.datetime, *, by: str = "", comment: str = ""
) -> None:
    """Add a line about an alert, in the transaction that does what it says."""
    row = {name: getattr(alert, name) for name in ("model", "rule", "version", "segment", "column")}
    row |= {"alert_id": alert.id, "kind": kind.value, "at": at, "day": alert.last_day}
    row |= {"by": storable_text(by), "comment": storable_text(comment)}
    connection.execute(insert(ALERT_EVENTS).values(row))


def trail_of(history: History, alert_id: str) -> list[Line]:
    """All lines about an alert, oldest first."""
    columns = ALERT_EVENTS.c
    query = (
        select(columns.kind, columns.at, columns.by, columns.comment, columns.day)
        .where(columns.alert_id == alert_id)
        .order_by(columns.id)
    )
    with history.reading() as connection:
        return [Line(Kind(kind), *rest) for kind, *rest in connection.execute(query)]


Closings = Mapping[tuple[str, Subject], list[Line]]
"""Per rule and subject the resolutions by hand, the latest first."""


def closings(connection: Connection, model: str, first: dt.date) -> Closings:
    """The resolutions by hand of a model that are about a day or later ones."""
    columns = ALERT_EVENTS.c
    query = (
        select(ALERT_EVENTS)
        .where(columns.model == model, columns.kind == Kind.CLOSED.value, columns.day >= first)
        .order_by(columns.id.desc())
    )
    found: dict[tuple[str, Subject], list[Line]] = {}
    for row in connection.execute(query):
        key = (row.rule, Subject(row.version, row.segment, row.column))
        found.setdefault(key, []).append(Line(Kind.CLOSED, row.at, row.by, row.comment, row.day))
    return found


def closes(line: Line, episode: Episode) -> bool:
    """Whether a resolution by hand is about an episode: one that lasted on its day."""
    lasted = episode.resolved_day is None or episode.resolved_day > line.day
    return episode.since <= line.day and lasted
