import datetime as dt

import numpy as np
import pytest

from obs_dagster.alerts.rules.held import as_judged, reach
from obs_dagster.alerts.rules.judging import judge, threshold, why_no_threshold
from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.monitor import Rule

FIRST = dt.date(2024, 3, 4)
BAND = Rule(name="slow", metric="latency_p95", above="usual + 4 spreads")


def nights(values, low=None):
    return [
        Observation(FIRST + dt.timedelta(days=number), value, low, low, 1_000)
        for number, value in enumerate(values)
    ]


def test_a_band_knows_weekdays_and_is_not_widened_by_bad_nights():
    """Weekends are half as slow; a Sunday as slow as a Monday is out of the band, a Monday is not."""
    rng = np.random.default_rng(1)
    week = np.array([100, 100, 100, 100, 100, 50, 50])
    values = np.tile(week, 7) + rng.normal(0, 2, 49)
    values[[10, 25]] = 900.0
    values[48] = 100.0
    judged = as_judged(BAND, nights(values), {})

    assert judged[-1].baseline.value == pytest.approx(50, abs=3)
    assert judged[-1].baseline.spread == pytest.approx(2, rel=0.5)
    assert judge(BAND, judged[-1]) is Verdict.BREACH
    assert judge(BAND, judged[10]) is Verdict.UNKNOWN
    assert [place for place in range(14, 49) if judge(BAND, judged[place]) is Verdict.BREACH] == [25, 48]


def test_a_band_tells_how_many_nights_it_lacks_and_when_nothing_ever_differed():
    judged = as_judged(BAND, nights([5.0] * 20), {})

    assert why_no_threshold(BAND, judged[9]) == "9 of the 14 nights that are needed to know what is usual"
    assert "the same on all nights" in why_no_threshold(BAND, judged[-1])
    assert judge(BAND, judged[-1]) is Verdict.UNKNOWN
    assert reach(BAND) == 56


def test_a_metric_that_seldom_differs_has_the_spread_of_all_nights():
    values = [0.0] * 20
    values[3] = 2.0
    judged = as_judged(BAND, nights([*values, 9.0]), {})

    assert judged[-1].baseline.spread == pytest.approx(2 / 20**0.5, rel=0.5)
    assert judge(BAND, judged[-1]) is Verdict.BREACH


def test_normal_nights_leave_a_band_of_four_spreads_less_than_once_in_a_thousand():
    """With eight weeks behind it; the estimate of what is usual and of the spread is unsure itself."""
    rng = np.random.default_rng(2)
    rule = Rule(name="odd", metric="volume", above="usual + 4 spreads")
    found = as_judged(rule, nights(rng.normal(1000, 30, 4_000)), {})
    rate = np.mean([judge(rule, night) is Verdict.BREACH for night in found[56:]])
    assert rate < 0.001


def test_a_value_below_the_band_breaches_a_rule_below():
    rule = Rule(name="few", metric="volume", below="usual - 3 spreads")
    rng = np.random.default_rng(3)
    judged = as_judged(rule, nights([*rng.normal(1000, 10, 40), 900.0]), {})
    assert judge(rule, judged[-1]) is Verdict.BREACH
    assert threshold(rule, judged[-1]) == pytest.approx(965, abs=12)


def test_a_change_is_held_against_the_value_so_many_days_ago():
    rule = Rule(name="jump", metric="volume", above="150 % of 7 days ago")
    judged = as_judged(rule, nights([100.0] * 8 + [160.0]), {})

    assert judged[8].baseline == Reference(100.0, None, None, 1_000)
    assert judge(rule, judged[8]) is Verdict.BREACH
    assert why_no_threshold(rule, judged[6]) == "its value 7 days ago is not known"
    assert reach(rule) == 7


def test_a_version_is_held_against_another_and_both_are_unsure():
    rule = Rule(name="worse", metric="recall", below="95 % of version 1")
    one = {FIRST: Reference(0.80, 0.78, 0.82, 5_000)}

    def verdict(value, low, high):
        night = Observation(FIRST, value, low, high, 5_000)
        return judge(rule, as_judged(rule, [night], one)[0])

    # 95 % of 0.80 is 0.76, of its lower end 0.741
    assert verdict(0.75, 0.73, 0.755) is Verdict.UNSURE
    assert verdict(0.70, 0.68, 0.72) is Verdict.BREACH
    assert verdict(0.77, 0.75, 0.79) is Verdict.OK
