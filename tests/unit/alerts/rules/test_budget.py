"""Evidence of nights against a budget of false alarms, as a rule holds it."""

import datetime as dt

import numpy as np

from obs_dagster.alerts import Subject
from obs_dagster.alerts.rules.alert import read_since
from obs_dagster.alerts.rules.budget import EVIDENCE_DAYS
from obs_dagster.alerts.rules.fold import fold
from obs_dagster.alerts.rules.held import reach
from obs_dagster.alerts.rules.judging import judge, threshold
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import series_of
from obs_dagster.evidence.detector import ALONE
from obs_dagster.monitor import Rule

FIRST = dt.date(2013, 7, 1)
RULE = Rule.model_validate({"name": "moved", "metric": "drift_evidence", "above": "budget"})
MOVED = {"name": "moved", "metric": "drift_evidence", "above": "budget", "columns": ["origin", "dep_delay"]}
QUIET, NEWS = -0.25, 1.2


def judged(columns, rule=RULE):
    """What a rule makes of the evidence of columns, night by night."""
    nights = {
        Subject("1", "*", name): [
            Observation(
                FIRST + dt.timedelta(days=n), value, None, None, 1_000, "" if value is not None else "?"
            )
            for n, value in enumerate(values)
        ]
        for name, values in columns.items()
    }
    return {
        subject.column: found for subject, found in series_of(rule, {("drift_evidence", 1): nights}).items()
    }


def test_nights_add_up_to_an_alarm_that_ends_when_they_are_quiet_again():
    columns = {"a": [QUIET] * 5 + [NEWS] * 4 + [QUIET] * 10, "b": [QUIET] * 19}
    found = judged(columns)
    [episode] = fold(RULE, found["a"], FIRST + dt.timedelta(days=18))
    assert episode.fired_day == FIRST + dt.timedelta(days=7)
    assert episode.resolved_day == FIRST + dt.timedelta(days=13)
    assert {judge(RULE, night) for night in found["b"]} == {Verdict.OK}


def test_an_alarm_says_how_much_evidence_against_what_and_since_when():
    night = judged({"a": [QUIET] * 5 + [NEWS] * 3, "b": [QUIET] * 8})["a"][-1]
    # what is not for single nights is for those that add up, of two columns
    assert threshold(RULE, night) == round(np.log10(365 * 2 / (1 - ALONE)), 2)
    assert night.value > threshold(RULE, night)
    assert night.beside == (
        "The evidence is 9,080 to 1 against no more than days differ anyway, of 3 nights since 2013-07-06; "
        "the budget takes 834 to 1, of 2 columns."
    )


def test_an_alarm_of_one_night_says_that_one_was_enough():
    night = judged({"a": [QUIET] * 5 + [2.2], "b": [QUIET] * 6})["a"][-1]
    assert judge(RULE, night) is Verdict.BREACH
    assert night.value > threshold(RULE, night)
    assert night.beside == (
        "The evidence is 351 to 1 against no more than days differ anyway, of 1 night since 2013-07-06; "
        "the budget takes 71 to 1 of a single night, of 2 columns."
    )


def test_nights_without_evidence_change_nothing():
    values = [NEWS, NEWS, None, NEWS, NEWS]
    found = judged({"a": values})["a"]
    assert judge(RULE, found[2]) is Verdict.UNKNOWN
    known = judged({"a": [each for each in values if each is not None]})["a"]
    assert [night.value for night in found if night.value is not None] == [night.value for night in known]


def test_a_budget_of_its_own():
    monthly = RULE.model_copy(update={"above": "budget of 1 per month"})
    strict, loose = (judge(rule, judged({"a": [NEWS] * 2}, rule)["a"][1]) for rule in (RULE, monthly))
    assert (strict, loose) == (Verdict.OK, Verdict.BREACH)
    assert reach(monthly) == EVIDENCE_DAYS


def test_conditions_may_ask_for_evidence_beside_a_size():
    rule = Rule.model_validate(
        {
            "name": "moved",
            "all": [{"metric": "psi", "above": 0.2}, {"metric": "drift_evidence", "above": "budget"}],
        }
    )
    subject = Subject("1", "*", "a")
    days = [FIRST + dt.timedelta(days=n) for n in range(4)]
    nights = {
        ("psi", 1): {subject: [Observation(day, 0.5, 0.4, 0.6, 1_000) for day in days]},
        ("drift_evidence", 1): {subject: [Observation(day, NEWS, None, None, 1_000) for day in days]},
    }
    verdicts = [judge(rule, night) for night in series_of(rule, nights)[subject]]
    assert verdicts == [Verdict.OK, Verdict.OK, Verdict.BREACH, Verdict.BREACH]


def test_an_alert_tells_how_sure_it_is_and_days_that_come_late_take_it_back(write, evaluate, store):
    write([QUIET] * 3 + [NEWS] * 4, column="dep_delay", metric="drift_evidence")
    write([QUIET] * 7, column="origin", metric="drift_evidence")
    assert evaluate(7, MOVED).rules[0].subjects["firing"] == (Subject("1", "*", "dep_delay"),)
    with store.reading() as connection:
        [alert] = read_since(connection, "flight_delay", FIRST)
    assert alert.note.startswith("The threshold is a budget of 1 false alarm a year. The evidence is ")
    assert "since 2013-07-04" in alert.note
    write([QUIET] * 4, first=4, column="dep_delay", metric="drift_evidence")
    assert evaluate(7, MOVED).rules[0].status == "ok"


def test_an_alert_about_a_size_tells_how_likely_days_are_to_differ_so(write, evaluate, store):
    about = {"column": "dep_delay", "n": 1_000}
    write([(0.5, 0.4, 0.6)] * 2, metric="psi", **about)
    write([0.2, 2e-7], metric="drift_p_value", **about)
    write([40.0, 40.0], metric="design_effect", **about)
    size = {"name": "size", "metric": "psi", "above": 0.2}

    def note(nights):
        evaluate(nights, size)
        with store.reading() as connection:
            return [alert.note for alert in read_since(connection, "flight_delay", FIRST)]

    assert note(1) == ["Days differ so anyway with p 0.2."]
    assert note(2) == ["Days differ so anyway with p below 0.000001."]
    # of which too few are known say nothing
    write([None], first=3, metric="design_effect", **about)
    write([0.2], first=3, metric="drift_p_value", **about)
    write([(0.5, 0.4, 0.6)], first=3, metric="psi", **about)
    assert note(3) == [""]


def test_a_size_that_days_have_anyway_is_no_breach_of_a_rule_that_asks_for_more(write, evaluate):
    about = {"column": "dep_delay", "n": 1_000}
    write([(0.5, 0.4, 0.6)] * 2, metric="psi", **about)
    write([0.2, 0.01], metric="drift_p_value", **about)
    write([40.0, 40.0], metric="design_effect", **about)
    size = {"name": "size", "metric": "psi", "above": 0.2, "beyond_days": True}
    assert evaluate(1, size).rules[0].status == "ok"
    assert evaluate(2, size).rules[0].status == "firing"
