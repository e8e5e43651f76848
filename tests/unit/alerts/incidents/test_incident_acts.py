"""Acknowledging and silencing whole incidents."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts import State, list_alerts
from obs_dagster.alerts.incidents import acts
from obs_dagster.alerts.incidents.incident import close, list_incidents
from obs_dagster.alerts.life.tell import settle
from obs_dagster.errors import HistoryError
from obs_dagster.history.alert_tables import OUTBOX

NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
MOVED = {"name": "moved", "metric": "psi", "above": 0.2}


def hours(number):
    return NOW + dt.timedelta(hours=number)


@pytest.fixture
def titles(store):
    def titles():
        with store.reading() as connection:
            query = select(OUTBOX.c.notification).order_by(OUTBOX.c.id)
            return [each["title"] for each in connection.execute(query).scalars()]

    return titles


@pytest.fixture
def incident(store, write, evaluate):
    """One of three columns, and later a fourth."""
    for column in ("a", "b", "c"):
        write([0.9] * 6, metric="psi", column=column)
    write([0.0, 0.0, 0.9], metric="psi", column="d")
    evaluate(1, MOVED)
    [incident] = list_incidents(store)
    return incident


def test_an_incident_is_acknowledged_at_once_and_told_once(store, incident, evaluate, titles):
    acts.acknowledge(store, incident.id, by="ann", comment="on it", now=hours(1.5))
    assert {alert.acknowledged_by for alert in list_alerts(store)} == {"ann"}
    assert titles()[3:] == ["[acknowledged] flight_delay: ann looks after moved and 2 more"]
    acts.acknowledge(store, incident.id, by="bob", comment="", now=hours(1.6))
    assert len(titles()) == 4
    evaluate(3, MOVED)
    joined = [alert for alert in list_alerts(store) if alert.column == "d"]
    assert [(alert.incident_id, alert.acknowledged_at) for alert in joined] == [(incident.id, None)]
    assert len(titles()) == 5


def test_an_incident_is_silenced_with_what_joins_it(store, incident, evaluate, titles):
    acts.silence(store, incident.id, by="ann", comment="known", ends_at=hours(9), now=hours(1.5))
    evaluate(3, MOVED)
    assert all(alert.silenced(hours(3)) for alert in list_alerts(store))
    assert len(titles()) == 3
    assert settle(store, hours(9)) == 4


def test_there_has_to_be_something_to_act_on(store, incident, evaluate, write):
    with pytest.raises(HistoryError, match="no incident 'other'"):
        acts.acknowledge(store, "other", by="", comment="", now=NOW)
    for column in "abcd":
        write([0.0], metric="psi", column=column, first=7)
    evaluate(7, MOVED)
    assert {alert.state for alert in list_alerts(store)} == {State.RESOLVED}
    with pytest.raises(HistoryError, match="Nothing fires"):
        acts.acknowledge(store, incident.id, by="", comment="", now=NOW)
    close(store, incident.id, cause="fault", comment="", by="ann", now=hours(8))
    with pytest.raises(HistoryError, match="is closed"):
        acts.silence(store, incident.id, by="", comment="", ends_at=hours(99), now=hours(9))
