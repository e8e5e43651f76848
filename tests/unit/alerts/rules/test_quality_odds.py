"""How likely the days' quality is to differ so anyway: what alerts say of it, and rules that ask for more."""

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from obs_dagster.alerts import Subject
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import series_of
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor import Rule

FIRST, SUBJECT = dt.date(2013, 7, 1), Subject("1", "*", "")
LOST = {"name": "lost", "metric": "recall", "below": "80 % of baseline"}
#: Days of a recall of 0.5 that differ by 0.1.
DAYS = list(np.random.default_rng(2).normal(0.5, 0.1, 60))


def judged(values, rule=LOST, baseline=0.5):
    """The last night as a rule judges it, of days with narrow intervals."""
    days = [FIRST + dt.timedelta(days=n) for n in range(len(values))]
    of_days = [
        Observation(day, float(value), value - 0.01, value + 0.01, 1_000)
        for day, value in zip(days, values, strict=True)
    ]
    known = [Observation(day, baseline, baseline - 0.001, baseline + 0.001, 50_000) for day in days]
    nights = {("recall", 1): {SUBJECT: of_days}, ("recall", BASELINE): {SUBJECT: known}}
    return series_of(Rule.model_validate(rule), nights)[SUBJECT][-1]


def test_a_day_is_as_likely_as_the_days_before_say():
    night = judged([*DAYS, 0.38])
    # the days of the last week before it say nothing
    known = np.array(DAYS[-63:-7])
    assert night.likely == pytest.approx(
        stats.t.sf((0.5 - 0.38) / known.std(ddof=1), len(known) - 1), rel=0.25
    )
    told = f"Days differ so anyway with p {night.likely:.2g}, by {len(known)} days to 2013-08-22."
    assert night.beside == told
    assert judged([*DAYS, 0.05]).likely < 1e-3


@pytest.mark.parametrize(("value", "verdict"), [(0.38, Verdict.UNSURE), (0.2, Verdict.BREACH)])
def test_a_rule_may_ask_for_more_than_days_differ(value, verdict):
    assert judge(Rule.model_validate(LOST), judged([*DAYS, value])) is Verdict.BREACH
    more = LOST | {"beyond_days": True}
    assert judge(Rule.model_validate(more), judged([*DAYS, value], more)) is verdict


def test_without_enough_days_the_rest_decides():
    more = LOST | {"beyond_days": True}
    night = judged([*DAYS[:20], 0.38], more)
    assert (night.likely, night.beside) == (None, "")
    assert judge(Rule.model_validate(more), night) is Verdict.BREACH


def test_a_quality_that_was_lost_for_long_is_still_held_against_the_baseline():
    night = judged([*(day - 0.3 for day in DAYS), 0.2])
    assert night.likely < 0.01


def test_what_is_held_against_a_number_is_compared_with_the_days_before():
    rule = {"name": "low", "metric": "recall", "below": 0.45}
    assert judged([*DAYS, 0.44], rule).likely > 0.1
    assert judged([*DAYS, 0.1], rule).likely < 1e-3


def test_quiet_days_are_no_less_likely_than_it_says():
    random = np.random.default_rng(5)
    rule = {"name": "low", "metric": "recall", "below": 0.9}
    found = [judged(random.normal(0.5, 0.1, 64), rule).likely for _ in range(300)]
    assert np.mean(np.array(found) < 0.1) < 0.14
    assert np.mean(np.array(found) < 0.01) < 0.03
