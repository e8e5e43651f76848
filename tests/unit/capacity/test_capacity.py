import datetime as dt

import numpy as np
import pytest
from scipy.stats import theilslopes

from obs_dagster.capacity import Forecast, forecast, forecasts, night_window, record_capacity
from obs_dagster.capacity.trend import robust_line
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.history import nights as nights_of
from obs_dagster.history.nights import NightRecord
from obs_dagster.history.usage import NightUsage, StageUsage, read_programs, record
from obs_dagster.telemetry.resources import Usage

LAST = dt.date(2024, 5, 31)
HOUR = dt.timedelta(hours=1)


def taken(seconds, day, days=1):
    began = dt.datetime.combine(day, dt.time(5), dt.UTC)
    return StageUsage("m", day, "profile", days, began, Usage(seconds, 1.0, 2, 1), "run")


def nights(seconds, days=1):
    known = [LAST - dt.timedelta(days=back) for back in range(len(seconds))][::-1]
    return [NightUsage("m", day, [taken(each, day, days)]) for day, each in zip(known, seconds, strict=True)]


def test_the_line_is_that_of_scipy_and_no_odd_night_bends_it():
    dice = np.random.default_rng(3)
    x = np.arange(40.0)
    y = 100 + 2 * x + dice.normal(0, 5, 40)
    y[[5, 30]] = 5_000
    found = robust_line(list(zip(x.tolist(), y.tolist(), strict=True)))
    slope, _, low, high = theilslopes(y, x)
    assert (found.slope, found.low, found.high) == pytest.approx((slope, low, high))
    assert found.slope == pytest.approx(2, abs=0.3)
    assert found.at(20) == pytest.approx(140, abs=6)


def test_intervals_of_the_growth_hold_what_they_say():
    dice = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        y = 100 + 1.5 * np.arange(28) + dice.normal(0, 12, 28)
        found = robust_line(list(enumerate(y.tolist())))
        held += found.low <= 1.5 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_nights_that_grow_outgrow_their_window_some_day():
    found = forecast(nights([1_800 + 30 * number for number in range(40)]), HOUR)
    assert found.seconds == pytest.approx(1_800 + 30 * 39)
    assert found.days_left == pytest.approx((3_600 - 2_970) / 30)
    assert found.is_tight
    assert found.share_in(14)[0] == pytest.approx((2_970 + 14 * 30) / 3_600)
    assert "30 s more with every day: too long in about 21 days" in str(found)


def test_nights_that_differ_without_growing_are_no_warning():
    dice = np.random.default_rng(1)
    found = forecast(nights((600 + dice.normal(0, 60, 50)).tolist()), 24 * HOUR)
    assert found.days_left is None
    assert not found.is_tight
    assert str(found).endswith("of the 24 h there are")
    # one that is long already is, however it goes on
    assert forecast(nights([3_000.0] * 20), HOUR).is_tight
    late = forecast(nights([4_000.0] * 20), HOUR)
    assert late.days_left == 0
    assert str(late) == "a night takes 1 h 6 min, longer than the 1 h there are"


def test_without_enough_nights_of_their_own_nothing_is_known():
    assert forecast([], HOUR) == "0 of the 10 nights that are needed to know how nights grow"
    assert forecast(nights([60.0] * 9), HOUR).startswith("9 of the 10 nights")
    assert forecast(nights([60.0] * 40, days=40), HOUR).startswith("0 of the 10 nights")


@pytest.mark.parametrize(
    ("keys", "hours"),
    [
        ({}, 24),
        ({"schedule": "0 5 * * sun"}, 168),
        ({"schedule": "0 5 * * mon,wed"}, 48),
        ({"schedule": "0 5 29 2 *"}, 24),
        ({"night_hours": 1.5}, 1.5),
    ],
)
def test_the_window_is_the_shortest_time_between_two_nights_or_what_the_monitor_says(small, keys, hours):
    assert night_window(small(**keys).monitor) == hours * HOUR


def test_a_rule_may_watch_the_share_of_the_window(small, tmp_path):
    rule = {"name": "tight", "metric": "night_window_share", "above": 0.8}
    monitor = small(alerts=[rule], night_hours=1).monitor
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        with history.writing(monitor.model) as connection:
            for number in range(20):
                day = LAST - dt.timedelta(days=20 - number)
                each = taken(1_800.0 + 60 * number, day)
                record(
                    connection, [StageUsage(monitor.model, day, "profile", 1, each.began_at, each.usage, "r")]
                )
            night = NightRecord(
                model=monitor.model,
                day=LAST - dt.timedelta(days=1),
                evaluated=True,
                reason="",
                rows=1,
                versions=("1",),
                run_id="r",
                finished_at=dt.datetime.now(dt.UTC),
            )
            nights_of.record(connection, night)
        assert forecasts(history, [monitor])[monitor.model].is_tight
        recorder = Recorder(monitor.model, "r", dt.datetime.now(dt.UTC), monitor.task)
        record_capacity(monitor, history, [LAST], recorder)
        (found,) = history.metrics(monitor.model, metrics=["night_window_share"])
        with history.reading() as connection:
            programs = read_programs(connection, monitor.model)
    assert (found.version, found.n) == ("*", 20)
    assert found.value == pytest.approx((1_800 + 60 * 19 + 14 * 60) / 3_600)
    assert "dagster" in programs[LAST]


def test_a_forecast_is_written_in_units_that_people_read():
    found = Forecast(LAST, 20, 5_000.0, 0.5, 0.4, 0.6, 86_400.0)
    assert str(found).startswith("a night takes 1 h 23 min, 6% of the 24 h there are, and 0.5 s more")
