from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts import State, Subject, evaluate_rules, find_alert, list_alerts
from obs_dagster.alerts.evaluate import RULE_REMOVED, UNWATCHED
from obs_dagster.alerts.rules.fold import GONE
from obs_dagster.alerts.rules.transition import UNDONE
from obs_dagster.errors import HistoryError
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor import Labels

RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5, "severity": "critical", "summary": "Look."}
TWO_NIGHTS = {**RECALL, "for": 2}
LABELS = {"prediction_id": "id", "label": "late"}
ALL = Subject("1", "*", "")


@pytest.fixture
def notices(store):
    """The events in the outbox, in their order."""

    def notices():
        with store.reading() as connection:
            rows = connection.execute(select(OUTBOX.c.key).order_by(OUTBOX.c.id)).scalars()
            return [key.split(":", 1)[1] for key in rows]

    return notices


def only(store):
    [alert] = list_alerts(store)
    return alert


def test_an_alert_goes_from_pending_to_firing_to_resolved_and_people_hear_twice(
    store, write, evaluate, notices, day
):
    write([0.9, (0.2, 0.1, 0.3)])
    assert evaluate(2, TWO_NIGHTS).rules[0].status == "pending"
    pending = only(store)
    assert (pending.state, pending.since, pending.fired_day, notices()) == (State.PENDING, day(2), None, [])

    write([(0.3, 0.2, 0.4)], first=3)
    summary = evaluate(3, TWO_NIGHTS)
    firing = only(store)
    assert firing.id == pending.id
    assert (firing.state, firing.since, firing.fired_day, firing.last_day) == (
        State.FIRING,
        day(2),
        day(3),
        day(3),
    )
    assert (firing.value, firing.low, firing.high, firing.n, firing.nights) == (0.3, 0.2, 0.4, 1_000, 2)
    assert (firing.direction, firing.threshold, firing.owner) == ("below", 0.5, "team:flights")
    assert (summary.fired, summary.firing, notices()) == ((firing.id,), 1, ["firing:1"])

    write([0.8], first=4)
    summary = evaluate(4, TWO_NIGHTS)
    over = find_alert(store, firing.id)
    assert (over.state, over.resolved_day, over.value, over.nights) == (State.RESOLVED, day(4), 0.8, 2)
    assert (summary.resolved, notices()) == ((firing.id,), ["firing:1", "resolved:1"])


def test_one_alert_per_episode_not_per_night(store, write, evaluate, notices):
    write([0.2] * 5)
    for night in range(1, 6):
        evaluate(night)
    assert only(store).nights == 5
    assert notices() == ["firing:1"]


def test_evaluating_twice_changes_nothing(store, write, evaluate, notices):
    write([0.2, 0.8, 0.2, 0.2])
    evaluate(4)
    before = list_alerts(store)
    again = evaluate(4)
    assert list_alerts(store) == before
    assert (again.fired, again.resolved, notices()) == ((), (), ["firing:1"])


def test_what_was_over_before_anybody_looked_is_stored_in_silence(store, write, evaluate, notices, day):
    write([0.2, 0.9, 0.2, 0.9])
    assert evaluate(4).fired == ()
    assert [(one.state, one.since, one.resolved_day) for one in list_alerts(store)] == [
        (State.RESOLVED, day(3), day(4)),
        (State.RESOLVED, day(1), day(2)),
    ]
    assert notices() == []


def test_a_streak_that_ends_before_it_fires_leaves_nothing(store, write, evaluate, notices):
    write([0.2])
    evaluate(1, TWO_NIGHTS)
    write([0.8], first=2)
    evaluate(2, TWO_NIGHTS)
    assert (list_alerts(store), notices()) == ([], [])


def test_each_subject_has_its_own_alert(store, write, evaluate):
    rule = {
        "name": "drift",
        "metric": "psi",
        "above": 0.1,
        "segments": ["*", "origin"],
        "columns": ["distance", "dep_delay"],
        "versions": ["1", "2"],
        "window": 7,
    }
    write([0.2], metric="psi", column="distance", window=7)
    write([0.3], metric="psi", column="dep_delay", window=7)
    write([0.4], metric="psi", column="distance", window=7, version="2", segment="origin=JFK")
    write([0.05], metric="psi", column="distance", window=7, segment="origin=LGA")
    # None of these is watched.
    write([0.9], metric="psi", column="distance", window=1)
    write([0.9], metric="psi", column="other", window=7)
    write([0.9], metric="psi", column="distance", window=7, version="3")
    write([0.9], metric="psi", column="distance", window=7, segment="origin=JFK,carrier=AA")
    write([0.9], metric="psi", column="distance", window=7, segment="originals=JFK")

    [summary] = evaluate(1, rule).rules

    firing = (Subject("1", "*", "dep_delay"), Subject("1", "*", "distance"))
    jfk = Subject("2", "origin=JFK", "distance")
    assert summary.subjects == {
        "firing": (*firing, jfk),
        "pending": (),
        "closed": (),
        "ok": (Subject("1", "origin=LGA", "distance"),),
        "unknown": (),
    }
    assert {one.subject for one in list_alerts(store)} == {*firing, jfk}
    assert summary.worst is not None
    assert (summary.worst.subject, summary.worst.night.value) == (jfk, 0.4)


