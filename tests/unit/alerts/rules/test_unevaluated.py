import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts import State, evaluate_nights, evaluate_rules, list_alerts
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.history import NightRecord
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor import Monitor

FIRST = dt.date(2013, 7, 1)  # a Monday
BROKE = "all 9 rows broke the contract, and 5 % are tolerated"
SCORE = "score is not between 0 and 1: 9 rows, such as 7.5"


@pytest.fixture
def nights(store, monitor):
    """Runs nights: `.` was evaluated, `x` was refused, `0` had no rows, a blank did not run."""

    def nights(states, *, first=1, evaluate=evaluate_rules, **quality):
        plain = monitor().model_dump(by_alias=True)
        watched = Monitor.model_validate(plain | {"alerts": [], "quality": quality})
        for number, state in enumerate(states, start=first):
            day = FIRST + dt.timedelta(days=number - 1)
            reasons = {".": "", "x": f"{BROKE}\n{SCORE}", "0": "there is no log file"}
            now = dt.datetime(2013, 8, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number)
            if state in reasons:
                rows = 0 if state == "0" else 9
                store.record_night(
                    NightRecord("flight_delay", day, state == ".", reasons[state], rows, ("1",), "run", now)
                )
                evaluate(watched, store, as_of=day, now=now, run_id="run")

    return nights


@pytest.fixture
def told(store):
    def told():
        with store.reading() as connection:
            found = connection.execute(select(OUTBOX.c.notification).order_by(OUTBOX.c.id)).scalars()
            return [(each["event"], each["severity"], each["title"], each["body"]) for each in found]

    return told


def test_a_refused_first_day_is_told_without_any_rule(nights, told, store):
    nights("x")
    [(event, severity, title, body)] = told()
    assert (event, severity) == ("firing", "critical")
    assert title == f"[critical] flight_delay: 2013-07-01 was NOT EVALUATED: {BROKE}: {SCORE}"
    assert SCORE in body
    assert "obs run flight_delay --day 2013-07-01" in body
    assert "team:flights" in body
    [alert] = list_alerts(store)
    assert (alert.rule, alert.state, alert.since, alert.n) == (unevaluated.NAME, State.FIRING, FIRST, 9)


@pytest.mark.parametrize("state", ["x", "0"])
@pytest.mark.parametrize("evaluate", [evaluate_rules, evaluate_nights])
def test_it_is_told_once_and_ends_with_a_later_day(nights, told, store, state, evaluate):
    nights(f".{state}{state}{state}.", evaluate=evaluate)
    assert [event for event, *_ in told()] == ["firing", "resolved"]
    assert told()[1][2] == "[resolved] flight_delay: 2013-07-05 was evaluated, after 3 nights"
    [alert] = list_alerts(store)
    assert (alert.state, alert.nights, alert.resolved_day) == (State.RESOLVED, 3, dt.date(2013, 7, 5))


def test_it_ends_when_the_day_itself_is_evaluated(nights, told, store):
    nights(".x")
    nights(".", first=2)
    assert [event for event, *_ in told()] == ["firing", "resolved"]
    assert told()[1][2] == "[resolved] flight_delay: 2013-07-02 is evaluated now"
    assert list_alerts(store)[0].note == unevaluated.EVALUATED_LATER


def test_an_older_day_that_runs_again_does_not_end_it(nights, told, store):
    nights("..x")
    nights(".", first=2)
    assert [event for event, *_ in told()] == ["firing"]
    assert list_alerts(store)[0].state is State.FIRING


def test_running_again_changes_nothing(nights, told, store):
    nights("xx")
    before = list_alerts(store)
    nights("x", first=2)
    assert (list_alerts(store), len(told())) == (before, 1)


@pytest.mark.parametrize(
    ("expected", "states", "events"),
    [
        ("daily", ".....00", ["firing"]),
        ("weekdays", ".....00", []),
        ("weekdays", "....0", ["firing"]),
        ("weekdays", ".....xx", ["firing"]),
        ("never", "...0", []),
        ("never", "...x", ["firing"]),
        # a day without rows proves nothing about the refused one before it
        ("weekdays", "....x00", ["firing"]),
    ],
)
def test_a_day_without_rows_counts_where_rows_are_expected(nights, told, expected, states, events):
    nights(states, rows_expected=expected)
    assert [event for event, *_ in told()] == events


def test_of_several_days_the_reason_is_that_of_the_last(nights, told):
    nights("x0", evaluate=lambda *_, **__: None)
    nights("0", first=2)
    [(_, _, title, body)] = told()
    assert title == (
        "[critical] flight_delay: 2 days, 2013-07-01 to 2013-07-02, were NOT EVALUATED; 2013-07-02: "
        "there is no log file"
    )
    assert "obs backfill flight_delay --from 2013-07-01 --to 2013-07-02" in body
