"""An incident as it stands: its alerts, and what people made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, select, true, update

from obs_dagster.alerts.incidents.grouping import Kind
from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERTS, INCIDENTS
from obs_dagster.history.names import storable_text
from obs_dagster.monitor.escalation import Severity, gravest
from obs_dagster.monitor.whole import WHOLE

Cause = Literal["fault", "upstream", "expected", "false_alarm", "unknown"]
"""What an incident was, by who closed it: a fault of the model or of what serves it; a fault of data that
others deliver; a change that was expected (a season, a release); nothing; nobody could find out."""

CAUSES: tuple[Cause, ...] = get_args(Cause)

FOR_NOTHING: tuple[Cause, ...] = ("false_alarm", "expected")
"""The causes for which nobody would have had to be told."""

Standing = Literal["firing", "over", "closed"]

_KINDS: dict[Kind, str] = {
    "behaviour": "does not behave as it should",
    "labels": "does not get its labels as usual",
    "schema": "gets another schema than declared",
    "day": "has days that were not evaluated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alerts that belong together.

    Attributes:
        id: ten hexadecimal digits, kept for life; the key of its thread of messages.
        version: that of the alert which opened it; `*` for all.
        kind: what it is about.
        opened_at: when its first alert began to fire, as far as was known (UTC).
        closed_at, closed_by: when and by whom it was closed; None and empty if it was not.
        cause, comment: what it was, and what is to be said of it; empty before it is closed.
        told_why: the first suspect that people were told of, or that there is none; empty before that.
        whys: how often people were told of another one.
        alerts: its alerts, the one that fired first at the beginning.
    """

    id: str
    model: str
    version: str
    kind: Kind
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    closed_by: str
    cause: Cause | Literal[""]
    comment: str
    told_why: str = ""
    whys: int = 0
    alerts: Sequence[Alert] = field(default_factory=tuple)

    @property
    def state(self) -> Standing:
        """Whether something in it fires, or somebody has closed it."""
        if self.closed_at is not None:
            return "closed"
        return "firing" if self.firing else "over"

    @property
    def firing(self) -> int:
        """How many of its alerts fire."""
        return sum(alert.state is State.FIRING for alert in self.alerts)

    @property
    def severity(self) -> Severity:
        """That of its gravest alert."""
        return gravest("info", *(alert.severity for alert in self.alerts))

    @property
    def since(self) -> dt.date:
        """The first night that was in breach."""
        return min((alert.since for alert in self.alerts), default=self.opened_at.date())

    @property
    def until(self) -> dt.date:
        """The last night that is known to belong to it."""
        return max((alert.end for alert in self.alerts), default=self.opened_at.date())

    @property
    def nights(self) -> list[dt.date]:
        """The nights on which alerts of it fired, in order."""
        return sorted({alert.fired_day for alert in self.alerts if alert.fired_day})

    def of_night(self, fired: dt.date | None) -> Incident:
        """The part of it that fired on one night, which may have another cause; all of it where none did."""
        part = tuple(alert for alert in self.alerts if alert.fired_day == fired)
        return replace(self, alerts=part) if fired and part else self

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of its alerts, that which fired first at the beginning."""
        return tuple(dict.fromkeys(alert.rule for alert in self.alerts))

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        who = "it" if self.version == WHOLE else f"version {self.version}"
        more = f" and {len(self.rules) - 1} more rules" if len(self.rules) > 1 else ""
        first = self.rules[0] if self.rules else "no alert"
        return f"{self.model}: {who} {_KINDS[self.kind]} ({first}{more})"

    def as_dict(self) -> dict[str, Any]:
        """The incident as plain values."""
        return {
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "kind": self.kind,
            "state": self.state,
            "severity": self.severity,
            "since": self.since,
            "until": self.until,
            "rules": ", ".join(self.rules),
            "alerts": len(self.alerts),
            "firing": self.firing,
            "opened_at": self.opened_at,
            "closed_at": self.closed_at,
            "closed_by": self.closed_by,
            "cause": self.cause,
            "comment": self.comment,
        }


def list_incidents(history: History, model: str | None = None) -> list[Incident]:
    """All incidents, of a model or of all; the newest first."""
    with history.reading() as connection:
        return read_incidents(connection, true() if model is None else INCIDENTS.c.model == model)


def find_incident(history: History, incident_id: str) -> Incident:
    """One incident by its id.

    Raises:
        HistoryError: there is none.
    """
    with history.reading() as connection:
        found = read_incidents(connection, INCIDENTS.c.id == incident_id)
    if not found:
        raise HistoryError(
            f"There is no incident {incident_id!r}.", remedy="`obs incidents list` shows those there are."
        )
    return found[0]


def close(
    history: History, incident_id: str, *, cause: Cause, comment: str, by: str, now: dt.datetime
) -> Incident:
    """Close an incident, or say anew what it was; what fires later on is a new one.

    Raises:
        HistoryError: there is none with this id.
    """
    model = find_incident(history, incident_id).model
    said = {
        "cause": cause,
        "comment": storable_text(comment),
        "closed_by": storable_text(by),
        "closed_at": now,
    }
    with history.writing(model) as connection:
        connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == incident_id).values(said))
    return find_incident(history, incident_id)


def read_incidents(connection: Connection, wanted: ColumnElement[bool]) -> list[Incident]:
    """The incidents for which something is true, the newest first."""
    query = select(INCIDENTS).where(wanted).order_by(INCIDENTS.c.opened_at.desc(), INCIDENTS.c.id)
    rows = connection.execute(query).mappings().all()
    members: dict[str, list[Alert]] = {row["id"]: [] for row in rows}
    for alert in alerts.read_of(connection, ALERTS.c.incident_id.in_(list(members))):
        members[alert.incident_id].append(alert)
    return [Incident(**row, alerts=tuple(sorted(members[row["id"]], key=_first))) for row in rows]


def _first(alert: Alert) -> tuple[dt.date, dt.date, str]:
    return (alert.fired_day or dt.date.max, alert.since, alert.rule)