def test_crossings_and_single_cells_can_be_watched(store, write, evaluate):
    crossing = {**RECALL, "segments": ["origin,carrier"]}
    cell = {**RECALL, "name": "jfk", "segments": ["origin=JFK"]}
    for segment in ("*", "origin=JFK", "origin=LGA", "origin=JFK,carrier=A%2CB", "origin=%25,dest=x"):
        write([0.2], segment=segment)
    evaluate(1, crossing, cell)
    assert {(one.rule, one.segment) for one in list_alerts(store)} == {
        ("recall_low", "origin=JFK,carrier=A%2CB"),
        ("jfk", "origin=JFK"),
    }


def test_late_labels_that_move_the_beginning_keep_the_alert_and_are_silent(
    store, write, evaluate, notices, day
):
    write([0.9, 0.9, 0.2, 0.2])
    evaluate(4)
    first = only(store)
    write([0.2], first=2)
    evaluate(4)
    assert (only(store).id, only(store).since) == (first.id, day(2))
    write([0.9, 0.9, 0.2], first=2)
    evaluate(4)
    assert (only(store).id, only(store).since) == (first.id, day(4))
    # A beginning that shares no night with what was stored.
    write([0.9, 0.2], first=4)
    evaluate(5)
    assert (only(store).id, only(store).since, notices()) == (first.id, day(5), ["firing:1"])


def test_late_labels_that_split_an_episode_leave_its_open_end_to_the_alert(
    store, write, evaluate, notices, day
):
    write([0.2] * 5)
    evaluate(5)
    first = only(store)
    write([0.9], first=3)
    evaluate(5)
    newer, older = list_alerts(store)
    assert (newer.id, newer.since, newer.state) == (first.id, day(4), State.FIRING)
    assert (older.since, older.resolved_day) == (day(1), day(3))
    assert notices() == ["firing:1"]


def test_late_labels_that_join_two_episodes_go_on_with_the_open_alert(store, write, evaluate, notices, day):
    write([0.2, 0.9, 0.2])
    for night in (1, 2, 3):
        evaluate(night)
    newer, older = list_alerts(store)
    write([0.2], first=2)
    evaluate(3)
    assert {(one.id, one.state, one.since) for one in list_alerts(store)} == {
        (older.id, State.RESOLVED, day(1)),
        (newer.id, State.FIRING, day(1)),
    }
    assert notices() == ["firing:1", "resolved:1", "firing:1"]


def test_nights_that_were_missed_resolve_the_old_alert_and_open_a_new_one(store, write, evaluate, notices):
    write([0.2, 0.2])
    evaluate(2)
    first = only(store)
    write([0.9, 0.9, 0.2], first=3)
    summary = evaluate(5)
    newer, older = list_alerts(store)
    assert (older.id, older.state, newer.state) == (first.id, State.RESOLVED, State.FIRING)
    assert (summary.fired, summary.resolved) == ((newer.id,), (older.id,))
    assert sorted(notices()) == ["firing:1", "firing:1", "resolved:1"]


def test_late_labels_that_undo_a_breach_end_the_alert_and_say_why(store, write, evaluate, notices):
    write([0.9, 0.2])
    evaluate(2)
    write([0.9], first=2)
    evaluate(2)
    assert (only(store).state, only(store).note) == (State.RESOLVED, UNDONE)
    assert notices() == ["firing:1", "resolved:1"]
    evaluate(2)
    assert notices() == ["firing:1", "resolved:1"]


def test_late_labels_that_undo_the_good_night_open_the_alert_again_and_say_so(
    store, write, evaluate, notices
):
    write([0.2, 0.9])
    evaluate(1)
    evaluate(2)
    assert notices() == ["firing:1", "resolved:1"]
    write([0.3], first=2)
    evaluate(2)
    assert (only(store).state, only(store).firings) == (State.FIRING, 2)
    assert notices() == ["firing:1", "resolved:1", "firing:2"]


