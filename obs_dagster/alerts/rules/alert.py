"""An alert: one episode of one rule and subject, as the store keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from obs_dagster.alerts.rules.fold import State
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERTS
from obs_dagster.monitor import Severity

Direction = Literal["above", "below"]
Event = Literal["firing", "acknowledged", "explained", "resolved"]
"""What people are told of an alert: `explained` is that another cause of its incident has become likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule's state for one subject during one episode.

    Attributes:
        id: ten hexadecimal digits, kept for life.
        version, segment, column: the subject.
        metric, window: what the rule watches.
        severity: how bad it is by now; it only grows while the alert lasts.
        labels, runbook: as the rule has them.
        direction, threshold: a breach is a value on this side of the threshold.
        since: the first breaching night of the episode.
        fired_day: the night on which the streak was long enough; None if it hasn't been.
        last_day: the latest night that was judged, to which value, low, high and n belong.
        resolved_day: the night on which it ended; None while it lasts.
        nights: breaching nights.
        note: what else to know: why it ended, or since when nothing could be judged.
        announced: whether people were told that it fires, and not yet that it doesn't any more.
        firings: how often people were told that it fires; more than 1 if late data opened it again, or it has
            become graver.
        updated_at, run_id: when, and by which run, it was last changed.
        acknowledged_at, acknowledged_by: when, and who, said of this firing that it is being dealt with.
        silenced_until, silenced_by: the end of the silence that covers it, and who set it with which comment;
            once that is past, people are told anew of what still fires.
        closed_at, closed_by: when, and who, resolved it by hand, if it was.
        lasts: whether it is still in breach, though it was resolved by hand.
        told_severity: how bad people were told that it is; empty while they think that it doesn't fire.
        flaps: how often it fired, if it comes and goes and is one alert for that; else 0.
        held_by: the rule whose alert says why, for which people are not told of this one; empty if none.
        incident_id: the incident that it belongs to; empty as long as it has not fired.
    """

    id: str
    model: str
    rule: str
    version: str
    segment: str
    column: str
    metric: str
    window: int
    severity: Severity
    owner: str
    summary: str
    direction: Direction
    threshold: float
    state: State
    since: dt.date
    fired_day: dt.date | None
    last_day: dt.date
    resolved_day: dt.date | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    nights: int
    note: str
    announced: bool
    firings: int
    updated_at: dt.datetime
    run_id: str
    labels: dict[str, str] = field(default_factory=dict)
    runbook: str = ""
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: str = ""
    silenced_until: dt.datetime | None = None
    silenced_by: str = ""
    closed_at: dt.datetime | None = None
    closed_by: str = ""
    lasts: bool = False
    told_severity: Severity | Literal[""] = ""
    flaps: int = 0
    held_by: str = ""
    incident_id: str = ""

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.version, self.segment, self.column)

    def fires_on(self, day: dt.date) -> bool:
        """Whether it was firing after the night of a day, as far as is known now."""
        begun = self.fired_day is not None and self.fired_day <= day
        return begun and (self.resolved_day is None or self.resolved_day > day)

    @property
    def end(self) -> dt.date:
        """The last day that is known to belong to it."""
        return self.resolved_day or self.last_day

    def silenced(self, now: dt.datetime) -> bool:
        """Whether a silence covers it."""
        return self.silenced_until is not None and self.silenced_until > now

    def handled(self, now: dt.datetime) -> str:
        """What people do about it, in words; empty if nothing is known."""
        told = []
        if self.closed_at is not None and self.lasts:
            told.append(f"resolved by hand by {self.closed_by}, still in breach")
        if self.state is State.RESOLVED:
            return ", ".join(told)
        if self.silenced_until is not None and self.silenced(now):
            told.append(f"silenced until {self.silenced_until:%Y-%m-%d %H:%M} UTC by {self.silenced_by}")
        if self.held_by and not self.announced:
            told.append(f"held back by {self.held_by}")
        if self.acknowledged_at is not None:
            told.append(f"acknowledged {self.acknowledged_at:%Y-%m-%d %H:%M} UTC by {self.acknowledged_by}")
        return ", ".join(told)

    def as_dict(self) -> dict[str, Any]:
        """The alert as plain values, in field order."""
        return {**asdict(self), "state": self.state.value}


def list_alerts(
    history: History, model: str | None = None, states: Collection[State] | None = None
) -> list[Alert]:
    """The alerts of a model and in some states, None for all; newest first, then by rule and subject."""
    query = select(ALERTS).order_by(
        ALERTS.c.since.desc(), *(ALERTS.c[name] for name in ("model", "rule", "version", "segment", "column"))
    )
    if model is not None:
        query = query.where(ALERTS.c.model == model)
    if states is not None:
        query = query.where(ALERTS.c.state.in_([State(state).value for state in states]))
    with history.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def find_alert(history: History, alert_id: str) -> Alert:
    """One alert by its id.

    Raises:
        HistoryError: there is none.
    """
    with history.reading() as connection:
        return read_one(connection, alert_id)


def read_one(connection: Connection, alert_id: str) -> Alert:
    """The same inside a transaction."""
    row = connection.execute(select(ALERTS).where(ALERTS.c.id == alert_id)).one_or_none()
    if row is None:
        raise HistoryError(
            f"There is no alert {alert_id!r}.", remedy="`obs alerts list` shows the alerts there are."
        )
    return _from_row(row)


class FiringCount(NamedTuple):
    """How many alerts fire, of how many of these people are not told again, and what they are part of."""

    firing: int = 0
    silenced: int = 0
    acknowledged: int = 0
    incidents: int = 0

    @property
    def told(self) -> str:
        """The same in words; empty if none fires.

        >>> FiringCount(3, silenced=1, incidents=2).told
        '3 firing in 2 incidents, 1 of them silenced'
        """
        grouped = f" in {self.incidents} incident{'s' * (self.incidents > 1)}" if self.incidents else ""
        parts = [f"{self.firing} firing{grouped}"] if self.firing else []
        parts += [f"{self.silenced} of them silenced"] if self.silenced else []
        parts += [f"{self.acknowledged} of them acknowledged"] if self.acknowledged else []
        return ", ".join(parts)


def firing_counts(connection: Connection, now: dt.datetime) -> dict[str, FiringCount]:
    """How many alerts fire, by model; models without any are left out."""
    columns = ALERTS.c
    silenced, acknowledged = columns.silenced_until > now, columns.acknowledged_at.is_not(None)
    incidents = func.count(func.nullif(columns.incident_id, "").distinct())
    query = (
        select(columns.model, func.count(), _number(silenced), _number(acknowledged), incidents)
        .where(columns.state == State.FIRING.value)
        .group_by(columns.model)
    )
    return {model: FiringCount(*counts) for model, *counts in connection.execute(query)}


def _number(wanted: ColumnElement[bool]) -> ColumnElement[int]:
    """Of how many rows something is true."""
    return func.sum(case((wanted, 1), else_=0))


def read_since(connection: Connection, model: str, horizon: dt.date) -> list[Alert]:
    """The alerts of a model that are in breach, or ended on or after a day, oldest episode first."""
    recent = (ALERTS.c.state != State.RESOLVED.value) | ALERTS.c.lasts | (ALERTS.c.resolved_day >= horizon)
    query = select(ALERTS).where(ALERTS.c.model == model, recent).order_by(ALERTS.c.since, ALERTS.c.id)
    return [_from_row(row) for row in connection.execute(query)]


def read_unfinished(connection: Connection, model: str | None = None) -> list[Alert]:
    """The alerts, of one model or of all, that fire or of which people have still to be told something."""
    told = ALERTS.c.announced | ALERTS.c.silenced_until.is_not(None)
    wanted = (ALERTS.c.state == State.FIRING.value) | told
    return read_of(connection, wanted if model is None else and_(wanted, ALERTS.c.model == model))


def read_of(connection: Connection, wanted: ColumnElement[bool]) -> list[Alert]:
    """The alerts for which something is true, oldest episode first."""
    query = select(ALERTS).where(wanted).order_by(ALERTS.c.since, ALERTS.c.rule, ALERTS.c.id)
    return [_from_row(row) for row in connection.execute(query)]


def write(connection: Connection, before: Alert | None, after: Alert | None) -> None:
    """Bring one stored alert from one state to the other; None stands for no row."""
    if before is not None and after is None:
        connection.execute(delete(ALERTS).where(ALERTS.c.id == before.id))
    elif before is None and after is not None:
        connection.execute(insert(ALERTS).values(after.as_dict()))
    elif before is not None and after is not None and before != after:
        connection.execute(update(ALERTS).where(ALERTS.c.id == before.id).values(after.as_dict()))


def _from_row(row: Row[Any]) -> Alert:
    values = row._asdict()
    return Alert(**{**values, "state": State(values["state"])})
