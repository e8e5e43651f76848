"""Nightly looks: hardly ever a false verdict over all nights, and a real difference within days."""

import numpy as np
import pytest

from obs_dagster.versus.day import DayDifference
from obs_dagster.versus.sequence import LEAST_DAYS, looks

NIGHTS = 365


def days(rng, truth, *, nights=NIGHTS, spread=0.02, between=0.0):
    """Daily differences with their own noise, and what days differ by anyway."""
    values = truth + rng.normal(0, spread, nights) + rng.normal(0, between, nights)
    return [DayDifference(float(value), spread**2, 1_000.0, 0.5, 0.5) for value in values]


@pytest.mark.parametrize("between", [0.0, 0.02])
def test_a_year_of_nightly_looks_is_hardly_ever_wrong(between):
    rng = np.random.default_rng(0)
    wrong = sum(any(look.decided for look in looks(days(rng, 0.0, between=between))) for _ in range(60))
    assert wrong <= 3


def test_the_interval_holds_the_truth_on_all_nights_at_once():
    rng = np.random.default_rng(1)
    missed = sum(
        any(not look.low <= 0.01 <= look.high for look in looks(days(rng, 0.01, nights=120)))
        for _ in range(100)
    )
    assert missed <= 6


def test_a_difference_is_seen_and_said_which_way():
    rng = np.random.default_rng(2)
    told = [look.decided for look in looks(days(rng, 0.03, nights=60))]
    assert told[-1] == 1
    assert told.index(1) < 20
    assert [look.decided for look in looks(days(rng, -0.03, nights=60))][-1] == -1


def test_verdict_and_p_value_agree():
    rng = np.random.default_rng(3)
    for look in looks(days(rng, 0.01, nights=100)):
        assert (look.p_value <= 0.05 and look.days >= LEAST_DAYS) == (look.decided != 0)
        assert look.low <= look.difference <= look.high
