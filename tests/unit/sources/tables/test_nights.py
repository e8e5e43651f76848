"""Whole nights of a model whose log, labels and training rows lie in tables say what those of files say."""

import datetime as dt
from dataclasses import dataclass, replace

import pytest

from obs_dagster.lake.lake import Lake
from tests.conftest import SmallWorld
from tests.tables import arrow

ONE = dt.timedelta(days=1)
NEVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass
class _Elsewhere(SmallWorld):
    """The same world with a lake of its own."""

    folder: str = "lake-2"

    @property
    def lake(self):
        return Lake(self.root / self.folder)


def told(records):
    return {record.key: replace(record, computed_at=NEVER, run_id="") for record in records}


def truth(world, day):
    rows = world.rows(day, 300)
    known = dt.datetime.combine(day + ONE, dt.time(), dt.UTC)
    return rows[["id"]].assign(late=(rows["score"] > 0.5).to_numpy(), known_at=known)


@pytest.fixture
def in_files(small, day):
    world = small("files")
    world.train("1")
    for on in (day, day + ONE):
        world.log(on, world.rows(on, 300))
        world.write(f"labels/{on}.parquet", truth(world, on))
    return world


@pytest.fixture(params=["delta", "iceberg_sql"])
def in_tables(small, tables, request, day):
    world = small("tables")
    world.train("1")
    made = tables(request.param, world.root)
    for name, rows in (("log", lambda on: world.rows(on, 300)), ("truth", lambda on: truth(world, on))):
        made.create(name, arrow(rows(day)))
        made.append(name, arrow(rows(day + ONE)))
    world.changes["logs"] = world.keys["logs"] | {"path": ""} | made.keys("log")
    world.changes["labels"] = world.keys["labels"] | {"path": ""} | made.keys("truth")
    return world, made


def test_nights_are_those_of_the_same_rows_in_files(in_files, in_tables, day):
    world, _ = in_tables
    for on in (day, day + ONE):
        expected = told(in_files.night(on))
        assert len(expected) > 100
        assert told(world.night(on)) == expected


def test_a_night_at_its_recorded_snapshots_can_be_repeated(in_tables, day):
    world, made = in_tables
    first = told(world.night(day))
    state = {name: made.snapshot(name) for name in ("log", "truth")}
    made.delete("log", "id", list(world.rows(day, 300)["id"][:100]))
    made.delete("truth", "id", list(world.rows(day, 300)["id"][:50]))
    again = _Elsewhere(world.root, dict(world.changes))
    assert told(again.night(day)) != first
    repeated = _Elsewhere(world.root, dict(world.changes), folder="lake-3")
    repeated.changes["logs"] = world.changes["logs"] | {"snapshot": state["log"]}
    repeated.changes["labels"] = world.changes["labels"] | {"snapshot": state["truth"]}
    assert told(repeated.night(day)) == first
