"""Times that don't say all themselves: units, formats and zones; and how they are recognised."""

import datetime as dt
from dataclasses import asdict

import pytest

from obs_dagster.monitor.times import Times
from obs_dagster.sources.files import connect
from obs_dagster.sources.time_forms import day_of, recognised_times
from obs_dagster.sources.times import Written, moment

AT = dt.datetime(2024, 3, 4, 23, 59, 58, 250_000, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def session():
    with connect() as connection:
        yield connection


def read(session, value, found, **written):
    query = f"SELECT epoch_us({moment('v', found, Written(**written))}) FROM (SELECT {value} AS v)"
    since = session.sql(query).fetchall()[0][0]
    return (
        since if since is None else dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=since)
    )


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_a_number_is_of_its_unit_whatever_its_size(session, unit, factor):
    whole = int(AT.timestamp()) * factor
    second = AT.replace(microsecond=0)
    assert read(session, f"{whole}::BIGINT", "BIGINT", unit=unit) == second
    assert read(session, f"'{whole}'", "VARCHAR", unit=unit) == second
    assert read(session, f"{AT.timestamp()!r} * {factor}::DOUBLE", "DOUBLE", unit=unit) == AT
    assert read(session, f"{factor}::BIGINT", "BIGINT", unit=unit) == dt.datetime(
        1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC
    )
    assert read(session, "9223372036854775807::BIGINT", "BIGINT", unit="s") is None
    assert read(session, "'soon'", "VARCHAR", unit=unit) is None


@pytest.mark.parametrize(
    ("text", "form", "zone", "hour"),
    [
        ("04.03.2024 10:00", "%d.%m.%Y %H:%M", "", 10),
        ("04.03.2024 10:00", "%d.%m.%Y %H:%M", "Europe/Berlin", 9),
        ("04/Mar/2024:10:00:00 +0300", "%d/%b/%Y:%H:%M:%S %z", "Europe/Berlin", 7),
        ("2024-03-04 10:00", "", "America/New_York", 15),
        ("2024-03-04T10:00:00Z", "", "America/New_York", 10),
        ("2024-03-04", "", "America/New_York", 5),
        ("1709546400", "", "America/New_York", 10),
    ],
)
def test_a_text_is_read_in_its_format_and_zone(session, text, form, zone, hour):
    assert read(session, f"'{text}'", "VARCHAR", form=form, zone=zone) == AT.replace(
        hour=hour, minute=0, second=0, microsecond=0
    )


@pytest.mark.parametrize("found", ["TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "DATE", "TIMESTAMPTZ"])
def test_a_naive_time_is_of_the_zone_and_another_is_not(session, found):
    value = f"CAST(TIMESTAMP '2024-07-04 00:00:00' AS {found})"
    hour = 0 if found == "TIMESTAMPTZ" else 4
    at = dt.datetime(2024, 7, 4, hour, tzinfo=dt.UTC)
    assert read(session, value, found, zone="America/New_York") == at


def test_the_hour_that_occurs_twice_is_the_later_one(session):
    at = read(session, "TIMESTAMP '2024-10-27 02:30:00'", "TIMESTAMP", zone="Europe/Berlin")
    assert at == dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "times"),
    [
        ([1709596800, 1709596860.5], Times(unit="s")),
        (["1709596800123"], Times(unit="ms")),
        ([20240304, 20240305], Times(format="%Y%m%d")),
        (["03/04/2024", "03/31/2024"], Times(format="%m/%d/%Y")),
        (["04/Mar/2024:10:00:00 +0300"], Times(format="%d/%b/%Y:%H:%M:%S %z")),
        (["20240304T100000", "20240304T235959"], Times(format="%Y%m%dT%H%M%S")),
        ([AT, AT], Times()),
        (["2024-03-04 10:00:00.5+01"], Times()),
        (["soon"], None),
        ([1, 2, 3], None),
        ([], None),
    ],
)
def test_how_times_are_written_is_recognised(session, values, times):
    assert recognised_times(values) == times
    if times is None:
        return
    for value in values:
        kind = "TIMESTAMPTZ" if isinstance(value, dt.date) else "VARCHAR"
        assert read(session, f"'{value}'::{kind}", kind, **asdict(Written.of(times))) is not None


def test_a_wrong_unit_leads_to_another_day():
    assert day_of(1709596800, "s") == dt.date(2024, 3, 5)
    assert day_of(1709596800, "ms") == dt.date(1970, 1, 20)
    assert day_of(1709596800123456, "s") is None
