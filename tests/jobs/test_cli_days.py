"""Days as people ask for them."""

import datetime as dt

import pytest
import typer

from jobs.cli import days
from obs_dagster.catalogue import monitor_of


@pytest.fixture
def monitor(home):
    """A monitor whose day is a day ahead of, or behind, that of most of the world."""
    file = home.monitors / "loan_default.yaml"

    def monitor(zone):
        text = file.read_text().replace("end: 2024-03-05", f"time_zone: {zone}").replace("${OBS_HOME}", ".")
        file.write_text(text)
        return monitor_of(file)

    return monitor


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_words_mean_days_where_the_model_lives(monitor, zone):
    model = monitor(zone)
    today = dt.datetime.now(model.zone).date()
    yesterday = today - dt.timedelta(days=1)
    assert days.day_to_evaluate(model, days.parse_day("today")) == today
    assert days.day_to_evaluate(model, days.parse_day("yesterday")) == yesterday
    assert days.day_to_evaluate(model, days.LATEST) == yesterday
    assert days.day_of(model, days.LATEST, lambda: dt.date(2024, 3, 1)) == dt.date(2024, 3, 1)
    assert days.day_to_evaluate(model, days.parse_day("2024-03-04")) == dt.date(2024, 3, 4)


def test_the_latest_day_is_the_monitor_s_end(home, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(home.root))
    model = monitor_of(home.monitors / "loan_default.yaml")
    assert days.day_to_evaluate(model, days.LATEST) == dt.date(2024, 3, 5)


def test_a_moment_is_the_end_of_a_day_where_the_model_lives_or_says_its_offset(monitor):
    model = monitor("America/New_York")
    end_of_day = dt.datetime(2024, 3, 6, 5, tzinfo=dt.UTC)
    assert days.moment_of(model, days.parse_moment("2024-03-05")) == end_of_day
    assert days.moment_of(model, days.parse_moment("2024-03-06T07:00+02:00")) == end_of_day
    for text in ("yesterday", "2024-03-05T06:00", ""):
        with pytest.raises(typer.BadParameter, match="is no moment"):
            days.parse_moment(text)


@pytest.mark.parametrize("text", ["1.3.2024", "tomorrow", "", "2024-02-30"])
def test_what_is_no_day_is_told_how_to_write_one(text):
    with pytest.raises(typer.BadParameter, match="YYYY-MM-DD, today, yesterday or latest"):
        days.parse_day(text)
