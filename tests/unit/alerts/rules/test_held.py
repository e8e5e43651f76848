import datetime as dt

import pytest

from obs_dagster.alerts.rules.held import as_judged, reach
from obs_dagster.alerts.rules.judging import judge, why_no_threshold
from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.monitor import Rule

FIRST = dt.date(2024, 3, 4)
USUAL = Rule(name="lost", metric="volume", below="50 % of usual", min_rows=1)
WEEK = Rule(name="moved", metric="psi", window=7, above=0.25, full_window=True)


def nights(values, first=FIRST):
    return [
        Observation(first + dt.timedelta(days=number), value, None, None, 1_000)
        for number, value in enumerate(values)
    ]


def verdicts(rule, values):
    return [judge(rule, night) for night in as_judged(rule, nights(values), {})]


def test_what_is_usual_is_the_median_of_the_same_weekday():
    """Sundays have a tenth of the other days' rows, which is no alarm; a Monday that has as few is one."""
    week = [1_000.0] * 6 + [100.0]
    judged = as_judged(USUAL, nights([*week * 4, 90.0]), {})

    assert judged[-1].baseline == Reference(1_000.0, 1_000.0, 1_000.0, 1_000)
    assert judge(USUAL, judged[-1]) is Verdict.BREACH
    assert {judge(USUAL, night) for night in judged[14:-1]} == {Verdict.OK}


def test_two_weeks_are_needed_to_know_what_is_usual():
    judged = as_judged(USUAL, nights([1_000.0] * 15), {})

    assert judged[13].baseline is None
    assert why_no_threshold(USUAL, judged[13]) == "too few weeks to know what is usual"
    assert judge(USUAL, judged[14]) is Verdict.OK


def test_one_bad_day_is_not_what_is_usual_afterwards():
    values = [1_000.0] * 36
    values[21] = 5.0
    found = verdicts(USUAL, values)

    assert [place for place, verdict in enumerate(found) if verdict is Verdict.BREACH] == [21]


@pytest.mark.parametrize("held", ["usual", "the baseline"])
def test_a_part_of_nothing_is_no_threshold(held):
    rule = Rule(name="slow", metric="latency_p95", above=f"150 % of {held.removeprefix('the ')}")
    zero = Reference(0.0, 0.0, 0.0, 1_000)
    night = Observation(FIRST, 5.0, None, None, 1_000, baseline=zero)

    assert judge(rule, night) is Verdict.UNKNOWN
    assert why_no_threshold(rule, night).endswith("is not above 0")


def test_a_week_is_judged_once_it_is_full():
    found = verdicts(WEEK, [9.0] * 8)

    assert found == [Verdict.UNKNOWN] * 6 + [Verdict.BREACH] * 2


def test_a_version_begins_on_its_first_day_with_rows():
    before = [Observation(FIRST, None, None, None, 0, reason=NO_ROWS)]
    judged = as_judged(WEEK, before + nights([9.0] * 7, FIRST + dt.timedelta(days=1)), {})

    assert judged[0].absent
    assert [judge(WEEK, night) for night in judged[1:]] == [Verdict.UNKNOWN] * 6 + [Verdict.BREACH]


def test_a_rule_says_how_far_back_it_looks():
    recall = Rule(name="lost", metric="recall", window=7, below=0.5, full_window=True)
    no_week = Rule(name="a", metric="psi", window=7, above=1)

    assert [reach(rule) for rule in (USUAL, WEEK, recall, no_week)] == [28, 14, 70, 0]


def test_of_drift_a_window_that_lacks_a_day_is_not_full():
    """Without its Tuesday a week has other weekdays than the baseline; without Sundays it never had any."""
    rows = {FIRST + dt.timedelta(days=place): 900.0 for place in range(25) if place % 7 != 6}
    del rows[FIRST + dt.timedelta(days=15)]
    judged = as_judged(WEEK, nights([9.0] * 25), {}, rows)

    lacking = [place for place, night in enumerate(judged) if night.reason == "its window lacks 2024-03-19"]
    assert lacking == list(range(15, 22))
    assert [judge(WEEK, judged[place]) for place in (14, 22)] == [Verdict.BREACH] * 2
