from __future__ import annotations

import datetime as dt
import random

import pytest

from obs_dagster.alerts import Subject
from obs_dagster.alerts.rules.family import as_family, margin_at
from obs_dagster.alerts.rules.judging import clears_by, judge
from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.monitor import Rule

DAY = dt.date(2013, 7, 1)
RULE = Rule.model_validate({"name": "moved", "metric": "psi", "above": 0.2})


def night(value, error, n=1_000, **more):
    """A value with the 95 % interval that belongs to its standard error."""
    return Observation(DAY, value, value - 1.96 * error, value + 1.96 * error, n, **more)


def breaches(values, rule=RULE):
    """How many columns of one night are in breach."""
    series = {Subject("1", "*", str(place)): [each] for place, each in enumerate(values)}
    judged = as_family(rule, series)
    return sum(judge(rule, each) is Verdict.BREACH for [each] in judged.values())


def false_alarms(columns, nights=1_500):
    """The share of nights with any breach, if all columns lie at the threshold; and without margins."""
    chance = random.Random(3)  # noqa: S311 - nothing secret
    held = alone = 0
    for _ in range(nights):
        values = [night(chance.gauss(0.2, 0.01), 0.01) for _ in range(columns)]
        held += breaches(values) > 0
        alone += any(judge(RULE, each) is Verdict.BREACH for each in values)
    return held / nights, alone / nights


@pytest.mark.parametrize("columns", [2, 20])
def test_the_false_alarms_of_a_family_are_those_of_one_test(columns):
    held, alone = false_alarms(columns)
    # 2.5 %, with four standard errors of so many nights
    assert held < 0.025 + 4 * (0.025 * 0.975 / 1_500) ** 0.5
    assert alone == pytest.approx(1 - 0.975**columns, abs=0.05)


def test_what_really_moved_is_still_found():
    chance = random.Random(4)  # noqa: S311 - nothing secret
    found = 0
    for _ in range(200):
        moved = [night(chance.gauss(0.25, 0.01), 0.01) for _ in range(3)]
        found += breaches([*moved, *(night(chance.gauss(0.1, 0.01), 0.01) for _ in range(17))])
    # one test alone finds a column that lies five standard errors beyond with 99.9 %
    assert found / 600 > 0.98


def test_many_that_moved_are_held_against_less_than_one():
    barely = night(0.2 + 2.3 * 0.01, 0.01)
    assert breaches([barely, *[night(0.1, 0.01)] * 9]) == 0
    assert breaches([barely] * 10) == 10


def test_only_what_can_be_judged_is_a_test():
    few, unknown = night(0.3, 0.1, n=5), Observation(DAY, None, None, None, 0)
    bare = Observation(DAY, 0.3, None, None, 1_000)
    assert [clears_by(RULE, each) for each in (few, unknown, bare)] == [None, None, None]
    assert breaches([night(0.2 + 2.0 * 0.01, 0.01), few, unknown, bare]) == 2


def test_versions_and_rules_without_confidence_are_not_mixed():
    series = {Subject(str(version), "*", "a"): [night(0.2 + 2.0 * 0.01, 0.01)] for version in range(9)}
    series |= {Subject("0", "*", "b"): [night(0.1, 0.01)]}
    judged = as_family(RULE, series)
    assert sum(judge(RULE, each) is Verdict.BREACH for [each] in judged.values()) == 8
    bold = RULE.model_copy(update={"confident": False})
    assert as_family(bold, series) is series


def test_a_threshold_with_an_interval_of_its_own_is_as_unsure():
    rule = Rule.model_validate({"name": "low", "metric": "recall", "below": "90 % of baseline"})
    baseline = Reference(0.8, 0.78, 0.82, 1_000)
    one = Observation(DAY, 0.6, 0.5, 0.68, 1_000, baseline=baseline)
    # from 0.6 to 0.72 it is 0.12; its upper end and the threshold's lower end come 0.08 and 0.018 nearer
    assert clears_by(rule, one) == pytest.approx(0.12 / 0.098)
    assert judge(rule, one) is Verdict.BREACH
    fine = Observation(DAY, 0.9, 0.85, 0.95, 1_000, baseline=baseline)
    many = {Subject("1", "*", str(place)): [one if place == 0 else fine] for place in range(20)}
    judged = as_family(rule, many)[Subject("1", "*", "0")][0]
    assert (judged.among, judged.margin) == (20, margin_at(1, 20))
    assert judge(rule, judged) is Verdict.UNSURE
