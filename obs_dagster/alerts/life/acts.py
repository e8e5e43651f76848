"""What people do about one alert: acknowledge it, or resolve it by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import Connection

from obs_dagster.alerts.life import tell, trail
from obs_dagster.alerts.life.trail import Kind
from obs_dagster.alerts.outbox import entries
from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules.alert import Alert, find_alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.names import storable_text


def acknowledge(history: History, alert_id: str, *, by: str, comment: str, now: dt.datetime) -> Alert:
    """Note that somebody deals with a firing alert.

    It holds until the alert is over. Nothing is repeated or escalated meanwhile, and who was told that it
    fires is told of this, once. Another acknowledgement is a further line of the trail.

    Raises:
        HistoryError: there is no such alert, or it does not fire.
    """
    with history.writing(find_alert(history, alert_id).model) as connection:
        before = _firing(connection, alert_id)
        by = storable_text(by)
        after = before
        if before.acknowledged_at is None:
            after = replace(before, acknowledged_at=now, acknowledged_by=by)
        alerts.write(connection, before, after)
        trail.add(connection, after, Kind.ACKNOWLEDGED, now, by=by, comment=comment)
        if after != before and after.announced and not after.silenced(now):
            entries.enqueue(connection, after, "acknowledged", now, beside=tell.beside(connection, after))
    return after


def resolve(history: History, alert_id: str, *, by: str, reason: str, now: dt.datetime) -> Alert:
    """Resolve a firing alert by hand.

    It stays resolved as long as its metric stays in breach. A night that is not in breach ends that; a breach
    after it is a new alert.

    Raises:
        HistoryError: there is no such alert, or it does not fire.
    """
    model = find_alert(history, alert_id).model
    with history.writing(model) as connection:
        before = _firing(connection, alert_id)
        trail.add(connection, before, Kind.CLOSED, now, by=by, comment=reason)
        alerts.write(
            connection, before, closed(before, at=now, by=by, reason=reason, day=before.last_day, lasts=True)
        )
        tell.tell(connection, model, now)
    return find_alert(history, alert_id)


def closed(alert: Alert, *, at: dt.datetime, by: str, reason: str, day: dt.date, lasts: bool) -> Alert:
    """The alert, resolved by hand as of the night of a day.

    Args:
        alert: the alert as its records have it.
        at: when (UTC).
        by: by whom.
        reason: why.
        day: the last night that had been judged then.
        lasts: whether it would still fire.
    """
    return replace(
        alert,
        state=State.RESOLVED,
        resolved_day=day,
        note=storable_text(f"Resolved by {by}: {reason}"),
        closed_at=at,
        closed_by=storable_text(by),
        lasts=lasts,
    )


def _firing(connection: Connection, alert_id: str) -> Alert:
    alert = alerts.read_one(connection, alert_id)
    if alert.state is State.FIRING:
        return alert
    if alert.state is State.PENDING:
        raise HistoryError(
            f"The alert {alert_id!r} is pending: nobody has been told of it.",
            remedy="To hear nothing of it should it fire, silence it: `obs alerts silence`.",
        )
    raise HistoryError(
        f"The alert {alert_id!r} is over since {alert.resolved_day}.",
        remedy="`obs alerts list` shows those that are not.",
    )
