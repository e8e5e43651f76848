from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts import evaluate_rules, list_alerts
from obs_dagster.history import NightRecord
from obs_dagster.history.alert_tables import ALERTS, OUTBOX

VOLUME = {"name": "volume_low", "metric": "volume", "below": 10, "inhibits": ["recall_*"], "min_rows": 1}
RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5}


@pytest.fixture
def told(store):
    def told():
        """The rules and events that people heard of, in order."""
        query = select(ALERTS.c.rule, OUTBOX.c.key).join(OUTBOX, OUTBOX.c.alert_id == ALERTS.c.id)
        with store.reading() as connection:
            return [
                (rule, key.split(":")[1]) for rule, key in connection.execute(query.order_by(OUTBOX.c.id))
            ]

    return told


def of_rule(store, name):
    [alert] = [alert for alert in list_alerts(store) if alert.rule == name]
    return alert


def test_what_another_alert_explains_is_shown_but_not_told(store, write, evaluate, told, day):
    write([0.2, 0.9])
    write([5, 50], metric="volume")
    summary = evaluate(1, RECALL, VOLUME)
    assert of_rule(store, "recall_low").held_by == "volume_low"
    assert summary.rules[0].handled[0].handled == "held back by volume_low"
    assert summary.firing == 2
    evaluate(2, RECALL, VOLUME)
    assert told() == [("volume_low", "firing"), ("volume_low", "resolved")]


def test_what_lasts_longer_than_its_cause_is_told_then(store, write, evaluate, told):
    write([0.2, 0.2])
    write([5, 50], metric="volume")
    evaluate(1, RECALL, VOLUME)
    evaluate(2, RECALL, VOLUME)
    assert told() == [("volume_low", "firing"), ("volume_low", "resolved"), ("recall_low", "firing")]


def test_what_was_there_before_or_is_of_another_version_is_told(store, write, evaluate, told):
    write([0.2, 0.2])
    write([0.9, 0.2], version="2")
    write([50, 5], metric="volume", version="3")
    evaluate(1, RECALL, VOLUME)
    evaluate(2, RECALL, VOLUME)
    assert [rule for rule, _ in told()] == ["recall_low", "recall_low", "volume_low"]


def test_of_rules_that_inhibit_each_other_the_first_is_told(store, write, evaluate, told):
    write([0.2])
    write([5], metric="volume")
    evaluate(1, {**RECALL, "inhibits": ["*"]}, VOLUME)
    assert told() == [("recall_low", "firing")]


def test_a_day_that_was_not_evaluated_inhibits_what_began_with_it(store, write, monitor, told, day):
    write([5], metric="volume")
    at = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
    night = NightRecord(
        "flight_delay",
        day(1),
        evaluated=False,
        reason="broken",
        rows=5,
        versions=("1",),
        run_id="run",
        finished_at=at,
    )
    store.record_night(night)
    evaluate_rules(monitor(VOLUME), store, as_of=day(1), now=at, run_id="run")
    assert told() == [("day not evaluated", "firing")]
    assert of_rule(store, "volume_low").held_by == "day not evaluated"
