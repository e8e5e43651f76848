"""Days by what a table's log knows of its files."""

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.monitor.times import Times
from obs_dagster.sources.tables.days_of_files import DaysOfFiles
from obs_dagster.sources.tables.snapshot import DataFile
from obs_dagster.sources.tables.time_column import TimeColumn

DAY = dt.date(2024, 3, 4)
ONE = dt.timedelta(days=1)
MOMENTS = st.integers(31_536_000_000_000, 4_102_444_800_000_000).map(
    lambda number: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=number)
)
KINDS = {
    "moments": (pa.timestamp("us", "UTC"), Times()),
    "naive": (pa.timestamp("us"), Times(zone="America/New_York")),
    "days": (pa.date32(), Times()),
    "seconds": (pa.int64(), Times(unit="s")),
    "microseconds": (pa.int64(), Times(unit="us")),
}


def column(kind):
    type_, times = KINDS[kind]
    return TimeColumn.of(pa.schema({"at": type_}), "at", times, where="table", role="logs.columns.time")


@pytest.mark.parametrize("kind", KINDS)
@given(moment=MOMENTS)
def test_the_value_of_a_moment_is_the_first_that_is_not_before_it(kind, moment):
    at = column(kind)
    value = at.value(moment)
    if kind == "naive" and at.moment(value) != moment:
        # the hour that clocks have twice
        assert abs(at.moment(value) - moment) <= dt.timedelta(hours=1)
        return
    assert at.moment(value) >= moment
    before = {"days": ONE, "seconds": 1, "microseconds": 1}.get(kind, dt.timedelta(microseconds=1))
    assert at.moment(value - before) < moment


def moment(day, hour=0):
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def test_a_file_is_of_every_day_between_its_ends_in_the_zone_of_the_monitor():
    file = DataFile("a", moment(DAY, 1), moment(DAY + 2 * ONE, 1), 10, 0, "1")
    assert sorted(DaysOfFiles.of([file], column("moments"), dt.UTC).by_day) == [DAY, DAY + ONE, DAY + 2 * ONE]
    west = DaysOfFiles.of([file], column("moments"), ZoneInfo("America/New_York"))
    assert sorted(west.by_day) == [DAY - ONE, DAY, DAY + ONE]
    assert list(west.ends) == [DAY - ONE, DAY + ONE]


def test_files_of_which_nobody_knows_may_have_rows_of_any_day():
    files = [
        DataFile("unknown", None, None, 5, None, "1"),
        DataFile("wide", moment(dt.date(1, 1, 5)), moment(dt.date(9999, 12, 20)), 5, 0, "1"),
    ]
    found = DaysOfFiles.of(files, column("moments"), dt.UTC)
    assert [each.name for each in found.files(DAY)] == ["unknown", "wide"]


def test_files_without_a_time_are_of_no_day_and_are_counted():
    files = [DataFile("null", None, None, 5, 5, "1"), DataFile("empty", None, None, 0, 0, "1")]
    found = DaysOfFiles.of(files, column("moments"), dt.UTC)
    assert (found.stamp(DAY), found.missing) == ("", 5)


def test_a_stamp_is_that_of_the_day_s_files_alone():
    one = DataFile("a", moment(DAY), moment(DAY, 9), 5, 0, "1")
    two = DataFile("b", moment(DAY + ONE), moment(DAY + ONE, 9), 5, 0, "1")
    before = DaysOfFiles.of([one], column("moments"), dt.UTC).stamp(DAY)
    assert DaysOfFiles.of([two, one], column("moments"), dt.UTC).stamp(DAY) == before
    deleted = DataFile("a", one.low, one.high, 5, 0, "1 dv")
    assert DaysOfFiles.of([deleted], column("moments"), dt.UTC).stamp(DAY) != before