def test_a_firing_alert_that_late_labels_make_pending_is_not_announced_twice(store, write, evaluate, notices):
    write([0.2, 0.2])
    evaluate(2, TWO_NIGHTS)
    write([0.9], first=1)
    evaluate(2, TWO_NIGHTS)
    assert only(store).state is State.PENDING
    write([0.2], first=3)
    evaluate(3, TWO_NIGHTS)
    assert only(store).state is State.FIRING
    assert notices() == ["firing:1"]
    write([0.9, 0.2, 0.9], first=2)
    evaluate(4, TWO_NIGHTS)
    assert (only(store).state, notices()) == (State.RESOLVED, ["firing:1", "resolved:1"])


def test_nights_without_data_hold_the_alert_and_after_a_week_it_says_so(store, write, evaluate, notices):
    write([0.2, *[None] * 7])
    assert evaluate(7).rules[0].status == "firing"
    assert only(store).note == ""
    evaluate(8)
    assert (only(store).state, only(store).note) == (State.FIRING, "It could not be judged for 7 days.")
    assert notices() == ["firing:1"]


def test_a_version_that_is_switched_off_takes_its_alert_with_it(store, write, evaluate, notices):
    write([0.2])
    evaluate(1)
    write([0.9] * 30, version="2")
    assert evaluate(28).rules[0].subjects["firing"] == (ALL,)
    assert evaluate(29).rules[0].subjects["firing"] == ()
    assert (only(store).state, only(store).note) == (State.RESOLVED, GONE)
    evaluate(30)
    assert notices() == ["firing:1", "resolved:1"]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"name": "other"}, RULE_REMOVED),
        ({"versions": ["2"]}, UNWATCHED),
        ({"segments": ["origin"]}, UNWATCHED),
    ],
)
def test_what_is_no_longer_watched_is_over(store, write, evaluate, *, change, note):
    write([0.2])
    write([0.9], version="2")
    evaluate(1)
    resolved = evaluate(1, {**RECALL, **change}).resolved
    old = next(one for one in list_alerts(store) if one.rule == "recall_low")
    assert (old.state, old.note, resolved) == (State.RESOLVED, note, (old.id,))
    assert evaluate(1, {**RECALL, **change}).resolved == ()


def test_metrics_that_are_gone_end_the_alert(store, write, evaluate, day):
    write([0.2])
    evaluate(1)
    store.replace_metrics([], model="flight_delay", days=[day(1)], metrics=["recall"])
    evaluate(1)
    assert (only(store).state, only(store).note) == (State.RESOLVED, UNDONE)


def test_a_long_alert_keeps_its_beginning(store, write, evaluate, notices, day):
    write([0.2] * 135)
    evaluate(100)
    evaluate(135)
    assert (only(store).since, only(store).nights, notices()) == (day(1), 135, ["firing:1"])
    write([0.9, 0.9], first=136)
    evaluate(136)
    assert (only(store).since, only(store).resolved_day) == (day(1), day(136))
    evaluate(137)
    assert only(store).resolved_day == day(136)
    assert notices() == ["firing:1", "resolved:1"]


def test_an_old_night_that_runs_again_does_not_set_alerts_back(store, write, evaluate, monitor, day):
    write([0.9, 0.9, 0.2])
    evaluate(3)
    before = list_alerts(store)
    now = dt.datetime(2013, 9, 1, tzinfo=dt.UTC)
    summary = evaluate_rules(monitor(), store, as_of=day(1), now=now, run_id="again")
    assert (summary.as_of, list_alerts(store)) == (day(3), before)


def test_a_subject_that_cannot_be_judged_is_unknown_not_ok(write, evaluate):
    write([0.9, None])
    write([0.9, 0.9], version="2", n=50)
    [summary] = evaluate(2).rules
    assert summary.status == "unknown"
    assert summary.subjects["unknown"] == (ALL, Subject("2", "*", ""))
    assert summary.worst is not None
    assert summary.worst.night.value == 0.9


def test_a_rule_without_any_record_is_unknown(evaluate):
    [summary] = evaluate(1).rules
    assert (summary.status, summary.worst) == ("unknown", None)
    assert all(subjects == () for subjects in summary.subjects.values())


def test_the_subject_furthest_beyond_the_threshold_is_the_worst(write, evaluate):
    write([0.4])
    write([0.1], version="2")
    write([0.9], version="3")
    [summary] = evaluate(1).rules
    assert summary.worst is not None
    assert summary.worst.subject.version == "2"


def test_alerts_are_listed_by_model_and_state(store, write, evaluate):
    write([0.2, 0.9])
    write([0.2, 0.2], version="2")
    evaluate(2)
    assert [one.version for one in list_alerts(store, "flight_delay", [State.FIRING])] == ["2"]
    assert [one.version for one in list_alerts(store, states=["resolved"])] == ["1"]
    assert list_alerts(store, "other") == []


