"""An alert: one episode of one rule and subject, as the store keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from obs_dagster.alerts.rules.fold import State
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.tables import ALERTS
from obs_dagster.monitor import Severity

Direction = Literal["above", "below"]
Event = Literal["firing", "resolved"]


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
        acknowledged_at, silenced_until: set by people; None if they didn't.
        updated_at, run_id: when, and by which run, it was last changed.
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
    silenced_until: dt.datetime | None = None

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
        row = connection.execute(select(ALERTS).where(ALERTS.c.id == alert_id)).one_or_none()
    if row is None:
        raise HistoryError(
            f"There is no alert {alert_id!r}.", remedy="`obs alerts list` shows the alerts there are."
        )
    return _from_row(row)


def firing_counts(connection: Connection) -> dict[str, int]:
    """How many alerts fire, by model; models without any are left out."""
    firing = ALERTS.c.state == State.FIRING.value
    query = select(ALERTS.c.model, func.count()).where(firing).group_by(ALERTS.c.model)
    return {row[0]: row[1] for row in connection.execute(query)}


def read_since(connection: Connection, model: str, horizon: dt.date) -> list[Alert]:
    """The alerts of a model that are open, or ended on or after a day, oldest episode first."""
    recent = (ALERTS.c.state != State.RESOLVED.value) | (ALERTS.c.resolved_day >= horizon)
    query = select(ALERTS).where(ALERTS.c.model == model, recent).order_by(ALERTS.c.since, ALERTS.c.id)
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
