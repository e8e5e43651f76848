import pytest

from obs_dagster.demo.flights import TRUTHS, DemoError, _data_folder


def test_every_flight_of_the_year_is_there_once(flights):
    assert len(flights) == 336_776
    assert flights["flight_id"].is_unique
    assert flights["date"].dt.year.unique().tolist() == [2013]


def test_nothing_that_is_known_after_departure_is_in_a_row(flights):
    schedule = {"hour", "weekday", "carrier", "origin", "dest", "distance"}
    weather = {"temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"}
    assert set(flights.columns) == {"flight_id", "date", "departs", *TRUTHS} | schedule | weather


def test_a_flight_is_late_after_more_than_fifteen_minutes(flights):
    # UA 1545 of 1 January arrived 11 minutes late, UA 1714 20 minutes.
    late = flights.set_index("flight_id")["late"]
    assert not late["2013-01-01-UA-1545-EWR"]
    assert late["2013-01-01-UA-1714-LGA"]


def test_cancelled_and_diverted_flights_have_no_label(flights):
    assert flights["late"].isna().sum() == 9_430


def test_weather_is_of_the_departure_hour_and_null_where_nobody_measured(flights):
    row = flights.set_index("flight_id").loc["2013-01-01-UA-1545-EWR"]
    assert (row["temp"], row["dewp"], row["hour"], row["weekday"]) == (39.02, 28.04, 5, "Tue")
    assert flights["temp"].isna().sum() == 1_573
    assert flights["hour"].notna().all()


def test_departure_is_in_utc(flights):
    local = flights["departs"].dt.tz_convert("America/New_York")
    assert (local.dt.hour == flights["hour"]).all()
    assert (local.dt.tz_localize(None).dt.normalize() == flights["date"]).all()


def test_a_missing_package_says_how_to_install_it():
    with pytest.raises(DemoError, match="no-such-package, which is not installed") as caught:
        _data_folder("no-such-package")
    assert "pip install 'obs-dagster[demo]'" in caught.value.remedy