def test_an_unknown_alert_is_an_error(store):
    with pytest.raises(HistoryError, match=r"no alert 'abc'.*obs alerts list"):
        find_alert(store, "abc")


def test_a_hostile_segment_has_an_alert_like_any_other(store, write, evaluate):
    hostile = "origin='; DROP TABLE alerts; --\n<!channel>"
    write([0.2], segment=hostile)
    evaluate(1, {**RECALL, "segments": ["origin"]})
    assert only(store).segment == hostile


def test_a_part_of_the_baselines_value_is_read_from_the_records_of_the_baseline(store, write, evaluate):
    relative = {**RECALL, "below": "80 % of baseline"}
    write([(0.30, 0.29, 0.31)])
    assert evaluate(1, relative).rules[0].status == "unknown"
    write([(0.45, 0.44, 0.46)], window=0)
    summary = evaluate(1, relative)
    alert = only(store)
    assert (summary.rules[0].status, alert.state) == ("firing", State.FIRING)
    assert alert.threshold == pytest.approx(0.36)
    assert "80 % of the baseline" in alert.note


def test_a_rule_watches_some_classes(store, write, evaluate):
    for column in ("late", "on time"):
        write([0.2], column=column)
    evaluate(1, {**RECALL, "classes": ["late"]})
    assert only(store).column == "late"


def test_a_rule_that_waits_for_labels_does_not_judge_days_that_may_still_change(store, write, monitor, day):
    waiting = monitor({**RECALL, "settled": True}).model_copy(
        update={"labels": Labels(source="parquet", path="l", columns=LABELS, max_delay_days=2)}
    )

    def evaluate(last):
        now = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
        return evaluate_rules(waiting, store, as_of=day(last), now=now, run_id="run").rules[0]

    write([0.9, 0.2, 0.1, 0.1])
    assert evaluate(3).status == "ok"
    judged = evaluate(4)
    assert judged.status == "firing"
    assert judged.worst.night.day == day(2)
    assert (only(store).last_day, only(store).note) == (day(2), "")

    write([0.9], first=2)
    assert evaluate(4).status == "ok"
    assert only(store).note == UNDONE


def test_what_a_night_is_held_against_is_known_from_nights_that_are_not_judged_any_more(
    store, write, evaluate
):
    """The days that are read begin with the oldest open alert; what is usual on it is older."""
    rule = {"name": "lost", "metric": "volume", "below": "50 % of usual", "min_rows": 1}
    write([1_000.0] * 21 + [5.0] * 3, metric="volume")
    evaluate(22, rule)
    before = only(store)
    evaluate(24, rule)
    assert (only(store).id, only(store).since, only(store).nights) == (before.id, before.since, 3)


def test_people_hear_again_when_it_has_become_graver(store, write, evaluate, notices):
    rule = {**RECALL, "severity": "warning", "escalate": [{"to": "critical", "after": 2}]}
    write([0.2] * 4)
    for number in (1, 2, 3, 3, 4):
        evaluate(number, rule)
    alert = only(store)
    assert (alert.severity, alert.firings, notices()) == ("critical", 2, ["firing:1", "firing:2"])
    with store.reading() as connection:
        graver = connection.execute(select(OUTBOX.c.severity).order_by(OUTBOX.c.id)).scalars().all()
    assert graver == ["warning", "critical"]


def test_an_alert_has_its_rules_labels_and_runbook(store, write, evaluate):
    write([0.2])
    evaluate(1, {**RECALL, "labels": {"team": "flights"}, "runbook": "https://wiki.example/recall"})
    assert (only(store).labels, only(store).runbook) == ({"team": "flights"}, "https://wiki.example/recall")
    with store.reading() as connection:
        [told] = connection.execute(select(OUTBOX.c.notification)).scalars()
    assert "https://wiki.example/recall" in told["body"]


def test_an_alert_of_several_conditions_shows_the_one_that_is_in_breach(store, write, evaluate):
    rule = {
        "name": "either",
        "any": [{"metric": "recall", "below": 0.5}, {"metric": "volume", "below": 100, "min_rows": 1}],
    }
    write([0.9])
    write([20.0], metric="volume", n=20)
    evaluate(1, rule)
    alert = only(store)
    assert (alert.metric, alert.value, alert.direction, alert.threshold) == ("volume", 20.0, "below", 100.0)


def test_all_conditions_are_told(store, write, evaluate):
    moved = {"metric": "psi", "above": 0.25, "columns": ["dep_delay"]}
    write([0.2])
    write([0.4], metric="psi", column="dep_delay")
    evaluate(1, {"name": "both", "all": [{"metric": "recall", "below": 0.5}, moved]})
    assert only(store).note == "And psi of dep_delay 0.4 is above 0.25."
