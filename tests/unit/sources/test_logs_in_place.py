"""Logs that are read in place: the same rows and results as of a copy, or an error that names the file."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.errors import LakeError, SourceError
from obs_dagster.evaluation.sampling import sample_day
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import QUARANTINE, clean_rows
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.log_rows import check_in_place, log_rows

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small):
    """Makes a world whose logs are read in place, or copied; several files make a day."""

    def make(folder="placed", *, in_place=True, **changes):
        world = small(folder, **changes)
        world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
            "path": "logs/{day}/*.parquet",
            "in_place": in_place,
        }
        return world

    return make


def log(world, day, rows, parts=3):
    for number, part in enumerate(np.array_split(np.arange(len(rows)), parts)):
        world.write(f"logs/{day}/{number}.parquet", rows.iloc[part])


def placed(world, day):
    return "in_place" in world.lake.table("small", LOGS).manifest(day)


def ingested(world, days):
    """The rows as every reader sees them."""
    with connect() as connection:
        return connection.sql(log_rows(connection, world.monitor, days, world.lake)).df()


def same(one, other):
    keys = ["_obs_day", "_obs_row"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True),
        other[one.columns].sort_values(keys, ignore_index=True),
    )


@pytest.fixture
def pair(world, day):
    """A world in place and its copied twin, with rows that are quarantined, wide types, NaN and nulls."""
    worlds = world(), world("copied", in_place=False)
    for each in worlds:
        each.train("1")
        for when in (day, day + ONE):
            rows = each.rows(when, 90).assign(note="kept", extra=1)
            rows.loc[[2, 40, 71], "score"] = [1.5, np.nan, -1.0]
            rows.loc[[5, 50], "temp"] = [np.nan, np.inf]
            rows.loc[[6, 60], "carrier"] = [None, "ZZ"]
            rows = rows.astype({"hour": "int16", "temp": "float32"})
            log(each, when, rows)
            each.labels(f"{when}.parquet", rows, day=when)
    return worlds


def test_no_rows_are_copied_and_every_reader_sees_the_same(pair, day):
    placed_world, copied_world = pair
    records = [[each.as_dict() for each in world.night(day)] for world in pair]
    assert records[0] == records[1]
    assert (placed(placed_world, day), placed(copied_world, day)) == (True, False)
    assert len(placed_world.lake.table("small", LOGS).read(day)) == 0
    same(ingested(placed_world, [day]), ingested(copied_world, [day]))
    tables = [world.lake.table("small", QUARANTINE).read(day).to_pylist() for world in pair]
    assert [row["_obs_row"] for row in tables[0]] == [3, 41, 72]
    assert str(tables[0]) == str(tables[1])  # NaN is not equal to itself
    samples = [sample_day(world.monitor, day, "1", world.lake, 20) for world in pair]
    pd.testing.assert_frame_equal(*samples)


def test_days_in_place_and_copied_days_are_read_together(pair, day):
    world, copied = pair
    ingest_logs(world.monitor, day, world.lake)
    world.changes["logs"] |= {"in_place": False}
    ingest_logs(world.monitor, day + ONE, world.lake)
    for each in (day, day + ONE):
        ingest_logs(copied.monitor, each, copied.lake)
    same(ingested(world, [day, day + ONE]), ingested(copied, [day, day + ONE]))
    for each in pair:
        for when in (day, day + ONE):
            validate_day(each.monitor, when, each.lake)
    with connect() as connection:
        clean = clean_rows(connection, world.monitor, [day, day + ONE], world.lake).df()
    assert clean.groupby("_obs_day").size().to_dict() == {str(day): 87, str(day + ONE): 87}


def test_labels_find_their_predictions_in_place(pair, day):
    found = []
    for world in pair:
        for when in (day, day + ONE):
            ingest_logs(world.monitor, when, world.lake)
        found.append(ingest_labels(world.monitor, world.lake))
    assert found[0] == found[1]
    assert found[0].touched == {day: 90, day + ONE: 90}


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_file_that_changed_is_named_by_every_reader(pair, day, change):
    world, _ = pair
    world.night(day)
    before = world.state()
    file = world.root / f"logs/{day}/1.parquet"
    if change == "removed":
        file.unlink()
    else:
        world.write(f"logs/{day}/1.parquet", world.rows(day, 31, seed=5))
    world.labels("late.parquet", world.rows(day, 4), day=day, late=[True, False, True, False])
    monitor, lake = world.monitor, world.lake
    with connect() as connection:
        for read in (
            lambda: validate_day(monitor, day, lake),
            lambda: clean_rows(connection, monitor, [day], lake),
            lambda: sample_day(monitor, day, "1", lake, 5),
            lambda: ingest_labels(monitor, lake),
            lambda: check_in_place(monitor, [day], lake),
        ):
            with pytest.raises(SourceError) as caught:
                read()
            assert str(file) in caught.value.message
            assert "Run the day again" in caught.value.remedy
    assert world.state() == before
    world.night(day)
    assert len(ingested(world, [day])) == (60 if change == "removed" else 91)


def test_a_file_added_later_does_not_belong_to_the_day_until_it_runs_again(pair, day):
    world, _ = pair
    ingest_logs(world.monitor, day, world.lake)
    before = ingested(world, [day])
    world.write(f"logs/{day}/0a.parquet", world.rows(day, 10, seed=9))
    same(ingested(world, [day]), before)
    assert ingest_logs(world.monitor, day, world.lake).rows == 100


def test_a_damaged_page_is_found_by_validation(world, day):
    world = world()
    log(world, day, world.rows(day, 5000).drop(columns="temp").assign(temp=lambda rows: rows["score"]), 1)
    file = world.root / f"logs/{day}/0.parquet"
    place = pq.read_metadata(file).row_group(0).column(6)
    assert place.path_in_schema == "temp"
    whole = bytearray(file.read_bytes())
    begin = place.dictionary_page_offset or place.data_page_offset
    whole[begin : begin + 2000] = bytes(2000)
    file.write_bytes(whole)
    ingest_logs(world.monitor, day, world.lake)
    with pytest.raises(SourceError, match=file.name):
        validate_day(world.monitor, day, world.lake)
    assert not world.lake.table("small", QUARANTINE).exists(day)


def with_duplicate(rows):
    return pd.concat([rows, rows.iloc[[3]]])


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (with_duplicate, 30),
        (lambda rows: rows.assign(hour=rows["hour"].astype(float)), 30),
        (lambda rows: rows.assign(temp=rows["temp"].astype(str)), 30),
        (lambda rows: rows.drop(columns="carrier"), 30),
        (lambda rows: rows.assign(file_row_number=7), 30),
        (lambda rows: rows.assign(FILE_INDEX=7), 30),
        (lambda rows: rows[:0], 0),
    ],
    ids=["duplicates", "whole numbers", "text", "missing", "row number", "file index", "no rows"],
)
def test_rows_that_cannot_stay_are_copied(world, day, rows, kept):
    worlds = world(), world("copied", in_place=False)
    for each in worlds:
        log(each, day, rows(each.rows(day, 30)), 2)
        assert ingest_logs(each.monitor, day, each.lake).rows == kept
    assert not placed(worlds[0], day) or not kept
    same(*(ingested(each, [day]) for each in worlds))
    assert len(ingested(worlds[0], [day])) == kept


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_is_copied(small, day, kind):
    world = small()
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
        "source": kind,
        "in_place": True,
    }
    world.log(day, kind=kind)
    ingest_logs(world.monitor, day, world.lake)
    assert not placed(world, day)


def test_a_day_without_files_is_not_in_place(world, day):
    world = world()
    assert ingest_logs(world.monitor, day, world.lake).rows == 0
    assert not placed(world, day)
    assert len(ingested(world, [day])) == 0


def test_rows_keep_the_meaning_that_they_were_ingested_with(pair, day):
    for world in pair:
        ingest_logs(world.monitor, day, world.lake)
        world.changes["features"] = {
            "temp": {"type": "category"},
            "hour": {"type": "number"},
            "carrier": {"type": "category"},
            "extra": {"type": "boolean"},
        }
        world.changes["logs"] |= {"threshold": 0.9}
    same(*(ingested(world, [day]) for world in pair))


def test_hostile_paths_and_columns_stay_text(small, day):
    names = ["a'b", 'c"d', "source", "rowid", "e;--"]
    world = small(features={name: {"type": "category"} for name in names}, segments=[])
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
        "path": "logs/it's {day}/*.parquet",
        "in_place": True,
    }
    rows = world.rows(day, 6).assign(**dict.fromkeys(names, "'; DROP TABLE log"))
    world.write(f"logs/it's {day}/a'b.parquet", rows[:3])
    world.write(f"logs/it's {day}/c.parquet", rows[3:])
    ingest_logs(world.monitor, day, world.lake)
    assert placed(world, day)
    found = ingested(world, [day]).sort_values("_obs_row")
    assert found["id"].tolist() == rows["id"].tolist()
    assert set(found["rowid"]) == {"'; DROP TABLE log"}


def test_statistics_that_leave_nan_out_hide_none(world, day):
    world = world()
    rows = world.rows(day, 4)
    rows["temp"] = [np.nan, 1.0, np.nan, 2.0]
    path = world.root / f"logs/{day}/0.parquet"
    path.parent.mkdir(parents=True)
    # pandas would write them as nulls
    pq.write_table(pa.table({name: pa.array(rows[name].to_numpy()) for name in rows}), path)
    ingest_logs(world.monitor, day, world.lake)
    assert placed(world, day)
    with connect() as connection:
        query = log_rows(connection, world.monitor, [day], world.lake)
        count = f"SELECT count(*) FILTER (WHERE isnan(temp)) FROM ({query})"
        assert connection.sql(count).fetchall() == [(2,)]


def test_rows_of_a_day_that_was_not_ingested_are_an_error(world, day):
    with connect() as connection, pytest.raises(LakeError, match="has not been ingested"):
        log_rows(connection, world().monitor, [day], world().lake)


def test_days_that_earlier_versions_placed_can_be_read(world, day):
    world = world()
    log(world, day, world.rows(day, 30))
    ingest_logs(world.monitor, day, world.lake)
    before = ingested(world, [day])
    table = world.lake.table("small", LOGS)
    manifest = table.manifest(day)
    files = [world.root / f"logs/{day}/{number}.parquet" for number in range(3)]
    manifest["files"] = [str(file) for file in files]
    manifest["in_place"]["files"] = [
        {"path": str(file), "rows": 10, "stamp": f"{file.stat().st_size}-{file.stat().st_mtime_ns}"}
        for file in files
    ]
    table.write(day, table.read(day), manifest)
    same(ingested(world, [day]), before)
    assert validate_day(world.monitor, day, world.lake).rows == 30
    world.write(f"logs/{day}/1.parquet", world.rows(day, 11, seed=5))
    with pytest.raises(SourceError, match="has changed since its day was ingested"):
        ingested(world, [day])
