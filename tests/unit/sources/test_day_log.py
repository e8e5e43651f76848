"""Which rows are a day's: those of its folder, or those whose time is in it; every row is in one day."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from obs_dagster.quality.books import books_of
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import source_of

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day):
    """Makes a world of four days of rows, ten minutes apart, in folders by the day of a time zone."""

    def make(zone, *, folders="UTC", kind="parquet", every="10min", **logs):
        world = small(time_zone=zone)
        world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
            "path": "logs/{day}/*",
            "source": kind,
            **logs,
        }
        begin = pd.Timestamp(day, tz=folders)
        times = pd.date_range(begin, begin + pd.Timedelta(days=4), freq=every, inclusive="left")
        rows = pd.concat([world.rows(day, 200, seed=seed) for seed in range(5)])[: len(times)]
        rows["at"] = times.tz_convert("UTC").as_unit("us")
        for name, part in rows.groupby(times.strftime("%Y-%m-%d")):
            world.write(f"logs/{name}/a.{kind}", part.reset_index(drop=True))
        return world, rows.reset_index(drop=True)

    return make


def ids(world, day):
    return set(world.lake.table("small", LOGS).read(day)["id"].to_pylist())


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize(
    "zone", ["Australia/Sydney", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"]
)
def test_folders_by_day_of_utc_give_the_days_of_the_time_zone(world, day, zone, kind):
    world, rows = world(zone, kind=kind)
    local = rows["at"].dt.tz_convert(zone).dt.date
    found = {}
    for offset in range(-1, 5):
        each = day + offset * ONE
        ingest_logs(world.monitor, each, world.lake)
        found[each] = ids(world, each)
        assert found[each] == set(rows["id"][local == each]), each
        if found[each] and each < local.max():
            quality = validate_day(world.monitor, each, world.lake)
            assert (quality.evaluated, quality.quarantined) == (True, 0)
    assert sum(map(len, found.values())) == len(rows)


@pytest.mark.parametrize("zone", ["Australia/Sydney", "America/New_York"])
def test_folders_by_local_day_stay_as_they_are(world, day, zone):
    world, rows = world(zone, folders=zone)
    # a clock that is wrong, and a request that ends after midnight
    strays = rows.tail(2).assign(id=["s0", "s1"], at=rows["at"].iloc[-1] + pd.Timedelta(minutes=15))
    world.write(f"logs/{day + 3 * ONE}/b.parquet", strays)
    local = rows["at"].dt.tz_convert(zone).dt.date
    for offset in range(4):
        each = day + offset * ONE
        ingest_logs(world.monitor, each, world.lake)
        assert ids(world, each) - {"s0", "s1"} == set(rows["id"][local == each])
    quality = validate_day(world.monitor, day + 3 * ONE, world.lake)
    assert (quality.evaluated, quality.quarantined) == (True, 2)


def test_the_last_day_waits_for_the_folder_that_has_its_last_hours(world, day):
    world, _ = world("America/New_York")
    last = day + 3 * ONE
    ingest_logs(world.monitor, last, world.lake)
    quality = validate_day(world.monitor, last, world.lake)
    assert not quality.evaluated
    assert str(last + ONE) in quality.reason
    assert "UTC" in quality.reason
    world.changes["end"] = last
    ingest_logs(world.monitor, last, world.lake)
    assert validate_day(world.monitor, last, world.lake).evaluated


def test_a_day_without_traffic_in_between_is_not_waited_for(world, day):
    world, _ = world("America/New_York")
    (world.root / f"logs/{day + 2 * ONE}/a.parquet").unlink()
    ingest_logs(world.monitor, day + ONE, world.lake)
    assert validate_day(world.monitor, day + ONE, world.lake).evaluated


def test_the_path_decides_where_it_is_said_to_and_the_refusal_says_what_to_do(world, day):
    world, _ = world("Australia/Sydney", day_of="path")
    ingest_logs(world.monitor, day + ONE, world.lake)
    quality = validate_day(world.monitor, day + ONE, world.lake)
    assert not quality.evaluated
    assert "logs.day_of: time" in quality.reason
    assert "Australia/Sydney" in quality.reason


def test_time_decides_where_it_is_said_to_whatever_the_folders_are(world, day):
    world, rows = world("UTC", folders="Asia/Tokyo", day_of="time")
    found = []
    for offset in range(-1, 5):
        each = day + offset * ONE
        ingest_logs(world.monitor, each, world.lake)
        assert ids(world, each) == set(rows["id"][rows["at"].dt.date == each])
        found += ids(world, each)
    assert len(found) == len(rows)


def test_rows_of_no_day_near_stay_with_their_folder_and_break_its_contract(world, day):
    world, rows = world("Australia/Sydney")
    lost = rows.head(3).assign(id=["a", "b", "c"])
    lost["at"] = [None, pd.Timestamp("1999-01-01", tz="UTC"), pd.Timestamp("2099-01-01", tz="UTC")]
    world.write(f"logs/{day + ONE}/b.parquet", lost.astype({"at": "datetime64[us, UTC]"}))
    seen = []
    for offset in range(-1, 5):
        ingest_logs(world.monitor, day + offset * ONE, world.lake)
        seen += [(each, offset) for each in {"a", "b", "c"} & ids(world, day + offset * ONE)]
    assert sorted(seen) == [("a", 1), ("b", 1), ("c", 1)]
    assert validate_day(world.monitor, day + ONE, world.lake).quarantined == 3


def test_few_rows_that_fit_both_readings_are_told_by_the_days_beside_them(world, day):
    zone = "Australia/Sydney"
    world, rows = world(zone)
    at_noon = rows[rows["at"].dt.hour < 10]
    today = at_noon[at_noon["at"].dt.date == day + ONE]
    assert set(today["at"].dt.tz_convert(ZoneInfo(zone)).dt.date) == {day + ONE}
    world.write(f"logs/{day + ONE}/a.parquet", today)
    ingest_logs(world.monitor, day + ONE, world.lake)
    local = rows["at"].dt.tz_convert(zone).dt.date
    before = rows[(local == day + ONE) & (rows["at"].dt.date == day)]
    assert ids(world, day + ONE) == {*today["id"], *before["id"]}


def test_the_stamp_of_a_day_sees_the_files_beside_it(world, day):
    world, rows = world("Australia/Sydney")
    before = source_of(world.monitor.logs).stamp(world.monitor, day + ONE)
    world.write(f"logs/{day}/b.parquet", rows.head(1))
    assert source_of(world.monitor.logs).stamp(world.monitor, day + ONE) != before


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_times_without_a_zone_do_not_say_whose_day_their_folder_is(small, day, zone):
    # a service in New York writes its own days: without the zone, no row is moved by a guess
    world = small(time_zone="America/New_York")
    for offset in (-1, 0, 1):
        each = day + dt.timedelta(days=offset)
        rows = world.rows(each, 24)
        local = pd.Timestamp(each, tz="America/New_York") + pd.to_timedelta(list(range(24)), "h")
        world.log(each, rows.assign(at=local if zone else local.tz_localize(None)))
    ingested = ingest_logs(world.monitor, day, world.lake)
    assert ingested.rows == 24
    kept = world.lake.table("small", LOGS).read(day).to_pandas()
    assert {name.rsplit("-", 3)[0] for name in kept["id"]} == {str(day)}


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_rows_that_no_day_takes_are_told_once(world, day, order):
    zone = "America/New_York"
    world, rows = world(zone)
    local = rows["at"].dt.tz_convert(zone).dt.date
    # one day's folder is by local day, so it is read alone, and the next one has its evening
    world.write(f"logs/{day + 2 * ONE}/a.parquet", rows[local == day + 2 * ONE])
    evening = rows[(local == day + 2 * ONE) & (rows["at"].dt.date == day + 3 * ONE)]
    told = {}
    for offset in order:
        each = day + offset * ONE
        told[offset] = ingest_logs(world.monitor, each, world.lake).strays
        quality = validate_day(world.monitor, each, world.lake)
        kept = quality.rows - quality.quarantined if quality.evaluated else 0
        found = books_of(world.monitor, each, world.lake, kept)
        assert found.unaccounted == 0
        assert found.untaken == sum(told[offset].untaken.values())
    assert [dict(told[offset].untaken) for offset in order] == [{}, {str(day + 2 * ONE): len(evening)}]
    assert f"{len(evening)} rows are of {day + 2 * ONE}" in str(told[order[1]])


def test_rows_of_other_days_are_counted_and_those_without_a_night_are_said(world, day):
    zone = "America/New_York"
    world, rows = world(zone)
    local = rows["at"].dt.tz_convert(zone).dt.date
    before = int((local == day - ONE).sum())
    found = ingest_logs(world.monitor, day, world.lake)
    assert (dict(found.strays.beyond), dict(found.strays.untaken)) == ({str(day - ONE): before}, {})
    two_folders = rows["at"].dt.date <= day + ONE
    assert found.strays.rows == int(two_folders.sum()) - found.rows
    second = ingest_logs(world.monitor, day + ONE, world.lake)
    assert dict(second.strays.leaving) == {str(day): int(((local == day) & (rows["at"].dt.date > day)).sum())}
    assert str(second.strays) == ""


def test_a_day_whose_rows_tell_nothing_is_read_as_the_days_beside_it(world, day):
    zone = "America/New_York"
    world, rows = world(zone)
    local = rows["at"].dt.tz_convert(zone).dt.date
    ingest_logs(world.monitor, day, world.lake)
    # as many rows speak for folders by local day as for those by day of UTC
    mixed = rows[(local == day + ONE)].tail(6).assign(id=list("abcdef"))
    world.write(f"logs/{day + ONE}/b.parquet", mixed)
    utc = rows[rows["at"].dt.date == day + ONE]
    world.write(f"logs/{day + ONE}/a.parquet", utc[utc["at"].dt.hour < 6].head(6))
    world.write(f"logs/{day + 2 * ONE}/a.parquet", rows.head(0))
    found = ingest_logs(world.monitor, day + ONE, world.lake)
    assert world.lake.table("small", LOGS).manifest(day + ONE)["by_time"]
    assert ids(world, day + ONE) >= set("abcdef")
    assert dict(found.strays.untaken) == {}
