"""Training rows in a table give the baseline that they give in files, and are read when they change."""

import pandas as pd
import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.baselines.protocol import baseline_of
from tests.tables import arrow


def rows(world, day, version):
    return world.rows(day, 400, version=version, seed=7)


@pytest.fixture(params=["delta", "iceberg_sql"])
def in_table(small, tables, request, day):
    world = small("table")
    made = tables(request.param, world.root)
    made.create("training", arrow(pd.concat([rows(world, day, "1"), rows(world, day, "2")])))
    world.changes["baseline"] = {"kind": "training_table"} | made.keys("training")
    return world, made


def test_it_is_the_baseline_of_the_same_rows_in_files(in_table, small, day):
    world, _ = in_table
    files = small("files")
    for version in ("1", "2"):
        files.write(f"training/{version}.parquet", rows(files, day, version))
    expected, found = (prepare_baseline(each.monitor, each.lake) for each in (files, world))
    assert [(each.version, each.rows) for each in found.versions] == [("1", 400), ("2", 400)]
    assert found.grids == expected.grids
    kept = [_profiles(each.state()) for each in (files, world)]
    assert kept[0]
    assert kept[0] == kept[1]


def _profiles(state):
    """What is kept of the rows of each version, but for where these were read."""
    return {name: each for name, each in state.items() if name.endswith(".parquet")}


def test_only_what_changed_is_read_again(in_table, day):
    world, made = in_table
    before = {each.version: each.fingerprint for each in prepare_baseline(world.monitor, world.lake).versions}
    again = {each.version: each.fingerprint for each in prepare_baseline(world.monitor, world.lake).versions}
    assert again == before
    made.append("training", arrow(rows(world, day, "3")))
    found = prepare_baseline(world.monitor, world.lake)
    assert {each.version: each.fingerprint for each in found.versions if each.version != "3"} == before
    assert [each.version for each in found.versions] == ["1", "2", "3"]


def test_a_look_tells_the_versions_and_those_that_lack(in_table):
    world, _ = in_table
    told = [(each.status, each.detail) for each in baseline_of(world.monitor).look(world.monitor, ["1", "9"])]
    assert told[0] == ("ok", "training rows of versions 1, 2")
    assert "without training rows: 9" in told[1][1]
    assert "version 9 in" in baseline_of(world.monitor).why_none("9", world.monitor.start)
