"""Which alerts are one incident.

An alert that begins to fire joins the oldest incident that nobody has closed, of the same model and kind,
of the same version or of all versions on either side, and with an alert in it that lasted at the same time,
or had ended a week before at most; else it opens one. A cause that moves one column this week and another
one the next is one cause, and a week without any alert is the end of it. Of kinds of their own are days that
were not evaluated, what is wrong with the schema, and what is wrong with the feed of labels: they have other
causes and other people to mend them. Once in an incident, an alert stays in it, also when it fires again,
unless somebody has closed it meanwhile.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection, insert, select

from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.history.alert_tables import ALERTS, INCIDENTS
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.whole import WHOLE

Kind = Literal["behaviour", "labels", "schema", "day"]
"""What an incident is about: how the model and its inputs behave, or what has causes of its own."""


QUIET = dt.timedelta(days=7)
"""So long after the end of its last alert an incident is joined by others."""


def kind_of(alert: Alert) -> Kind:
    """What an alert is about."""
    if alert.metric == unevaluated.NOT_EVALUATED:
        return "day"
    known = definitions().get(alert.metric)
    return "behaviour" if known is None else known.incident


def assign(connection: Connection, model: str, now: dt.datetime) -> None:
    """Put each alert that fires and is in no incident into one; the caller holds the model's lock."""
    firing = [
        alert
        for alert in alerts.read_unfinished(connection, model)
        if alert.state is State.FIRING and not alert.incident_id
    ]
    if not firing:
        return
    known = _open_incidents(connection, model)
    for alert in firing:
        found = next((id_ for id_, kind, members in known if _belongs(alert, kind, members)), None)
        if found is None:
            found = secrets.token_hex(5)
            row = {"id": found, "model": model, "version": alert.version, "kind": kind_of(alert)}
            row |= dict.fromkeys(("closed_by", "cause", "comment", "told_why"), "")
            connection.execute(insert(INCIDENTS).values(opened_at=now, **row))
            known.append((found, kind_of(alert), []))
        joined = replace(alert, incident_id=found)
        alerts.write(connection, alert, joined)
        next(members for id_, _, members in known if id_ == found).append(joined)


def closed_ids(connection: Connection, model: str) -> frozenset[str]:
    """The incidents of a model that somebody has closed."""
    query = select(INCIDENTS.c.id).where(INCIDENTS.c.model == model, INCIDENTS.c.closed_at.is_not(None))
    return frozenset(connection.execute(query).scalars())


def _open_incidents(connection: Connection, model: str) -> list[tuple[str, str, list[Alert]]]:
    """The incidents that nobody has closed, the oldest first, each with its kind and alerts."""
    query = (
        select(INCIDENTS.c.id, INCIDENTS.c.kind)
        .where(INCIDENTS.c.model == model, INCIDENTS.c.closed_at.is_(None))
        .order_by(INCIDENTS.c.opened_at, INCIDENTS.c.id)
    )
    found = [(row.id, row.kind, list[Alert]()) for row in connection.execute(query)]
    places = {id_: members for id_, _, members in found}
    for alert in alerts.read_of(connection, ALERTS.c.incident_id.in_(list(places))):
        places[alert.incident_id].append(alert)
    return found


def _belongs(alert: Alert, kind: str, members: list[Alert]) -> bool:
    """Whether an alert that fires belongs to an incident."""
    return kind == kind_of(alert) and any(
        (alert.version == other.version or WHOLE in {alert.version, other.version}) and _meet(alert, other)
        for other in members
    )


def _meet(alert: Alert, other: Alert) -> bool:
    """Whether an alert that lasts began before another one ended, or soon after."""
    return other.state is not State.RESOLVED or other.end + QUIET >= alert.since
