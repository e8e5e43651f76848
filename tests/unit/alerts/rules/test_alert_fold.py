from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.alerts.rules.fold import GONE, Episode, State, fold
from obs_dagster.alerts.rules.judging import judge, threshold, why_no_threshold
from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.monitor import Rule

FIRST = dt.date(2013, 7, 1)
BREACH, OK, UNSURE, UNKNOWN = 0.2, 0.8, (0.4, 0.3, 0.6), None


def rule(**changes):
    return Rule.model_validate({"name": "low", "metric": "recall", "below": 0.5, **changes})


def day(number):
    return FIRST + dt.timedelta(days=number - 1)


def night(number, given, n=1_000):
    value, low, high = given if isinstance(given, tuple) else (given, None, None)
    return Observation(day(number), value, low, high, n)


def nights(*values):
    return [night(number, value) for number, value in enumerate(values, start=1)]


def told(episode):
    """The episode in numbers of nights."""
    fired, over = (
        None if on is None else (on - FIRST).days + 1 for on in (episode.fired_day, episode.resolved_day)
    )
    return (episode.state.value, (episode.since - FIRST).days + 1, fired, over, episode.nights)


@pytest.mark.parametrize(
    ("about", "given", "n", "verdict"),
    [
        ({}, (0.4, 0.3, 0.45), 100, Verdict.BREACH),
        ({}, (0.4, 0.3, 0.5), 100, Verdict.UNSURE),
        ({}, (0.4, 0.3, None), 100, Verdict.BREACH),
        ({}, 0.4, 100, Verdict.BREACH),
        ({}, 0.5, 100, Verdict.OK),
        ({}, (0.6, 0.4, 0.7), 100, Verdict.OK),
        ({}, 0.4, 99, Verdict.UNKNOWN),
        ({}, None, 100, Verdict.UNKNOWN),
        ({"confident": False}, (0.4, 0.3, 0.6), 100, Verdict.BREACH),
        ({"below": None, "above": 0.5}, (0.6, 0.55, 0.7), 100, Verdict.BREACH),
        ({"below": None, "above": 0.5}, (0.6, 0.5, 0.7), 100, Verdict.UNSURE),
        ({"below": None, "above": 0.5}, 0.5, 100, Verdict.OK),
        ({"below": None, "above": 0.0}, 0.1, 100, Verdict.BREACH),
    ],
)
def test_a_night_is_judged_by_its_value_and_its_interval(about, given, n, verdict):
    assert judge(rule(**about), night(1, given, n)) is verdict


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([OK, OK], []),
        ([BREACH], [("pending", 1, None, None, 1)]),
        ([BREACH, BREACH], [("firing", 1, 2, None, 2)]),
        ([BREACH, BREACH, BREACH], [("firing", 1, 2, None, 3)]),
        ([OK, BREACH, OK], []),
        ([BREACH, UNSURE, BREACH], [("pending", 3, None, None, 1)]),
        ([BREACH, UNKNOWN, BREACH], [("firing", 1, 3, None, 2)]),
        ([BREACH, BREACH, UNKNOWN, UNSURE], [("firing", 1, 2, None, 2)]),
        ([BREACH, BREACH, UNSURE, BREACH], [("firing", 1, 2, None, 3)]),
        ([BREACH, BREACH, OK], [("resolved", 1, 2, 3, 2)]),
        (
            [BREACH, BREACH, OK, BREACH, BREACH, OK, BREACH],
            [("resolved", 1, 2, 3, 2), ("resolved", 4, 5, 6, 2), ("pending", 7, None, None, 1)],
        ),
    ],
)
def test_two_breaches_in_a_row_fire_and_the_first_good_night_resolves(values, expected):
    episodes = fold(rule(**{"for": 2}), nights(*values), day(len(values)))
    assert [told(episode) for episode in episodes] == expected


def test_nights_after_the_asked_one_do_not_count():
    series = nights(BREACH, OK, BREACH)
    assert [told(one) for one in fold(rule(), series, day(1))] == [("firing", 1, 1, None, 1)]


def test_the_last_judged_night_stands_behind_the_state():
    [episode] = fold(rule(), nights(BREACH, 0.3, UNKNOWN), day(3))
    assert episode.last == night(2, 0.3)
    [episode] = fold(rule(), nights(BREACH, 0.9), day(2))
    assert episode.last == night(2, 0.9)


