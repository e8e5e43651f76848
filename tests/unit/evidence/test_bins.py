"""The bins that days are counted on: tenths, and parts beside what most rows have."""

import numpy as np
import pytest

from obs_dagster.evidence.bins import bins_of
from obs_dagster.evidence.questions import Questions
from obs_dagster.profile.distribution import NumericCounts

DAYS = 28


def numbers(values):
    points, counts = np.unique(values, return_counts=True)
    return NumericCounts(points, np.zeros(len(points)), counts)


def day(rng, far=0):
    """1,000 rows of which 35 are not 0; `far` of the others are as large as few of these are."""
    values = np.where(rng.uniform(size=1_000) < 0.035, np.round(rng.exponential(0.04, 1_000), 3) + 0.01, 0)
    values[rng.choice(1_000, far, replace=False)] = np.round(rng.uniform(0.08, 0.2, far), 3)
    return numbers(values)


def pooled(days):
    return numbers(np.concatenate([np.repeat(each.points, each.counts) for each in days]))


@pytest.fixture
def days():
    rng = np.random.default_rng(1)
    return [day(rng) for _ in range(DAYS)]


def test_numbers_of_many_values_are_in_tenths():
    values = np.random.default_rng(0).normal(size=20_000)
    counted = bins_of(numbers(values), DAYS).count(numbers(values))
    # nothing is far off, or missing
    assert counted[1:-2] == pytest.approx(np.full(10, 2_000), abs=2)
    assert counted[[0, -2, -1]].tolist() == [0, 0, 0]


def test_what_is_beside_a_number_that_most_rows_have_is_in_parts(days):
    every = pooled(days)
    counted = bins_of(every, DAYS).count(every)[1:-2]
    beside = int(every.counts[every.points > 0].sum())
    assert counted[0] == every.counts[0]
    # of ten rows a day or more each
    assert len(counted) == 1 + beside // (10 * DAYS)
    assert counted[1:] == pytest.approx(np.full(len(counted) - 1, beside / (len(counted) - 1)), rel=0.1)


@pytest.mark.parametrize(
    ("beside", "parts"), [(10, 1), (19, 1), (20, 2), (30, 3), (90, 3), (390, 3), (400, 4), (900, 9)]
)
def test_few_beside_it_are_in_few_parts(beside, parts):
    """Of many parts of ten rows a year of days that differ in how many there are would have false alarms."""
    values = np.r_[np.zeros(9_000 * DAYS), np.linspace(0.1, 1, beside * DAYS)]
    counted = bins_of(numbers(values), DAYS).count(numbers(values))[1:-2]
    assert counted[0] == 9_000 * DAYS
    assert counted[1:] == pytest.approx(np.full(parts, beside * DAYS / parts), abs=1)


def test_a_few_rows_that_are_as_large_as_few_are_is_news(days):
    questions = Questions.of(bins_of(pooled(days), DAYS), days)
    rng = np.random.default_rng(2)
    quiet = [questions.p_value(day(rng)) for _ in range(100)]
    fault = [questions.p_value(day(rng, far=30)) for _ in range(100)]
    assert np.mean(np.array(quiet) < 0.05) <= 0.05
    assert np.median(fault) < 1e-5
