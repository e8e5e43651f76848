"""What people do about all alerts of an incident at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.incident import Incident, find_incident, read_incidents
from obs_dagster.alerts.life import silences, tell, trail
from obs_dagster.alerts.life.silences import Silence
from obs_dagster.alerts.life.trail import Kind
from obs_dagster.alerts.outbox import entries
from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.alert_tables import INCIDENTS
from obs_dagster.history.names import storable_text


def acknowledge(history: History, incident_id: str, *, by: str, comment: str, now: dt.datetime) -> Incident:
    """Note that somebody deals with all that fires in an incident; who was told of it is told so, once.

    What joins it later is news.

    Raises:
        HistoryError: there is no such incident, or nothing in it fires.
    """
    with history.writing(find_incident(history, incident_id).model) as connection:
        firing = _firing(connection, incident_id)
        by = storable_text(by)
        done = []
        for before in firing:
            after = before
            if before.acknowledged_at is None:
                after = replace(before, acknowledged_at=now, acknowledged_by=by)
                done.append(after)
            alerts.write(connection, before, after)
            trail.add(connection, after, Kind.ACKNOWLEDGED, now, by=by, comment=comment)
        told = [alert for alert in done if alert.announced and not alert.silenced(now)]
        if told:
            others = tell.beside(connection, told[0])
            entries.enqueue(connection, told[0], "acknowledged", now, beside=others)
    return find_incident(history, incident_id)


def silence(
    history: History, incident_id: str, *, by: str, comment: str, ends_at: dt.datetime, now: dt.datetime
) -> Silence:
    """Let nobody be told of an incident for a while, nor of what joins it.

    Raises:
        HistoryError: there is no such incident, or it is closed.
        ObsError: the end is past.
    """
    incident = find_incident(history, incident_id)
    if incident.closed_at is not None:
        raise HistoryError(
            f"The incident {incident_id!r} is closed: nothing joins it any more.",
            remedy="`obs incidents list` shows those that are not.",
        )
    about = {"model": incident.model, "incident": incident.id}
    made = silences.add(history, about, author=by, comment=comment, ends_at=ends_at, now=now)
    tell.settle(history, now)
    return made


def _firing(connection: Connection, incident_id: str) -> list[Alert]:
    [incident] = read_incidents(connection, INCIDENTS.c.id == incident_id)
    firing = [alert for alert in incident.alerts if alert.state is State.FIRING]
    if not firing:
        raise HistoryError(
            f"Nothing fires in the incident {incident_id!r}.",
            remedy="`obs incidents list --state firing` shows those in which something does.",
        )
    return firing