def test_a_subject_without_records_for_four_weeks_is_gone():
    series = nights(BREACH)
    assert [one.state for one in fold(rule(), series, day(28))] == [State.FIRING]
    [gone] = fold(rule(), series, day(29))
    assert gone == Episode(day(1), 1, night(1, BREACH), day(1), day(29), GONE)
    assert fold(rule(), series, day(300)) == [gone]
    assert fold(rule(**{"for": 2}), series, day(29)) == []


def test_a_subject_that_comes_back_begins_anew():
    series = [night(1, BREACH), night(30, BREACH)]
    assert [told(one) for one in fold(rule(), series, day(30))] == [
        ("resolved", 1, 1, 29, 1),
        ("firing", 30, 30, None, 1),
    ]
    held = [night(1, BREACH), night(29, BREACH)]
    assert [told(one) for one in fold(rule(), held, day(29))] == [("firing", 1, 1, None, 2)]


def test_a_rule_without_a_threshold_is_refused():
    with pytest.raises(ValueError, match="no threshold"):
        judge(Rule.model_construct(name="r", above=None, below=None, min_rows=1), night(1, 0.5))


VALUES = st.one_of(
    st.none(),
    st.sampled_from([BREACH, OK, UNSURE, 0.5]),
    st.floats(0, 1).map(lambda value: (value, max(0.0, value - 0.1), min(1.0, value + 0.1))),
)
SERIES = st.lists(VALUES, max_size=40).map(lambda values: nights(*values))
RULES = st.builds(
    lambda length, confident, side: rule(**{"for": length, "confident": confident, "below": None, side: 0.5}),
    st.integers(1, 5),
    st.booleans(),
    st.sampled_from(["above", "below"]),
)
UNTIL = st.integers(0, 45).map(day)


@given(RULES, SERIES, UNTIL)
def test_episodes_follow_one_another_and_only_the_last_is_open(some_rule, series, until):
    episodes = fold(some_rule, series, until)
    assert all(one.state is State.RESOLVED for one in episodes[:-1])
    assert all(one.end < other.since for one, other in pairwise(episodes))
    for episode in episodes:
        assert episode.since <= episode.last.day <= until
        assert (episode.nights >= some_rule.for_nights) == (episode.fired_day is not None)
        assert episode.fired_day is None or episode.since <= episode.fired_day <= episode.end


@given(RULES, SERIES, UNTIL, UNTIL)
def test_later_nights_never_change_what_was_over(some_rule, series, one, other):
    early, late = sorted([one, other])
    before = fold(some_rule, series, early)
    over = [episode for episode in before if episode.state is State.RESOLVED]
    assert fold(some_rule, series, late)[: len(over)] == over
    assert before == fold(some_rule, [night for night in series if night.day <= early], early)


@given(RULES, SERIES, UNTIL)
def test_nights_that_cannot_be_judged_change_nothing(some_rule, series, until):
    judged = [night for night in series if judge(some_rule, night) is not Verdict.UNKNOWN]
    gaps = pairwise(judged)
    ends = [*(later.day - night.day for night, later in gaps), until - judged[-1].day if judged else None]
    if all(gap is None or gap.days < 28 for gap in ends):
        assert fold(some_rule, judged, until) == fold(some_rule, series, until)


@given(RULES, SERIES)
def test_the_state_is_that_of_the_nights_taken_one_by_one(some_rule, series):
    """Against a plain account of the rule's words, night by night."""
    streak, firing = 0, False
    for one in series:
        verdict = judge(some_rule, one)
        if verdict is Verdict.BREACH:
            streak += 1
            firing = firing or streak >= some_rule.for_nights
        elif verdict is Verdict.OK or (verdict is Verdict.UNSURE and not firing):
            streak, firing = 0, False
        episodes = fold(some_rule, series, one.day)
        state = episodes[-1].state if episodes else None
        if len(series) < 28:
            assert (state is State.FIRING) == firing
            assert (state is State.PENDING) == (streak > 0 and not firing)


