"""Means of numbers without a bound, and roots of them: variances that a simulation confirms."""

import dataclasses

import numpy as np
import pytest

from obs_dagster.tasks.regression.compared import COMPARED
from obs_dagster.versus.day import DayDifference, Pairs, paired_day, unpaired_day
from obs_dagster.versus.sequence import looks
from obs_dagster.versus.told import told


def cell(error):
    return np.array([len(error), *(float((np.abs(error) ** power).sum()) for power in (1, 2, 4))])


def pairs(one, other, power):
    rows = np.array([np.abs(one) ** power, np.ones(len(one)), np.abs(other) ** power, np.ones(len(one))])
    return Pairs(float(len(one)), rows.sum(axis=1), rows @ rows.T)


@pytest.mark.parametrize(("metric", "power"), [("mae", 1), ("rmse", 2)])
def test_pairs_know_that_versions_agree(metric, power):
    rng = np.random.default_rng(0)
    paired, apart = [], []
    for _ in range(300):
        one = rng.laplace(0, 3, 400)
        other = one + rng.normal(0, 0.5, 400)
        paired.append(paired_day(pairs(one, other, power), COMPARED[metric]))
        apart.append(unpaired_day({"*": cell(one)}, {"*": cell(other)}, COMPARED[metric]))
    differences = np.array([each.difference for each in paired])
    assert np.mean([each.variance for each in paired]) == pytest.approx(differences.var(), rel=0.25)
    assert [each.difference for each in apart] == pytest.approx(differences.tolist())
    assert np.mean([each.variance for each in apart]) > 4 * differences.var()


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_the_mix_of_segments_makes_no_difference(metric):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        sides = [
            {"hard": cell(rng.normal(0, 4, hard)), "easy": cell(rng.normal(0, 1, 500 - hard))}
            for hard in (400, 100)
        ]
        found.append(unpaired_day(*sides, COMPARED[metric]))
    differences = np.array([each.difference for each in found])
    deviation = differences.std()
    assert abs(differences.mean()) < 0.2 * deviation
    # of both versions the larger spread counts, so it errs to the safe side
    assert 0.9 < np.mean([each.variance for each in found]) / deviation**2 < 1.6


def test_few_errors_that_are_all_alike_are_not_sure():
    small, large = {"*": cell(np.full(5, 1.0))}, {"*": cell(np.full(5, 1.5))}
    found = unpaired_day(small, large, COMPARED["mae"])
    assert found.difference == pytest.approx(-0.5)
    assert found.variance > 0.1
    same = np.full(50, 2.0)
    assert paired_day(pairs(same, same, 1), COMPARED["mae"]).variance == pytest.approx(4 / 51**2)


def test_days_without_any_error_say_nothing():
    none = np.zeros(20)
    assert unpaired_day({"*": cell(none)}, {"*": cell(none)}, COMPARED["mae"]) is None
    assert paired_day(pairs(none, none, 1), COMPARED["mae"]) is None
    assert unpaired_day({"*": cell(none)}, {"*": cell(none + 1)}, COMPARED["mae"]).difference == -1


def test_a_root_is_that_over_all_days_and_decided_as_the_squares_are():
    rng = np.random.default_rng(2)
    errors = [(rng.normal(0, 1, 30), rng.normal(0, 2, 300)) for _ in range(10)]
    days = [
        dataclasses.replace(found, weight=1.0)
        for one, other in errors
        if (found := unpaired_day({"*": cell(one)}, {"*": cell(other)}, COMPARED["rmse"]))
    ]
    *_, last = looks(days)
    found = told(days, last, COMPARED["rmse"])
    first, second = (np.sqrt(np.mean([(day[side] ** 2).mean() for day in errors])) for side in (0, 1))
    assert (found.first, found.second) == pytest.approx((first, second))
    assert found.look.difference == pytest.approx(first - second)
    assert found.look.low < first - second < found.look.high
    assert found.look.decided == last.decided == -1
    assert found.look.turned.decided == 1
    assert found.look.p_value == last.p_value


def test_a_mean_is_told_as_it_is():
    days = [DayDifference(0.5, 0.01, 10.0, 2.0, 1.5), DayDifference(0.3, 0.01, 30.0, 2.2, 1.9)]
    *_, last = looks(days)
    found = told(days, last, COMPARED["mae"])
    assert (found.look, found.rows) == (last, 40)
    assert (found.first, found.second) == pytest.approx((2.15, 1.8))
