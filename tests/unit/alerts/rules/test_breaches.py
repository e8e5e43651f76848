import datetime as dt

import pytest

from obs_dagster.alerts.rules.breaches import breaches
from obs_dagster.baselines.kinds.rolling import RollingBaseline
from obs_dagster.metrics.record import MetricRecord

MOVED = {"name": "moved", "metric": "psi", "above": 0.25, "for": 3}
ROLLING = RollingBaseline(kind="rolling", days=7, in_breach="leave_out")


@pytest.fixture
def rolling(monitor):
    """A monitor with a rolling baseline and one rule."""

    def rolling(rule=MOVED, **keys):
        baseline = RollingBaseline(**{"days": 7, "in_breach": "leave_out"} | keys)
        return monitor(rule).model_copy(update={"baseline": baseline})

    return rolling


def psi(day, value, column="dep_delay"):
    return MetricRecord(
        model="flight_delay",
        version="1",
        segment="*",
        column=column,
        metric="psi",
        window=1,
        day=day,
        definition="psi/1",
        value=value,
        low=None,
        high=None,
        n=1_000,
        error=0.0,
        reason="",
        computed_at=dt.datetime(2013, 8, 1, tzinfo=dt.UTC),
        run_id="run",
    )


def test_days_in_breach_are_those_of_the_column_from_the_first_one_on(store, write, rolling, day):
    write([0.1, 0.9, 0.1], metric="psi", column="dep_delay")
    write([0.1, 0.1, 0.1], metric="psi", column="origin")
    found = breaches(rolling(), store, "drift", [day(4), day(5)])

    assert set(found("1", "dep_delay")) == {day(2)}
    assert not found("1", "origin")
    assert not found("1", "")


def test_days_that_are_evaluated_count_as_they_are_now(store, write, rolling, day):
    write([0.1, 0.9, 0.9], metric="psi", column="dep_delay")
    found = breaches(rolling(), store, "drift", [day(3), day(4)])
    assert set(found("1", "dep_delay")) == {day(2)}

    found.add([psi(day(3), 0.1)])
    found.add([psi(day(4), 0.8)])
    assert set(found("1", "dep_delay")) == {day(2), day(4)}


def test_baselines_that_keep_all_days_ask_for_none(store, rolling, monitor, day):
    assert breaches(rolling(in_breach="keep"), store, "drift", [day(1)]) is None
    assert breaches(monitor(MOVED), store, "drift", [day(1)]) is None
    unmoved = {"name": "slow", "metric": "volume", "below": 5}
    assert breaches(rolling(unmoved), store, "service", [day(1)]) is None


def test_earlier_days_take_the_place_of_those_left_out(day):
    night = day(20)
    assert ROLLING.nights_without(night, ()) == [day(number) for number in range(13, 20)]
    out = {day(15), day(16)}
    assert ROLLING.nights_without(night, out) == [day(number) for number in (11, 12, 13, 14, 17, 18, 19)]
    assert ROLLING.nights_without(night, {day(number) for number in range(1, 20)}) == []
    kept = RollingBaseline(days=7, in_breach="keep")
    assert kept.nights_without(night, out) == kept.nights(night)


def test_a_window_is_the_days_that_it_says_unless_told_otherwise(day):
    plain = RollingBaseline(days=3)
    assert plain.nights_without(day(20), {day(18), day(19)}) == [day(17), day(18), day(19)]
    assert "breach" not in plain.why_none("1", day(20))
    assert ROLLING.why_none("1", day(20)).endswith("or was in breach on them")
