"""Which alerts are one incident, what is told of it, and what is learnt of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update

from obs_dagster.alerts import State, deliver, list_alerts
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.incidents.incident import close, find_incident, list_incidents
from obs_dagster.alerts.incidents.learn import learn
from obs_dagster.alerts.incidents.postmortem import post_mortem
from obs_dagster.alerts.incidents.story import story_of
from obs_dagster.alerts.life.acts import acknowledge, resolve
from obs_dagster.errors import HistoryError
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor import Route

NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
RECALL = {
    "name": "recall_low",
    "metric": "recall",
    "below": 0.5,
    "severity": "critical",
    "runbook": "docs/recall.md",
}
MOVED = {"name": "moved", "metric": "psi", "above": 0.2, "severity": "info"}
LABELS = {"name": "labels_missing", "metric": "label_coverage", "below": 0.5}
RULES = (RECALL, MOVED, LABELS)


@pytest.fixture
def messages(store):
    """What went to the outbox: of which alert's rule, what, in which thread, and how grave."""

    def messages():
        with store.reading() as connection:
            rows = connection.execute(select(OUTBOX.c.notification, OUTBOX.c.thread).order_by(OUTBOX.c.id))
            return [
                (each["details"]["rule"], each["event"], thread, each["severity"]) for each, thread in rows
            ]

    return messages


def one(store):
    [incident] = list_incidents(store)
    return incident


def test_alerts_of_one_version_at_the_same_time_are_one_incident_with_one_thread(
    store, write, evaluate, messages, day
):
    write([0.9, 0.2, 0.2, 0.9, 0.9])
    write([0.5, 0.5, 0.5, 0.5, 0.1], metric="psi", column="dep_delay")
    for night in range(1, 6):
        evaluate(night, *RULES)
    incident = one(store)
    assert [(rule, event, severity) for rule, event, _, severity in messages()] == [
        ("moved", "firing", "info"),
        ("recall_low", "firing", "critical"),
        ("recall_low", "updated", "critical"),
        ("moved", "resolved", "info"),
    ]
    assert {thread for *_, thread, _ in messages()} == {incident.id}
    assert (incident.rules, incident.state, incident.severity) == (
        ("moved", "recall_low"),
        "over",
        "critical",
    )
    assert (incident.since, incident.until, incident.kind) == (day(1), day(5), "behaviour")


def test_other_versions_other_causes_and_later_nights_are_other_incidents(store, write, evaluate):
    write([0.2, *[0.9] * 9, 0.2])
    write([0.2], version="2")
    write([0.1], metric="label_coverage")
    for night in range(1, 12):
        evaluate(night, *RULES)
    found = [(each.version, each.kind, each.rules) for each in list_incidents(store)]
    assert sorted(found) == [
        ("1", "behaviour", ("recall_low",)),
        ("1", "behaviour", ("recall_low",)),
        ("1", "labels", ("labels_missing",)),
        ("2", "behaviour", ("recall_low",)),
    ]


def test_what_comes_again_within_a_week_is_the_same_one(store, write, evaluate, messages):
    write([0.2, *[0.9] * 3, 0.2, *[0.9] * 6])
    write([0.5], metric="psi", column="dep_delay", first=11)
    for night in range(1, 12):
        evaluate(night, *RULES)
    assert one(store).rules == ("recall_low", "moved")
    assert [event for _, event, *_ in messages()] == ["firing", "resolved", "firing", "resolved", "firing"]


def test_one_goes_on_where_an_alert_begins_on_the_night_that_another_ends(store, write, evaluate, messages):
    write([0.2, 0.9, 0.9])
    write([0.1, 0.5, 0.1], metric="psi", column="dep_delay")
    for night in range(1, 4):
        evaluate(night, *RULES)
    assert [(rule, event) for rule, event, *_ in messages()] == [
        ("recall_low", "firing"),
        ("recall_low", "updated"),
        ("moved", "firing"),
        ("moved", "resolved"),
    ]
    assert one(store).firing == 0


def test_what_fires_again_stays_in_its_incident_until_that_is_closed(store, write, evaluate):
    write([0.2])
    evaluate(1, *RULES)
    incident = one(store)
    for value in (0.9, 0.2):
        write([value])
        evaluate(1, *RULES)
    assert one(store).id == incident.id
    close(store, incident.id, cause="false_alarm", comment="labels were late", by="ann", now=NOW)
    assert (one(store).state, one(store).firing) == ("closed", 1)
    write([0.2], first=2)
    evaluate(2, *RULES)
    assert one(store).state == "closed"
    for value in (0.9, 0.2):
        write([value, value])
        evaluate(2, *RULES)
    assert [each.state for each in list_incidents(store)] == ["firing", "closed"]
    with pytest.raises(HistoryError, match="no incident 'other'"):
        find_incident(store, "other")


