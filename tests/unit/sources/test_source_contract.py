"""What every registered source keeps to, whichever there are."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import RAW, ROW, UNCAST
from obs_dagster.lake.lake import replacing
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.source import SOURCES
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import Source, source_of
from tests.conftest import _WRITERS as WRITERS

FORMATS = sorted(name for name, source in SOURCES.all().items() if source.of_files)
ONE = dt.timedelta(days=1)


@pytest.fixture(params=["disk", "s3"])
def stored(request):
    """Moves a world to where its files, and its lake, are."""
    if request.param == "disk":
        return lambda world: world
    bucket = request.getfixturevalue("bucket")
    return lambda world: world.moved_to(bucket)


@pytest.fixture(params=FORMATS)
def world(small, stored, request):
    """A small world whose log is in files of a format."""
    logs = small().keys["logs"] | {"source": request.param, "path": f"logs/{{day}}/*.{request.param}"}
    return stored(small(logs=logs))


def write(world, day, *frames):
    kind = world.monitor.logs.source
    return [world.write(f"logs/{day}/{place}.{kind}", frame) for place, frame in enumerate(frames)]


def ingested(world, day):
    found = ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", LOGS).read(day).to_pandas()
    return found, rows.drop(columns=[RAW, UNCAST], errors="ignore")


def test_every_format_has_a_writer_for_these_tests():
    assert set(WRITERS) == set(FORMATS)


@pytest.mark.parametrize("name", SOURCES.all())
def test_it_has_all_that_the_protocol_asks_for(name):
    keys = {"source": name, "path": "x://{day}", "table": "t"}
    log = Logs.model_validate(keys | {"columns": {"prediction_id": "id", "time": "at", "version": "v"}})
    source = source_of(log)
    for member in dir(Source):
        if not member.startswith("_"):
            assert hasattr(source, member), member
    assert source.name == name
    assert source.asset in {"file", "table"}
    assert "x://" in source.place(log)
    labels = Labels.model_validate(keys | {"columns": {"prediction_id": "id", "label": "late"}})
    assert source_of(labels).label_unit


def test_a_day_without_files_is_a_day_without_rows(world, day):
    found, rows = ingested(world, day)
    assert (found.rows, found.files, len(rows)) == (0, 0, 0)
    assert source_of(world.monitor.logs).stamp(world.monitor, day) == ""


def test_a_file_without_rows_is_legal(world, day):
    write(world, day, world.rows(day).head(0))
    found, rows = ingested(world, day)
    assert (found.rows, found.files, len(rows)) == (0, 1, 0)


def test_one_row(world, day):
    write(world, day, world.rows(day, 1))
    found, rows = ingested(world, day)
    assert (found.rows, rows["temp"][0]) == (1, pytest.approx(world.rows(day, 1)["temp"][0]))


def test_a_column_of_nulls_is_a_column_of_nulls(world, day):
    write(world, day, world.rows(day, 9).assign(temp=np.nan, carrier=None))
    found, rows = ingested(world, day)
    assert found.rows == 9
    assert rows["temp"].isna().all()
    assert rows["carrier"].isna().all()


def test_what_is_not_finite_is_kept_or_missing_but_never_a_number(world, day):
    frame = world.rows(day, 4).assign(temp=[np.nan, math.inf, -math.inf, 1.5])
    write(world, day, frame)
    _, rows = ingested(world, day)
    kept = rows["temp"].to_list()
    assert kept[3] == 1.5
    assert all(value is None or not math.isfinite(value) for value in kept[:3])


def test_rows_keep_their_order_and_are_numbered_over_all_files(world, day):
    frame = world.rows(day, 90)
    write(world, day, *(frame.iloc[start : start + 30] for start in (0, 30, 60)))
    _, rows = ingested(world, day)
    by_number = rows.sort_values(ROW)
    assert by_number[ROW].to_list() == list(range(1, 91))
    assert by_number["id"].to_list() == frame["id"].to_list()


def test_the_rows_of_parts_are_those_of_the_whole(world, day):
    frame = world.rows(day, 60)
    write(world, day, frame)
    whole = ingested(world, day)[1]
    write(world, day + ONE, *(frame.iloc[start : start + 7] for start in range(0, 60, 7)))
    parts = ingested(world, day + ONE)[1]
    pd.testing.assert_frame_equal(
        whole.sort_values(ROW, ignore_index=True), parts.sort_values(ROW, ignore_index=True)
    )


def test_a_look_takes_the_first_rows_of_a_part(world, day):
    [file] = write(world, day, world.rows(day, 30))
    source = SourceFiles(world.monitor.logs.source, str(file), (file,))
    with connect() as connection:
        found = [
            connection.sql(f"SELECT source.* FROM {part.source} AS source").fetchall()
            for part in source.parts(connection, most=4)
        ]
    assert [len(rows) for rows in found] == [4]


def test_the_stamp_changes_with_the_rows_alone(world, day):
    source = source_of(world.monitor.logs)
    write(world, day, world.rows(day, 20))
    before = source.stamp(world.monitor, day)
    assert source.stamp(world.monitor, day) == before != ""
    write(world, day, world.rows(day, 20), world.rows(day, 5, seed=1))
    assert source.stamp(world.monitor, day) != before
    assert list(source.days(world.monitor).days) == [day]


def test_a_file_that_is_none_of_the_format_is_named(world, day):
    kind = world.monitor.logs.source
    with replacing((world.bucket or world.root) / f"logs/{day}/broken.{kind}") as aside:
        aside.write_bytes(b"\x00\x01\x02 nothing of the kind \xff" * 50)
    with pytest.raises(SourceError, match=rf"broken\.{kind}"):
        ingest_logs(world.monitor, day, world.lake)
