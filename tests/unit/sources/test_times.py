"""Moments of every Arrow type, held against Python's own arithmetic."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.times import moment

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}
EXTREMES = [2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1, -(2**63) + 100]
NEAR = dt.datetime(2024, 3, 4, 23, 59, 59, 999_000, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def session():
    with connect() as connection:
        yield connection


def moments(connection, array, path):
    pq.write_table(pa.table({"t": array}), path)
    [part] = SourceFiles("parquet", str(path), (path,)).parts(connection)
    value = moment(part.column("t"), part.found["t"])
    found = connection.sql(f"SELECT epoch_us({value}) FROM {part.source} AS source ORDER BY {part.row}")
    return [None if each is None else EPOCH + dt.timedelta(microseconds=each) for (each,) in found.fetchall()]


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "+05:30"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_every_unit_and_zone_is_the_same_moment_and_extremes_are_none(session, tmp_path, unit, zone):
    count = int(NEAR.timestamp() * 1000) * UNITS[unit] // 1000
    # the last nanosecond of a day is in that day
    values = [count, count + (999_999 if unit == "ns" else 0), None, 0, *EXTREMES]
    array = pa.array(values, pa.int64()).view(pa.timestamp(unit, zone))
    found = moments(session, array, tmp_path / "a.parquet")
    last = NEAR + dt.timedelta(microseconds=999 if unit == "ns" else 0)
    assert found[:4] == [NEAR, last, None, EPOCH]
    if unit == "ns":
        # nanoseconds reach from 1677 to 2262, but for infinity
        assert all(each is None or each.year in (1677, 2262) for each in found[4:])
    else:
        assert found[4:] == [None] * len(EXTREMES)


@pytest.mark.parametrize("year", [-4800, 0, 10_000, 100_000])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_years_that_python_does_not_know_are_none(session, tmp_path, year, zone):
    seconds = (year - 1970) * 31_556_952
    for unit in ("ms", "us"):
        array = pa.array([seconds * UNITS[unit]], pa.int64()).view(pa.timestamp(unit, zone))
        assert moments(session, array, tmp_path / "a.parquet") == [None]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (
            pa.array([0, 19_786, None, 2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()),
            [0, 19_786, None, None, None],
        ),
        (pa.array([19_786 * 86_400_000], pa.int64()).view(pa.date64()), [19_786]),
    ],
)
def test_a_date_is_its_midnight_in_utc(session, tmp_path, array, expected):
    found = moments(session, array, tmp_path / "a.parquet")
    assert found == [None if days is None else EPOCH + dt.timedelta(days=days) for days in expected]


@given(st.integers(10**8, 9_000_000_000))
def test_numbers_since_1970_are_read_in_the_unit_that_they_are_in(seconds):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for factor in (1, 10**3, 10**6, 10**9):
            for kind in ("BIGINT", "VARCHAR", *(["DOUBLE"] if factor < 10**9 else [])):
                number = f"(SELECT CAST({seconds * factor} AS {kind}) AS x)"
                query = f"SELECT epoch_us({moment('x', kind)}) FROM {number}"
                assert connection.sql(query).fetchall() == [(seconds * 10**6,)], (factor, kind)


@pytest.mark.parametrize("value", [20240304, 20240304120000, 0, -1, 45_355, 2**63 - 1, 12_345_678])
def test_a_number_that_may_be_something_else_is_no_moment(session, value):
    for kind in ("BIGINT", "DOUBLE", "VARCHAR"):
        query = f"SELECT {moment('x', kind)} FROM (SELECT CAST({value} AS {kind}) AS x)"
        assert session.sql(query).fetchall() == [(None,)]


@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "290000-01-01 00:00:00", "5000-01-01 (BC)", "soon", "nan"]
)
def test_texts_without_a_date_that_python_knows_are_none(session, text):
    assert session.sql(f"SELECT {moment('x', 'VARCHAR')} FROM (SELECT '{text}' AS x)").fetchall() == [(None,)]