def test_the_story_and_the_post_mortem(store, write, evaluate, day):
    write([0.9, 0.9, 0.2, 0.2])
    write([0.9, 0.2, 0.2, 0.2], segment="origin=JFK")
    write([100, 200, 300, 400], metric="volume")
    write([0.5], first=2, metric="psi", column="a|b`*")
    rules = ({**RECALL, "segments": ["*", "origin"], "for": 2}, MOVED)
    for night in range(1, 5):
        evaluate(night, *rules)
        deliver(
            store,
            {"flight_delay": [Route(url="json://chat")]},
            environ={},
            clock=lambda: NOW,
            sender=lambda *_: Taken(),
        )
    acknowledge(store, list_alerts(store, states=[State.FIRING])[0].id, by="ann", comment="on it", now=NOW)
    incident = one(store)
    story = story_of(store, incident, lambda alert: "all values times 60" if alert.column else "")
    assert (story.impact.days, story.impact.requests) == (3, 900)
    assert (story.impact.segments, story.impact.columns) == (("origin=JFK",), ("a|b`*",))
    assert story.detection is not None
    assert (story.detection.alert.rule, story.detection.nights) == ("moved", 0)
    assert (story.detection.told_at, story.detection.acknowledged_by) == (NOW, "ann")
    assert story.suspects == ["a|b`*: all values times 60"]
    assert story.runbooks == ("docs/recall.md",)
    close(store, incident.id, cause="upstream", comment="units changed", by="ann", now=NOW)
    text = post_mortem(story_of(store, one(store)))
    assert "# Incident " in text
    assert "| closed | upstream, by ann: units changed |" in text
    assert "3 days, 900 requests" in text
    assert "- columns: a\\|b\\`\\*" in text
    assert "- nothing that is known explains it" in text
    assert "The rules name docs/recall.md." in text
    assert "The rule moved, on the first night in breach" in text
    assert text.count("**") == 2 * 7


def test_what_fired_for_nothing_teaches_what_to_change(store, write, evaluate):
    nights = [0.9] * 40
    for first, length in ((0, 1), (10, 2), (21, 5)):
        nights[first : first + length] = [0.2] * length
    write(nights)
    write([0.5], metric="psi", column="dep_delay", first=40)
    for night in range(1, 41):
        evaluate(night, *RULES)
    last, *found = list_incidents(store)
    assert learn(store, [last, *found]) == []
    for incident, cause in zip(found, ("fault", "false_alarm", "expected"), strict=True):
        close(store, incident.id, cause=cause, comment="", by="ann", now=NOW)
    close(store, last.id, cause="false_alarm", comment="", by="ann", now=NOW)
    moved, recall = learn(store, list_incidents(store))
    assert (moved.rule, moved.incidents, moved.for_nothing, moved.proposal) == ("moved", 1, 1, "")
    assert (recall.rule, recall.causes) == ("recall_low", {"fault": 1, "false_alarm": 1, "expected": 1})
    assert recall.share == pytest.approx(2 / 3)
    assert recall.proposal.startswith("`for: 3`: what was for nothing lasted 2 nights at most")


def test_what_fired_in_a_thread_of_its_own_ends_in_it(store, write, evaluate, messages):
    write([0.2, 0.2, 0.9])
    write([0.1, 0.5, 0.5], metric="psi", column="dep_delay")
    evaluate(1, *RULES)
    [alert] = list_alerts(store)
    with store.writing("flight_delay") as connection:
        # as before there were incidents
        connection.execute(update(OUTBOX).values(thread=alert.id))
    evaluate(2, *RULES)
    evaluate(3, *RULES)
    assert messages()[-1][:3] == ("recall_low", "resolved", alert.id)


def test_a_farther_threshold_is_proposed_where_it_tells_real_faults_from_none(store, write, evaluate):
    quiet = [0.9] * 9
    write([(0.45, 0.4, 0.49), *quiet, (0.2, 0.1, 0.3), *quiet, 0.42, 0.9])
    for night in (1, 11, 21, 22):
        evaluate(night, RECALL)
    for incident, cause in zip(list_incidents(store), ("false_alarm", "fault", "false_alarm"), strict=True):
        close(store, incident.id, cause=cause, comment="", by="ann", now=NOW)
    [recall] = learn(store, list_incidents(store))
    assert recall.proposal.startswith("`below: 0.36`: what was real cleared it")


def test_what_fires_for_weeks_after_it_was_resolved_by_hand_stays_so(store, write, evaluate):
    write([0.2] * 160)
    evaluate(1, RECALL)
    [alert] = list_alerts(store)
    resolve(store, alert.id, by="ann", reason="known", now=NOW)
    evaluate(160, RECALL)
    [alert] = list_alerts(store)
    assert (alert.state, alert.lasts) == (State.RESOLVED, True)
