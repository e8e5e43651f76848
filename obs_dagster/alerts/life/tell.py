"""Who is told of what: the difference between how alerts stand and what people heard of them last.

People are told that an alert fires once, and again if it has become graver, until they were told that it
doesn't any more; of an episode that was over before anybody looked they are told nothing. While a silence
covers an alert they are told nothing of it. Once none does, they are told what there is to tell: that it
fires, if it still does and nobody has acknowledged it, or that it is over, if they knew that it fired.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from obs_dagster.alerts.life import silences, trail
from obs_dagster.alerts.life.silences import Silence
from obs_dagster.alerts.life.trail import Kind
from obs_dagster.alerts.moved import Told, of_record, silent
from obs_dagster.alerts.outbox import entries
from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules.alert import Alert, Event
from obs_dagster.alerts.rules.fold import State
from obs_dagster.alerts.why import Why, unexplained
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERTS
from obs_dagster.monitor.escalation import gravest


def due(alert: Alert, silence: Silence | None) -> tuple[Alert, Event | None]:
    """The alert as it is after people were told, and what they are told.

    Args:
        alert: the alert.
        silence: the active silence that covers it; None if none does.
    """
    lives = alert.state is State.FIRING or alert.announced
    if lives and silence is not None:
        return replace(alert, silenced_until=silence.ends_at, silenced_by=silence.told), None
    woken = alert.silenced_until is not None
    after = replace(alert, silenced_until=None, silenced_by="") if woken else alert
    unheard = woken or not alert.announced or _graver(alert)
    if alert.held_by and not alert.announced:
        return after, None
    if alert.state is State.FIRING and unheard and alert.acknowledged_at is None:
        told = replace(after, announced=True, firings=after.firings + 1, told_severity=alert.severity)
        return told, "firing"
    if alert.state is State.RESOLVED and alert.announced:
        return replace(after, announced=False, told_severity=""), "resolved"
    return after, None


def _graver(alert: Alert) -> bool:
    """Whether it has become graver than people were told."""
    told = alert.told_severity
    return told != "" and gravest(told, alert.severity) != told


def tell(
    connection: Connection, model: str, now: dt.datetime, moved: Told = silent, why: Why = unexplained
) -> list[tuple[Alert, Event | None]]:
    """Put what people have to be told of a model's alerts into the outbox; the caller holds the model's lock.

    Returns:
        Each alert that something was told of, or whose silence began or ended.
    """
    active = silences.active(connection, now)
    changed = [
        (before, *due(before, silences.covering(active, before)))
        for before in alerts.read_unfinished(connection, model)
    ]
    # that something is over is told before that something else begins
    changed.sort(key=lambda change: change[2] != "resolved")
    known = _known(connection, [after for _, after, event in changed if event is not None])
    for _, after, event in changed:
        if event == "firing" and after.incident_id:
            # an incident does not end where it goes on
            known[after.incident_id][after.id] = after
    told: list[tuple[Alert, Event | None]] = []
    for before, after, event in changed:
        if after == before:
            continue
        alerts.write(connection, before, after)
        _note_silence(connection, before, after, now)
        if event is not None:
            others = known.get(after.incident_id, {})
            if event == "resolved":
                others.pop(after.id, None)
            entries.enqueue(
                connection,
                after,
                event,
                now,
                moved=(moved(after) or of_record(connection, after)) if event == "firing" else "",
                why=why(connection, after) if event == "firing" else "",
                beside=[other for other in others.values() if other.id != after.id],
            )
        told.append((after, event))
    return told


def beside(connection: Connection, alert: Alert) -> list[Alert]:
    """The other alerts of its incident that people think fire."""
    known = _known(connection, [alert]).get(alert.incident_id, {})
    return [other for other in known.values() if other.id != alert.id]


def _known(connection: Connection, about: Sequence[Alert]) -> dict[str, dict[str, Alert]]:
    """Per incident of some alerts those that people think fire."""
    found: dict[str, dict[str, Alert]] = {alert.incident_id: {} for alert in about if alert.incident_id}
    for alert in alerts.read_of(connection, ALERTS.c.incident_id.in_(list(found)) & ALERTS.c.announced):
        found[alert.incident_id][alert.id] = alert
    return found


def settle(history: History, now: dt.datetime, moved: Told = silent, why: Why = unexplained) -> int:
    """Tell what is due because a silence began or ended, of all models; cheap where nothing is.

    Returns:
        How many notifications went to the outbox.
    """
    with history.reading() as connection:
        active = silences.active(connection, now)
        models = {
            alert.model
            for alert in alerts.read_unfinished(connection)
            if due(alert, silences.covering(active, alert))[0] != alert
        }
    count = 0
    for model in sorted(models):
        with history.writing(model) as connection:
            count += sum(event is not None for _, event in tell(connection, model, now, moved, why))
    return count


def heard(told: Sequence[tuple[Alert, Event | None]], event: Event) -> tuple[str, ...]:
    """The ids of the alerts of which people are told one thing, sorted."""
    return tuple(sorted(alert.id for alert, what in told if what == event))


def _note_silence(connection: Connection, before: Alert, after: Alert, now: dt.datetime) -> None:
    if after.silenced_until == before.silenced_until and after.silenced_by == before.silenced_by:
        return
    if after.silenced_until is None:
        trail.add(connection, after, Kind.UNSILENCED, now, comment="No silence covers it any more.")
        return
    until = f"until {after.silenced_until:%Y-%m-%d %H:%M} UTC"
    trail.add(connection, after, Kind.SILENCED, now, comment=f"{until}, by {after.silenced_by}")
