"""Rules of several conditions, on series that are read as the stored ones are."""

import datetime as dt

import pytest

from obs_dagster.alerts.rules.fold import fold
from obs_dagster.alerts.rules.judging import judge, why_unknown
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import series_of
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.monitor import Rule

FIRST = dt.date(2024, 3, 4)
RECALL = {"metric": "recall", "below": 0.5}
MOVED = {"metric": "psi", "above": 0.25, "columns": ["dep_*"]}
LOST = {"metric": "quarantined_share", "above": 0.1}


def rule(how, *conditions, **changes):
    return Rule.model_validate({"name": "both", how: list(conditions), **changes}).leading


def series(*values, n=1_000):
    return [
        Observation(
            FIRST + dt.timedelta(days=number),
            *(value if isinstance(value, tuple) else (value, None, None)),
            n,
        )
        for number, value in enumerate(values)
    ]


def verdicts(found, subject):
    return [night.verdict for night in found[subject]]


WHOLE = Subject("1", "*", "")
YES, NO, UNSURE, NOT = 0.2, 0.8, (0.4, 0.3, 0.6), None


@pytest.mark.parametrize(
    ("how", "recall", "lost", "verdict"),
    [
        ("all", YES, 0.2, Verdict.BREACH),
        ("all", YES, 0.0, Verdict.OK),
        ("all", NO, NOT, Verdict.OK),
        ("all", YES, NOT, Verdict.UNKNOWN),
        ("all", UNSURE, 0.2, Verdict.UNSURE),
        ("all", UNSURE, NOT, Verdict.UNKNOWN),
        ("any", YES, NOT, Verdict.BREACH),
        ("any", NO, 0.2, Verdict.BREACH),
        ("any", NO, 0.0, Verdict.OK),
        ("any", NO, NOT, Verdict.UNKNOWN),
        ("any", UNSURE, NOT, Verdict.UNSURE),
    ],
)
def test_conditions_speak_together(how, recall, lost, verdict):
    nights = {
        ("recall", 1): {WHOLE: series(recall)},
        ("quarantined_share", 1): {Subject("*", "*", ""): series(lost)},
    }
    both = rule(how, RECALL, LOST)
    [night] = series_of(both, nights)[WHOLE]
    assert judge(both, night) is verdict


def test_a_condition_without_any_record_says_nothing():
    found = series_of(rule("all", RECALL, LOST), {("recall", 1): {WHOLE: series(YES)}})
    assert verdicts(found, WHOLE) == [Verdict.UNKNOWN]


def test_a_condition_on_the_whole_log_goes_with_those_on_versions_whichever_comes_first():
    log = Subject("*", "*", "")
    nights = {("recall", 1): {WHOLE: series(YES, NO)}, ("quarantined_share", 1): {log: series(0.2, 0.2)}}
    assert verdicts(series_of(rule("all", LOST, RECALL), nights), log) == [Verdict.BREACH, Verdict.OK]
    assert verdicts(series_of(rule("all", RECALL, LOST), nights), WHOLE) == [Verdict.BREACH, Verdict.OK]


def test_what_keeps_a_night_from_being_judged_is_told():
    either = rule("any", {"metric": "volume", "below": "50 % of usual"}, LOST)
    log = Subject("*", "*", "")
    nights = {("volume", 1): {WHOLE: series(900.0)}, ("quarantined_share", 1): {log: series(0.0, 0.0, 0.0)}}
    found = series_of(either, nights)[WHOLE]
    # of days on which the version was not there nothing is said
    assert [why_unknown(either, night) for night in found] == ["too few weeks to know what is usual"]
    [night] = series_of(rule("any", RECALL, LOST), {("recall", 1): {WHOLE: series(NO)}})[WHOLE]
    assert why_unknown(either, night) == "a condition was not measured"


def test_the_gravest_column_counts_and_others_of_the_version_do_not():
    nights = {
        ("recall", 1): {WHOLE: series(YES, YES), Subject("2", "*", ""): series(YES, YES)},
        ("psi", 1): {
            Subject("1", "*", "dep_delay"): series(0.1, 0.1),
            Subject("1", "*", "dep_hour"): series(0.1, 0.4),
            Subject("1", "*", "origin"): series(0.9, 0.9),
            Subject("2", "*", "dep_delay"): series(0.9, 0.1),
        },
    }
    found = series_of(rule("all", RECALL, MOVED), nights)
    assert verdicts(found, WHOLE) == [Verdict.OK, Verdict.BREACH]
    assert verdicts(found, Subject("2", "*", "")) == [Verdict.BREACH, Verdict.OK]
    assert found[WHOLE][1].beside == "And psi of dep_hour 0.4 is above 0.25."
    assert found[WHOLE][1].value == YES


def test_conditions_about_columns_are_of_the_same_column():
    shares = {"metric": "missing_share", "above": 0.1}
    nights = {
        ("psi", 1): {Subject("1", "*", name): series(0.9) for name in ("dep_delay", "dep_hour")},
        ("missing_share", 1): {Subject("1", "*", "dep_hour"): series(0.5)},
    }
    found = series_of(rule("all", MOVED, shares), nights)
    assert verdicts(found, Subject("1", "*", "dep_hour")) == [Verdict.BREACH]
    assert verdicts(found, Subject("1", "*", "dep_delay")) == [Verdict.UNKNOWN]


def test_of_any_the_condition_in_breach_speaks():
    either = rule("any", RECALL, LOST, escalate=[{"to": "critical", "beyond": 0.3}])
    nights = {
        ("recall", 1): {WHOLE: series(NO, NO)},
        ("quarantined_share", 1): {Subject("*", "*", ""): series(0.2, 0.4)},
    }
    found = series_of(either, nights)[WHOLE]
    assert [(night.part.metric, night.value) for night in found] == [
        ("quarantined_share", 0.2),
        ("quarantined_share", 0.4),
    ]
    [episode] = fold(either, found, FIRST + dt.timedelta(days=1))
    assert (episode.nights, episode.severity) == (2, "critical")
    assert either.condition == "recall below 0.5 or quarantined_share above 0.1"


ABOVE, THRICE = {"metric": "psi", "above": 0.25}, {"metric": "psi", "above": "300 % of usual"}


@pytest.mark.parametrize(
    ("how", "conditions", "verdict"),
    [
        ("all", (ABOVE, THRICE), Verdict.BREACH),
        ("all", (THRICE, ABOVE), Verdict.BREACH),
        # without a plain number, on the same value, whatever is more than nothing would be a breach
        ("any", (THRICE, {**ABOVE, "above": 2.0}), Verdict.UNKNOWN),
        ("all", (THRICE, {**ABOVE, "window": 7}), Verdict.UNKNOWN),
        ("all", (THRICE, LOST), Verdict.UNKNOWN),
    ],
)
def test_a_multiple_of_nothing_is_nothing_where_a_plain_number_counts_too(how, conditions, verdict):
    of_column = Subject("1", "*", "origin")
    nights = {
        ("psi", 1): {of_column: series(*[0.0] * 20, 0.5)},
        ("psi", 7): {of_column: series(*[0.0] * 20, 0.5)},
        ("quarantined_share", 1): {WHOLE: series(*[0.2] * 21)},
    }
    both = rule(how, *conditions)
    assert judge(both, series_of(both, nights)[of_column][-1]) is verdict