def test_a_count_of_rows_is_judged_however_few_there_are():
    lost = rule(metric="volume", below=100)
    assert judge(lost, Observation(FIRST, 0.0, None, None, 0)) is Verdict.BREACH


def test_nights_without_rows_are_not_seen_of_a_subject():
    absent = [Observation(day(number), None, None, None, 0, "no rows") for number in range(2, 40)]
    (episode,) = fold(rule(), [night(1, BREACH), *absent], day(39))
    assert (episode.state, episode.reason, episode.resolved_day) == (State.RESOLVED, GONE, day(29))
    unlabelled = [replace(each, reason="no labels") for each in absent]
    (episode,) = fold(rule(), [night(1, BREACH), *unlabelled], day(39))
    assert episode.state is State.FIRING


def of(value, low=None, high=None, n=1_000):
    """What a metric is on the baseline."""
    return Reference(value, low, high, n)


@pytest.mark.parametrize(
    ("side", "given", "baseline", "verdict"),
    [
        ("below", (0.40, 0.35, 0.44), of(0.5, 0.5, 0.5), Verdict.BREACH),
        ("below", (0.40, 0.35, 0.46), of(0.5, 0.5, 0.5), Verdict.UNSURE),
        ("below", 0.46, of(0.5), Verdict.OK),
        # 90 % of the baseline's lower end is 0.405
        ("below", (0.40, 0.38, 0.41), of(0.5, 0.45, 0.55), Verdict.UNSURE),
        ("below", (0.39, 0.38, 0.40), of(0.5, 0.45, 0.55), Verdict.BREACH),
        ("above", (7.0, 6.5, 7.5), of(7.0, 6.9, 7.1), Verdict.BREACH),
        ("above", (7.0, 6.38, 7.5), of(7.0, 6.9, 7.1), Verdict.UNSURE),
        # neither has an interval: both are what they are
        ("below", 0.40, of(0.5), Verdict.BREACH),
    ],
)
def test_a_threshold_may_be_a_part_of_the_baselines_value(side, given, baseline, verdict):
    watched = Rule.model_validate({"name": "lost", "metric": "recall", side: "90 % of baseline"})
    seen = replace(night(1, given), baseline=baseline)
    assert judge(watched, seen) is verdict
    assert threshold(watched, seen) == pytest.approx(0.9 * baseline.value)


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        (None, "not known"),
        (of(0.5, 0.4, 0.6, n=99), "fewer than 100 rows on the baseline"),
        (of(0.5), "how sure"),
        (of(0.5, None, 0.6), "how sure"),
        (of(0.0, 0.0, 0.1), "not above 0"),
        (of(-40.0, -41.0, -39.0), "not above 0"),
    ],
)
def test_a_baseline_that_says_too_little_is_no_threshold(baseline, why):
    watched = Rule.model_validate({"name": "lost", "metric": "recall", "below": "90 % of baseline"})
    seen = replace(night(1, (0.1, 0.05, 0.2)), baseline=baseline)
    assert judge(watched, seen) is Verdict.UNKNOWN
    assert threshold(watched, seen) is None
    assert why in why_no_threshold(watched, seen)


def test_it_fires_on_for_some_good_nights_so_that_what_comes_and_goes_is_one_episode():
    held = rule(keep_firing_for=2)
    values = [BREACH, OK, OK, BREACH, OK, UNSURE, OK, OK, OK, BREACH]
    found = fold(held, nights(*values), day(10))
    # an unsure night is no good one; the third good one in a row ends it
    assert [told(each) for each in found] == [("resolved", 1, 1, 9, 2), ("firing", 10, 10, None, 1)]


def test_it_gets_graver_with_time_and_size_and_stays_so():
    held = rule(severity="info", escalate=[{"to": "warning", "after": 2}, {"to": "critical", "beyond": 0.1}])

    def severities(*values):
        return [
            fold(held, nights(*values[:count]), day(count))[-1].severity
            for count in range(1, len(values) + 1)
        ]

    assert severities(0.2, 0.2, None, 0.2, 0.2) == ["info", "info", "info", "warning", "warning"]
    assert severities(0.05, 0.4) == ["critical", "critical"]
    # beyond it, but not surely
    assert severities((0.05, 0.02, 0.15)) == ["info"]
