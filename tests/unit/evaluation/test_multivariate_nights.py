"""Metrics of several columns in nights: where rules ask for them, as sure as days of the baseline allow."""

import datetime as dt

import numpy as np

from obs_dagster.evaluation.drift import drift_of_day
from obs_dagster.evaluation.multivariate import multivariate_records

ONE = dt.timedelta(days=1)
FEATURES = {"temp": {"type": "number"}, "dew": {"type": "number"}, "carrier": {"type": "category"}}
RULES = [
    {"name": "others", "metric": "domain_auc_evidence", "above": "budget"},
    {"name": "apart", "metric": "correlation_change_p_value", "below": 0.001},
    {"name": "off", "metric": "reconstruction_error_p_value", "below": 0.001},
]


def write(world, day, *, apart=False):
    """A day with a temperature of its own, and a dew point that follows it, or is another row's."""
    frame, draw = world.rows(day, 300), np.random.default_rng(day.toordinal())
    frame["temp"] += draw.normal(0, 1)
    frame["dew"] = frame["temp"] * 0.8 + draw.normal(0, 2, len(frame))
    if apart:
        frame["dew"] = draw.permutation(frame["dew"].to_numpy())
    world.log(day, frame)


def found(world, day):
    return {(each.metric, each.column): each for each in multivariate_records(world.tonight, day)}


def test_nothing_is_computed_unless_a_rule_asks_for_it(small, day):
    world = small(features=FEATURES, alerts=RULES[1:2])
    write(world, day)
    world.write("training/1.parquet", world.rows(day - ONE, 300).assign(dew=1.0))
    world.night(day)
    assert {name for name, _ in found(world, day)} == {
        "correlation_change",
        "correlation_change_p_value",
        "correlation_shift",
    }
    known = found(world, day)["correlation_change_p_value", ""]
    assert known.reason == "fewer than two numbers that vary"
    world.changes["alerts"] = "none"
    assert not found(world, day)
    assert not {each.metric for each in drift_of_day(world.tonight, day).records} & {"correlation_change"}


def run(world, first, night, last):
    """Log every day from the first on, and run the nights from one on; the last day is a faulty one."""
    for number in range((last - first).days + 1):
        day = first + number * ONE
        write(world, day, apart=day == last)
        if day >= night:
            world.night(day)


def test_columns_that_part_are_news_and_days_that_differ_are_not(small, day):
    baseline, night = {"kind": "days", "first": day, "last": day + 20 * ONE}, day + 21 * ONE
    world = small(features=FEATURES, alerts=RULES, baseline=baseline, start=night, windows=[1])
    last = night + ONE
    run(world, day, night, last)

    quiet, parted = found(world, last - ONE), found(world, last)
    for name in ("domain_auc", "correlation_change", "reconstruction_error"):
        assert quiet[f"{name}_p_value", ""].value > 0.01
        assert parted[f"{name}_p_value", ""].value < 0.005
        low, value, high = (getattr(parted[name, ""], end) for end in ("low", "value", "high"))
        assert low < value < high
    assert parted["domain_auc_evidence", ""].value > 1
    assert parted["domain_share", "carrier"].value < 0.1 < parted["domain_share", "dew"].value
    assert parted["correlation_shift", "dew"].value > 0.7
    # run again, the same; rows of the day are not read again for it
    before = world.state()
    assert found(world, last) == parted
    assert world.state() == before


def test_few_days_do_not_say_how_days_differ(small, day):
    world = small(
        features=FEATURES,
        alerts=RULES,
        baseline={"kind": "days", "first": day, "last": day + ONE},
        start=day + 2 * ONE,
    )
    for number in range(3):
        write(world, day + number * ONE)
    world.night(day + 2 * ONE)
    known = found(world, day + 2 * ONE)
    assert known["domain_auc", ""].value is not None
    reason = "not calibrated: 2 days of the baseline have enough rows, 20 are needed"
    assert known["domain_auc_evidence", ""].reason == known["domain_auc_p_value", ""].reason == reason


def test_nights_of_a_rolling_baseline_are_held_against_what_earlier_ones_were(small, day, monkeypatch):
    monkeypatch.setattr("obs_dagster.evaluation.multivariate._APART", 1)
    monkeypatch.setattr("obs_dagster.metrics.multivariate.ordinary.LEAST_DAYS", 4)
    baseline, last = {"kind": "rolling", "days": 5, "min_days": 2}, day + 6 * ONE
    world = small(features=FEATURES, alerts=RULES[1:], baseline=baseline, windows=[1])
    run(world, day, day, last)
    known = found(world, last)
    assert known["correlation_change_p_value", ""].value < 0.05
    assert known["reconstruction_error_p_value", ""].value < 0.05
    before = found(world, last - ONE)["correlation_change_p_value", ""]
    assert before.reason == "not calibrated: 3 days of the baseline have enough rows, 4 are needed"
    assert found(world, day)["correlation_change", ""].reason == "no baseline"
