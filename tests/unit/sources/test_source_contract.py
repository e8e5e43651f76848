"""What every registered source keeps to, whichever there are."""

import datetime as dt
import math
from dataclasses import replace

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
from obs_dagster.store import place
from tests.conftest import _WRITERS as WRITERS
from tests.tables import KINDS, arrow

FORMATS = sorted(name for name, source in SOURCES.all().items() if source.of_files)
ONE = dt.timedelta(days=1)


#: Every format on every store; a catalog says where a table is, wherever its files are.
LOG_PLACES = [
    *((kind, store) for kind in FORMATS for store in ("disk", "s3")),
    *((kind, "disk") for kind in KINDS if kind != "iceberg_rest"),
    *((kind, "s3") for kind in ("delta", "iceberg_rest")),
]


class _Files:
    """A log in files of a format."""

    def __init__(self, world):
        self.world, self.monitor = world, world.monitor
        self.kind = self.monitor.logs.source

    def write(self, day, *frames):
        """The first files of a day, one for each frame."""
        return [
            self.world.write(f"logs/{day}/{number}.{self.kind}", frame) for number, frame in enumerate(frames)
        ]

    def damage(self, day):
        """Write a file that is none; returns what its error has to name."""
        with replacing((self.world.bucket or self.world.root) / f"logs/{day}/broken.{self.kind}") as aside:
            aside.write_bytes(_GARBAGE)
        return rf"broken\.{self.kind}"


class _Table:
    """A log in a table."""

    def __init__(self, world, tables):
        self._tables = tables
        tables.create("log", arrow(world.rows(dt.date(2024, 3, 4), 1)).slice(0, 0))
        logs = world.keys["logs"] | tables.keys("log")
        self.world = replace(world, changes=world.changes | {"logs": logs})
        self.monitor = self.world.monitor

    def write(self, _, *frames):
        """All rows, a file for each frame."""
        if there := self._tables.values("log", "id"):
            self._tables.delete("log", "id", there)
        for frame in frames:
            self._tables.append("log", arrow(frame, self._tables.schema("log")))

    def damage(self, day):
        self.write(day, self.world.rows(day, 3))
        [file] = self._tables.files("log")
        with replacing(place(file)) as aside:
            aside.write_bytes(_GARBAGE)
        return "log"


_GARBAGE = b"\x00\x01\x02 nothing of the kind \xff" * 50


@pytest.fixture(params=LOG_PLACES, ids="-".join)
def log(small, tables, request):
    """A small world whose log is in files of a format, or in a table, on a disk or in a bucket."""
    kind, store = request.param
    keys = {"source": kind, "path": f"logs/{{day}}/*.{kind}"} if kind in FORMATS else {}
    world = small(logs=small().keys["logs"] | keys)
    if store == "s3":
        world = world.moved_to(request.getfixturevalue("bucket"))
    return _Files(world) if keys else _Table(world, tables(kind, world.bucket or world.root))


def ingested(log, day):
    found = ingest_logs(log.monitor, day, log.world.lake)
    rows = log.world.lake.table("small", LOGS).read(day).to_pandas()
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


def test_a_day_without_files_is_a_day_without_rows(log, day):
    found, rows = ingested(log, day)
    assert (found.rows, found.files, len(rows)) == (0, 0, 0)
    assert source_of(log.monitor.logs).stamp(log.monitor, day) == ""


def test_a_file_without_rows_is_legal(log, day):
    log.write(day, log.world.rows(day).head(0))
    found, rows = ingested(log, day)
    # a table has no file without rows
    assert (found.rows, found.files, len(rows)) == (0, log.monitor.logs.source in FORMATS, 0)


def test_one_row(log, day):
    log.write(day, log.world.rows(day, 1))
    found, rows = ingested(log, day)
    assert (found.rows, rows["temp"][0]) == (1, pytest.approx(log.world.rows(day, 1)["temp"][0]))


def test_a_column_of_nulls_is_a_column_of_nulls(log, day):
    log.write(day, log.world.rows(day, 9).assign(temp=np.nan, carrier=None))
    found, rows = ingested(log, day)
    assert found.rows == 9
    assert rows["temp"].isna().all()
    assert rows["carrier"].isna().all()


def test_what_is_not_finite_is_kept_or_missing_but_never_a_number(log, day):
    frame = log.world.rows(day, 4).assign(temp=[np.nan, math.inf, -math.inf, 1.5])
    log.write(day, frame)
    _, rows = ingested(log, day)
    kept = rows["temp"].to_list()
    assert kept[3] == 1.5
    assert all(value is None or not math.isfinite(value) for value in kept[:3])


def test_rows_keep_their_order_and_are_numbered_over_all_files(log, day):
    frame = log.world.rows(day, 90)
    log.write(day, *(frame.iloc[start : start + 30] for start in (0, 30, 60)))
    _, rows = ingested(log, day)
    by_number = rows.sort_values(ROW)
    assert by_number[ROW].to_list() == list(range(1, 91))
    assert by_number["id"].to_list() == frame["id"].to_list()


def test_the_rows_of_parts_are_those_of_the_whole(log, day):
    frame = log.world.rows(day, 60)
    log.write(day, frame)
    whole = ingested(log, day)[1]
    log.write(day, *(frame.iloc[start : start + 7] for start in range(0, 60, 7)))
    parts = ingested(log, day)[1]
    pd.testing.assert_frame_equal(
        whole.sort_values(ROW, ignore_index=True), parts.sort_values(ROW, ignore_index=True)
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_look_takes_the_first_rows_of_a_part(small, kind, day):
    world = small()
    file = world.write(f"rows.{kind}", world.rows(day, 30))
    source = SourceFiles(kind, str(file), (file,))
    with connect() as connection:
        found = [
            connection.sql(f"SELECT source.* FROM {part.source} AS source").fetchall()
            for part in source.parts(connection, most=4)
        ]
    assert [len(rows) for rows in found] == [4]


def test_the_stamp_changes_with_the_rows_alone(log, day):
    source = source_of(log.monitor.logs)
    log.write(day, log.world.rows(day, 20))
    before = source.stamp(log.monitor, day)
    assert source.stamp(log.monitor, day) == before != ""
    log.write(day, log.world.rows(day, 20), log.world.rows(day, 5, seed=1))
    assert source.stamp(log.monitor, day) != before
    assert list(source.days(log.monitor).days) == [day]


def test_a_file_that_is_none_of_the_format_is_named(log, day):
    named = log.damage(day)
    with pytest.raises(SourceError, match=named):
        ingest_logs(log.monitor, day, log.world.lake)
