"""Of a Parquet file with many days a night reads the rows that can be of its day, and finds what all tell."""

import datetime as dt
import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.sources.dividing import Dividing
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import source_of

ONE = dt.timedelta(days=1)
DAYS, ROWS, GROUP = 6, 40, 20
#: How times are written, and what `logs.times` says of it.
FORMS = {
    "utc": (lambda at: at, {}),
    "naive": (lambda at: at.dt.tz_localize(None), {"zone": "Europe/Berlin"}),
    "nanoseconds": (lambda at: at.dt.as_unit("ns"), {}),
    "date": (lambda at: at.dt.date, {}),
    "seconds": (lambda at: at.dt.as_unit("s").astype("int64"), {}),
    "milliseconds": (lambda at: at.dt.as_unit("ms").astype("int64"), {"unit": "ms"}),
}


@pytest.fixture
def copied(monkeypatch):
    """The places of rows that were read, one pair for each reading; None for all."""
    seen = []
    copy = Dividing._copy

    def spied(self, rows, folder, name):
        found = re.search(r"BETWEEN (\d+) AND (\d+)$", rows)
        seen.append(found and (int(found[1]), int(found[2])))
        return copy(self, rows, folder, name)

    monkeypatch.setattr(Dividing, "_copy", spied)
    return seen


@pytest.fixture
def many(small, day):
    """Makes a small world whose log is one file with six days, in groups of half a day."""

    def made(form="utc", *, zone="UTC", group=GROUP, statistics=True, shuffled=False, at=lambda at: at):
        world = small(time_zone=zone)
        written, times = FORMS[form]
        logs = world.monitor.logs.model_dump(exclude_unset=True)
        world.changes["logs"] = logs | {"path": "all.parquet", "times": times}
        frame = pd.concat([world.rows(day + back * ONE, ROWS) for back in range(DAYS)], ignore_index=True)
        spread = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(frame.index * (24 * 60 // ROWS), "min")
        frame["at"] = written(at(pd.Series(spread)))
        frame = frame.sample(frac=1, random_state=1) if shuffled else frame
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, world.root / "all.parquet", row_group_size=group, write_statistics=statistics)
        return world

    return made


def found(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return world.lake.table("small", LOGS).read(day)


def test_a_night_reads_the_rows_that_can_be_of_its_day(many, day, copied):
    world = many()
    assert len(found(world, day + 2 * ONE)) == ROWS
    ((first, last),) = copied
    # clocks that are put back are allowed for: up to an hour away, a group may have rows of the day
    assert (first, last + 1) == (2 * ROWS - GROUP, 3 * ROWS + GROUP)


def test_a_backfill_reads_each_row_once_and_not_in_small_pieces(many, day, copied):
    world = many()
    for back in range(DAYS):
        found(world, day + back * ONE)
    read = [place for first, last in copied for place in range(first, last + 1)]
    assert sorted(read) == list(range(DAYS * ROWS))
    assert len(copied) <= 4


@pytest.mark.parametrize(
    ("form", "zone"), [(form, "UTC" if form == "date" else "America/New_York") for form in FORMS]
)
def test_rows_and_stamps_are_those_of_a_file_that_tells_nothing(many, day, copied, form, zone):
    days = [day + back * ONE for back in (3, -1, 0, DAYS - 1, DAYS)]
    told = []
    for statistics in (False, True):
        world = many(form, zone=zone, statistics=statistics)
        rows = [found(world, each).to_pylist() for each in days]
        source = source_of(world.monitor.logs)
        told.append((rows, [source.stamp(world.monitor, each) for each in days]))
    assert told[0] == told[1]
    assert sum(map(len, told[0][0])) > 2 * ROWS
    assert None in copied
    assert copied[-1] is not None


def test_rows_in_any_order_are_read_at_once(many, day, copied):
    world = many(shuffled=True)
    for back in range(DAYS):
        assert len(found(world, day + back * ONE)) == ROWS
    assert copied == [(0, DAYS * ROWS - 1)]


def test_nothing_is_concluded_where_a_time_is_missing(many, day, copied):
    world = many(at=lambda at: at.where(at.index != GROUP))
    assert [len(found(world, day + back * ONE)) for back in range(2)] == [ROWS, ROWS]
    assert set(copied) == {None}


def test_clocks_that_are_put_back_at_midnight_hide_no_row(many, day, copied):
    # Newfoundland's came from 00:01 of the 7th (02:31 UTC) to 23:01 of the 6th, so 02:30 is of the 7th
    begin = pd.Timestamp("2010-11-07T02:20Z")
    world = many(
        zone="America/St_Johns",
        group=1,
        at=lambda at: pd.Series(begin + pd.to_timedelta(range(len(at)), "min")),
    )
    before, after = (found(world, dt.date(2010, 11, number)) for number in (6, 7))
    assert (len(before), len(after)) == (69, 171)
    assert None not in copied
