"""How likely a day's number of rows is beside the nights before it."""

import datetime as dt

import numpy as np
import pytest
from scipy.stats import poisson

from obs_dagster.evidence.detector import Detectors, e_value
from obs_dagster.evidence.volume import LEAST_NIGHTS, TOLERANCE, Volume

FIRST = dt.date(2024, 1, 1)  # a Monday


def nights(rows, first=FIRST):
    """Rows as nights in a row."""
    return [(first + dt.timedelta(days=number), int(each)) for number, each in enumerate(rows)]


def p_values(series, known=56, left_out=7):
    """Those of each night that has as many before it."""
    first = known + left_out
    return np.array(
        [
            Volume.of(series[number - first : number - left_out]).p_value(*series[number])
            for number in range(first, len(series))
        ]
    )


def weekly(random, days, *, weekend=0.6, spread=0.05):
    weekday = np.arange(days) % 7
    level = 1_000 * np.where(weekday > 4, weekend, 1.0) * np.exp(random.normal(0, spread, days))
    return random.poisson(level)


WORLDS = {
    "independent": lambda random, days: random.poisson(1_000, days),
    "few": lambda random, days: random.poisson(40, days),
    "overdispersed": lambda random, days: random.poisson(1_000 * np.exp(random.normal(0, 0.1, days))),
    "weekly": weekly,
    "growing": lambda random, days: weekly(random, days) * 1.02 ** (np.arange(days) / 7),
    "timetable": lambda random, days: (
        np.where(np.arange(days) % 7 == 5, 700, 1_000) + random.integers(-5, 6, days)
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_quiet_nights_are_no_less_likely_than_they_say_and_keep_a_budget(name):
    years, alarms, found = 3, 0, []
    for year in range(years):
        series = nights(WORLDS[name](np.random.default_rng(year), 63 + 365))
        found.append(p_values(series))
        detectors, before = Detectors(1.0), False
        for (day, _), p in zip(series[63:], found[-1], strict=True):
            alarm = detectors.night(day, {0: e_value(p)})[0].alarm
            alarms, before = alarms + (alarm and not before), alarm
    every = np.concatenate(found)
    assert np.mean(every < 0.05) < 0.05
    assert np.mean(every < 0.01) < 0.01
    assert alarms <= years


def test_a_weekday_is_held_against_its_own():
    quiet = nights(weekly(np.random.default_rng(1), 56, spread=0.02))
    known = Volume.of(quiet)
    monday, saturday = FIRST + dt.timedelta(days=56), FIRST + dt.timedelta(days=61)
    assert known.usual[[0, 5]] == pytest.approx([1_000, 600], rel=0.03)
    assert known.p_value(monday, 1_000) > 0.1
    assert known.p_value(saturday, 600) > 0.1
    assert known.p_value(monday, 600) < 1e-6
    assert known.p_value(saturday, 1_000) < 1e-6


def test_a_rhythm_that_is_not_there_costs_nothing():
    """Weekdays of nights that are alike are the same: each is known as well as all nights together."""
    steady = Volume.of(nights([1_000, 1_010, 990] * 18 + [1_000, 1_010]))
    assert np.ptp(steady.usual) == pytest.approx(0, abs=1e-6)
    assert np.ptp(steady.unsure) == pytest.approx(0, abs=1e-12)


def test_a_weekday_that_had_no_rows_is_unsure_by_as_much_as_weekdays_differ():
    rows = weekly(np.random.default_rng(2), 56, spread=0.02)
    series = [(day, each) for day, each in nights(rows) if day.weekday() != 6]
    known = Volume.of(series)
    sunday, saturday = FIRST + dt.timedelta(days=62), FIRST + dt.timedelta(days=61)
    assert known.unsure[6] > 20 * known.unsure[5]
    assert known.p_value(sunday, 600) > 0.05 > known.p_value(saturday, 1_000)


def test_a_tenth_that_is_lost_adds_up_and_is_as_likely_as_chance_has_it():
    series = nights(np.random.default_rng(3).poisson(1_000, 56))
    known = Volume.of(series)
    found = [known.p_value(FIRST + dt.timedelta(days=64 + night), 900) for night in range(4)]
    # never surer than of rows whose level is known
    assert 2 * poisson.cdf(900, 1_000) < min(found) <= max(found) < 0.05
    assert known.p_value(FIRST, 1_000 + round(1_000 * TOLERANCE)) > 0.5
    assert known.p_value(FIRST, 0) < 1e-9


def test_few_nights_do_not_tell():
    assert Volume.of(nights([1_000] * (LEAST_NIGHTS - 1))) is None
    assert Volume.of(nights([0] * 40)) is None
    assert Volume.of(nights([0, *[1_000] * LEAST_NIGHTS])) is not None


@pytest.mark.parametrize("rows", [[1] * 30, [10**12] * 30, [1, 10**9] * 15, list(range(1, 31))])
def test_any_numbers_have_a_p_value(rows):
    known = Volume.of(nights(rows))
    for day in range(7):
        for now in (0, 1, 10**6, 10**15):
            assert 0 <= known.p_value(FIRST + dt.timedelta(days=day), now) <= 1
