"""What people do about alerts, and that no evaluation undoes it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts import State, list_alerts
from obs_dagster.alerts.life import silences
from obs_dagster.alerts.life.acts import acknowledge, resolve
from obs_dagster.alerts.life.tell import settle
from obs_dagster.alerts.life.trail import trail_of
from obs_dagster.errors import HistoryError, ObsError
from obs_dagster.history.alert_tables import OUTBOX

NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5, "severity": "critical", "summary": "Look."}
GRAVER = {**RECALL, "severity": "warning", "escalate": [{"to": "critical", "after": 1}]}


def hours(number):
    """As the nights are evaluated: one an hour."""
    return NOW + dt.timedelta(hours=number)


@pytest.fixture
def notices(store):
    """The events in the outbox, in their order."""

    def notices():
        with store.reading() as connection:
            rows = connection.execute(select(OUTBOX.c.key).order_by(OUTBOX.c.id)).scalars()
            return [key.split(":", 1)[1] for key in rows]

    return notices


@pytest.fixture
def silence(store):
    """Silences everything of the model until some night."""

    def silence(first, last, **matchers):
        made = silences.add(
            store,
            matchers or {"model": "flight*"},
            author="ann",
            comment="moving house",
            ends_at=hours(last),
            now=hours(first),
        )
        settle(store, hours(first))
        return made

    return silence


def only(store):
    [alert] = list_alerts(store)
    return alert


def kinds(store):
    return [line.kind.value for line in trail_of(store, only(store).id)]


def test_an_acknowledgement_is_told_once_and_lasts_until_the_alert_is_over(store, write, evaluate, notices):
    write([0.2, 0.2, 0.2, 0.9, 0.2])
    evaluate(1)
    for by in ("ann", "bob"):
        acknowledge(store, only(store).id, by=by, comment="on it", now=hours(1.5))
    evaluate(2)
    evaluate(3)
    assert only(store).acknowledged_by == "ann"
    assert only(store).handled(hours(3)) == "acknowledged 2013-08-01 01:30 UTC by ann"
    evaluate(4)
    assert only(store).handled(hours(4)) == ""
    assert notices() == ["firing:1", "acknowledged:1", "resolved:1"]
    assert kinds(store) == ["firing", "acknowledged", "acknowledged", "resolved"]
    evaluate(5)
    assert [alert.acknowledged_at for alert in list_alerts(store, states=[State.FIRING])] == [None]


def test_what_was_acknowledged_is_not_escalated(store, write, evaluate, notices):
    write([0.2, 0.2])
    evaluate(1, GRAVER)
    acknowledge(store, only(store).id, by="ann", comment="", now=hours(1.5))
    evaluate(2, GRAVER)
    assert only(store).severity == "critical"
    assert notices() == ["firing:1", "acknowledged:1"]


def test_an_acknowledged_alert_that_late_labels_end_and_begin_again_is_news(store, write, evaluate, notices):
    write([0.2])
    evaluate(1)
    acknowledge(store, only(store).id, by="ann", comment="", now=hours(1.5))
    write([0.9])
    evaluate(1)
    write([0.2])
    evaluate(1)
    assert only(store).acknowledged_at is None
    assert notices() == ["firing:1", "acknowledged:1", "resolved:1", "firing:2"]


def test_a_silenced_alert_is_told_of_when_the_silence_ends_once(store, write, evaluate, notices, silence):
    write([0.2] * 6)
    silence(0, 4)
    evaluate(1)
    evaluate(3)
    told = "silenced until 2013-08-01 04:00 UTC by ann (moving house)"
    assert only(store).handled(hours(3)) == told
    assert [one.handled for one in evaluate(3).rules[0].handled] == [told]
    assert notices() == []
    assert settle(store, hours(3.9)) == 0
    assert (settle(store, hours(4)), settle(store, hours(4.1)), notices()) == (1, 0, ["firing:1"])
    evaluate(5)
    assert notices() == ["firing:1"]
    assert kinds(store) == ["firing", "silenced", "unsilenced"]


def test_who_knew_of_it_is_told_again_after_a_silence_or_that_it_is_over(
    store, write, evaluate, notices, silence
):
    write([0.2] * 5)
    evaluate(1)
    made = silence(1.5, 9)
    evaluate(2)
    silences.withdraw(store, made.id, by="bob", now=hours(2.5))
    assert (settle(store, hours(2.5)), notices()) == (1, ["firing:1", "firing:2"])
    silence(2.6, 9)
    write([0.9], first=6)
    evaluate(6)
    assert (only(store).state, notices()) == (State.RESOLVED, ["firing:1", "firing:2"])
    evaluate(9)
    assert notices() == ["firing:1", "firing:2", "resolved:2"]


def test_what_is_over_before_its_silence_ends_was_never_there(store, write, evaluate, notices, silence):
    write([0.2, 0.9])
    silence(0, 5)
    evaluate(1)
    evaluate(2)
    assert settle(store, hours(6)) == 0
    assert (only(store).state, only(store).silenced_until, notices()) == (State.RESOLVED, None, [])


def test_two_silences_the_later_end_counts(store, write, evaluate, notices, silence):
    write([0.2])
    silence(0, 3)
    other = silence(0, 8, rule="recall_*", version="?")
    silence(0, 99, column="origin")
    evaluate(1)
    assert only(store).silenced_until == hours(8)
    silences.withdraw(store, other.id, by="bob", now=hours(2))
    settle(store, hours(2))
    assert (only(store).silenced_until, notices()) == (hours(3), [])
    assert [one.id == other.id for one in silences.list_silences(store)].count(True) == 1
    assert len(silences.list_silences(store, hours(2))) == 2


def test_a_silence_finds_rules_by_their_labels(store, write, evaluate, silence):
    write([0.2])
    silence(0, 3, **{"label.team": "fraud"})
    evaluate(1, {**RECALL, "labels": {"team": "risk"}})
    assert not only(store).silenced(hours(1))
    silence(1, 3, **{"label.team": "ri*"})
    assert only(store).silenced(hours(1))


def test_what_is_acknowledged_under_a_silence_is_not_told_when_it_ends(
    store, write, evaluate, notices, silence
):
    write([0.2])
    silence(0, 3)
    evaluate(1)
    acknowledge(store, only(store).id, by="ann", comment="", now=hours(2))
    assert (settle(store, hours(4)), notices()) == (0, [])


def test_an_alert_resolved_by_hand_stays_so_until_a_breach_after_a_good_night(
    store, write, evaluate, notices, day
):
    write([0.2, 0.2, 0.2, 0.9, 0.2])
    evaluate(1)
    resolve(store, only(store).id, by="ann", reason="planned", now=hours(1.5))
    assert notices() == ["firing:1", "resolved:1"]
    status = evaluate(3).rules[0]
    assert (only(store).state, only(store).resolved_day, only(store).lasts) == (State.RESOLVED, day(1), True)
    assert (status.status, status.worst.handled) == ("closed", "resolved by hand by ann, still in breach")
    evaluate(4)
    assert (only(store).lasts, only(store).note) == (False, "Resolved by ann: planned")
    evaluate(5)
    assert notices()[2:] == ["firing:1"]
    assert len(list_alerts(store)) == 2


def test_late_labels_that_move_an_episode_take_the_resolution_with_it(store, write, evaluate, notices):
    write([0.2] * 5)
    evaluate(5)
    resolve(store, only(store).id, by="ann", reason="planned", now=hours(5.5))
    # what was one streak is two: the later one is what had been resolved
    write([0.9], first=2)
    evaluate(5)
    write([0.2], first=6)
    evaluate(6)
    assert {alert.state for alert in list_alerts(store)} == {State.RESOLVED}
    assert notices() == ["firing:1", "resolved:1"]


def test_only_what_fires_can_be_looked_after(store, write, evaluate):
    write([0.2])
    evaluate(1, {**RECALL, "for": 2})
    for act in (acknowledge, resolve):
        why = {"comment": ""} if act is acknowledge else {"reason": ""}
        with pytest.raises(HistoryError, match="is pending"):
            act(store, only(store).id, by="ann", now=NOW, **why)
        with pytest.raises(HistoryError, match="no alert 'other'"):
            act(store, "other", by="ann", now=NOW, **why)
    with pytest.raises(ObsError, match="has to name"):
        silences.add(store, {"colour": "red"}, author="", comment="", ends_at=hours(1), now=NOW)
    with pytest.raises(ObsError, match="ended already"):
        silences.add(store, {"rule": "*"}, author="", comment="", ends_at=NOW, now=NOW)
    with pytest.raises(HistoryError, match="no silence"):
        silences.withdraw(store, "other", by="", now=NOW)
