"""Alerts and their outbox on both databases, and when several processes work at once."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from obs_dagster.alerts import State, deliver, evaluate_rules, firing_counts, list_alerts, undelivered
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.life import silences
from obs_dagster.alerts.life.acts import acknowledge, resolve
from obs_dagster.alerts.life.tell import settle
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERTS, OUTBOX
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Monitor, Route

FIRST = dt.date(2013, 7, 1)
NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
MONITOR = Monitor.model_validate(
    {
        "model": "m",
        "start": FIRST,
        "logs": {
            "source": "parquet",
            "path": "log/{day}.parquet",
            "columns": {"prediction_id": "id", "time": "time", "version": "version", "score": "score"},
        },
        "features": {"origin": {"type": "category"}},
        "segments": ["origin"],
        "baseline": {"kind": "training", "path": "train/{version}.parquet"},
        "alerts": [
            {
                "name": "recall_low",
                "metric": "recall",
                "below": 0.5,
                "segments": ["origin"],
                "summary": "NUL \0 and % in it.",
            }
        ],
    }
)
ROUTES = {"m": [Route(url="json://chat")]}


def put(store, night, value, subjects=20):
    on = FIRST + dt.timedelta(days=night - 1)
    records = [
        MetricRecord(
            "m",
            "1",
            f"origin=%{i}_",
            "",
            "recall",
            "recall/1",
            on,
            1,
            value,
            None,
            None,
            500,
            0.0,
            "",
            NOW,
            "r",
        )
        for i in range(subjects)
    ]
    store.replace_metrics(records, model="m", days=[on], metrics=["recall"])


def evaluate(store, night):
    as_of = FIRST + dt.timedelta(days=night - 1)
    return evaluate_rules(MONITOR, store, as_of=as_of, now=NOW, run_id="run")


def at_once(count, work):
    """Run the work in threads that start together, and give back what they returned."""
    barrier = threading.Barrier(count)
    results: list[object] = []

    def one():
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001  # shown by the assertions
            results.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_life_of_alerts(store: History):
    sent: list[str] = []

    def sender(_url, message, _thread):
        sent.append(message.event)
        return Taken()

    for night, value in enumerate([0.2, 0.2, 0.9], start=1):
        put(store, night, value)
        evaluate(store, night)
        assert evaluate(store, night).fired == ()
        deliver(store, ROUTES, environ={}, clock=lambda: NOW, sender=sender)
    assert {one.state for one in list_alerts(store)} == {State.RESOLVED}
    assert [one.segment for one in list_alerts(store)] == sorted(f"origin=%{i}_" for i in range(20))
    assert sent == ["firing"] * 20 + ["updated"] * 19 + ["resolved"]
    assert undelivered(store) == []


def test_evaluations_at_once_make_one_alert_and_one_notification_each(store_url: str):
    with History.open(store_url) as store:
        put(store, 1, 0.2)

    def work():
        with History.open(store_url) as mine:
            return len(evaluate(mine, 1).fired)

    assert sorted(at_once(3, work)) == [0, 0, 20]
    with History.open(store_url) as store:
        assert len(list_alerts(store)) == 20
        assert len(undelivered(store)) == 20


def test_people_and_evaluations_at_once_lose_nothing(store_url: str):
    """Most is acknowledged, a part silenced and the rest resolved by hand while nights are evaluated."""
    with History.open(store_url) as store:
        put(store, 1, 0.2)
        evaluate(store, 1)
        ids = [alert.id for alert in list_alerts(store)]
        put(store, 2, 0.2)
    about, end = {"segment": "origin=%1*"}, NOW + dt.timedelta(days=1)
    people = iter(["ann", "bob", "cy", "a night", "another"])

    def work():
        me = next(people)
        with History.open(store_url) as mine:
            if me == "ann":
                return [acknowledge(mine, each, by=me, comment="", now=NOW) for each in ids[:15]]
            if me == "bob":
                return [resolve(mine, each, by=me, reason="known", now=NOW) for each in ids[15:]]
            if me == "cy":
                silences.add(mine, about, author=me, comment="", ends_at=end, now=NOW)
                return settle(mine, NOW)
            return evaluate(mine, 2).fired

    assert [each for each in at_once(5, work) if isinstance(each, Exception)] == []
    with History.open(store_url) as store:
        evaluate(store, 2)
        found = {alert.id: alert for alert in list_alerts(store)}
        with store.reading() as connection:
            keys = list(connection.execute(select(OUTBOX.c.key)).scalars())
            count = firing_counts(connection, NOW)["m"]
        [incident] = list_incidents(store)
    assert (count.firing, count.acknowledged, count.incidents) == (15, 15, 1)
    assert (len(incident.alerts), incident.firing) == (20, 15)
    assert {found[each].acknowledged_by for each in ids[:15]} == {"ann"}
    assert {(found[each].state, found[each].lasts) for each in ids[15:]} == {(State.RESOLVED, True)}
    for alert in found.values():
        if alert.state is State.FIRING:
            assert alert.silenced(NOW) is alert.segment.startswith("origin=%1")
    assert len(keys) == len(set(keys))
    assert sum(":firing:" in key for key in keys) == 20


def test_deliverers_at_once_send_once(store_url: str):
    sent: list[str] = []

    def slow(_url, message, _thread):
        sent.append(message.key)
        time.sleep(0.01)
        return Taken()

    def work():
        with History.open(store_url) as mine:
            return deliver(mine, ROUTES, environ={}, sender=slow).delivered

    with History.open(store_url) as store:
        put(store, 1, 0.2)
        evaluate(store, 1)
        assert sum(at_once(3, work)) == 20
        assert len(sent) == len(set(sent)) == 20
        deliver(store, ROUTES, environ={}, sender=slow)
        assert (len(sent), undelivered(store)) == (20, [])


def test_the_database_itself_refuses_a_second_open_alert(store: History):
    put(store, 1, 0.2, subjects=1)
    evaluate(store, 1)
    with store.reading() as connection:
        row = dict(connection.execute(select(ALERTS)).mappings().one())
    with pytest.raises(IntegrityError), store.writing("m") as connection:
        connection.execute(insert(ALERTS).values({**row, "id": "other"}))
    assert len(list_alerts(store)) == 1


def test_an_evaluation_that_fails_leaves_neither_alert_nor_notification(store: History):
    put(store, 1, 0.2, subjects=3)
    with store.writing("m") as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")
        connection.exec_driver_sql("ALTER TABLE outbox DROP COLUMN severity")
    with pytest.raises(Exception, match="severity"):
        evaluate(store, 1)
    assert list_alerts(store) == []
    with store.reading() as connection:
        assert connection.execute(select(OUTBOX.c.id)).all() == []
