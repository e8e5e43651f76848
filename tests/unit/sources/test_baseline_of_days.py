"""Baselines made of the log's own days are the same wherever the log is."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.baselines.stored import baseline_profile, baseline_sample, load_grids
from obs_dagster.errors import LakeError, SourceError
from obs_dagster.profile.profile import SCHEMA
from obs_dagster.sources import log_table

ONE = dt.timedelta(days=1)
ZONE = "America/New_York"


def days_baseline(day, days=3):
    return {"kind": "days", "first": str(day), "last": str(day + (days - 1) * ONE)}


@pytest.fixture
def rows(small, day):
    """Four days of two versions; a day begins in New York at five."""
    world = small()
    found = [
        world.rows(day + offset * ONE, 120, version=version)
        for offset in range(4)
        for version in ("1", "2")[: 1 + offset]
    ]
    frame = pd.concat(found, ignore_index=True)
    return frame.assign(at=frame["at"] + pd.Timedelta(hours=5))


@pytest.fixture
def files(small, rows):
    def make(folder="files", **changes):
        world = small(folder, start="2024-03-04", time_zone=ZONE, **changes)
        for date, part in rows.groupby((rows["at"] - pd.Timedelta(hours=5)).dt.date):
            world.log(date, part)
        return world

    return make


@pytest.fixture
def in_table(small, rows, warehouse, monkeypatch):
    def make(folder="table", **changes):
        monkeypatch.setenv("WAREHOUSE_URL", warehouse.url)
        warehouse.write("predictions", rows)
        world = small(folder, time_zone=ZONE, **changes)
        columns = world.monitor.logs.columns.model_dump(exclude_none=True)
        logs = {"source": "ibis", "path": "${WAREHOUSE_URL}", "table": "predictions", "columns": columns}
        world.changes["logs"] = logs
        return world

    return make


def same_baselines(one, other):
    grids = [load_grids(world.monitor, world.lake) for world in (one, other)]
    assert grids[0].id == grids[1].id
    for version in ("1", "2"):
        profiles = [
            baseline_profile(world.monitor, version, world.lake, world.tonight.grids)
            for world in (one, other)
        ]
        if profiles[0] is None:
            assert profiles[1] is None
            continue
        counts = [profile.rows(version) for profile in profiles]
        assert counts[0] == counts[1] > 0
        keys = [name for name in profiles[0].table.column_names if profiles[0].table[name].type != "double"]
        tables = [
            profile.table.cast(SCHEMA).select(keys).sort_by([(key, "ascending") for key in keys])
            for profile in profiles
        ]
        assert tables[0].equals(tables[1])
        ids = [
            set(baseline_sample(world.monitor, version, world.lake)["id"].to_pylist())
            for world in (one, other)
        ]
        assert ids[0] == ids[1]


def test_named_days_of_a_table(files, in_table, day):
    ours, theirs = in_table(baseline=days_baseline(day)), files(baseline=days_baseline(day))
    found = prepare_baseline(ours.monitor, ours.lake)
    assert [(each.version, each.rows, each.source) for each in found.versions] == [
        ("1", 360, "predictions"),
        ("2", 240, "predictions"),
    ]
    prepare_baseline(theirs.monitor, theirs.lake)
    same_baselines(ours, theirs)
    left = {path.name for path in (ours.lake.root / "small" / "baseline").iterdir()}
    assert left == {"grids.json", "version=1", "version=2"}


def test_rows_are_fetched_again_only_when_there_are_more(in_table, warehouse, rows, day, monkeypatch):
    world = in_table(baseline=days_baseline(day))
    first = prepare_baseline(world.monitor, world.lake)
    with monkeypatch.context() as patched:
        patched.setattr(log_table.WarehouseTable, "fetched", None)
        assert prepare_baseline(world.monitor, world.lake) == first
    more = world.rows(day, 30, version="1", seed=1).assign(at=rows["at"].min() + pd.Timedelta(hours=1))
    warehouse.write("predictions", pd.concat([rows, more], ignore_index=True))
    second = prepare_baseline(world.monitor, world.lake)
    assert [each.rows for each in second.versions] == [390, 240]
    assert second.versions[0].fingerprint != first.versions[0].fingerprint
    # it has no rows on that day
    assert second.versions[1] == first.versions[1]


def test_the_grids_of_a_rolling_baseline_follow_the_first_days_of_a_table(files, in_table):
    rolling = {"kind": "rolling", "days": 2, "min_days": 1}
    ours, theirs = in_table(baseline=rolling), files(baseline=rolling)
    assert prepare_baseline(ours.monitor, ours.lake).versions == ()
    prepare_baseline(theirs.monitor, theirs.lake)
    same_baselines(ours, theirs)


def test_a_table_without_rows_of_the_days(in_table, day):
    world = in_table(baseline=days_baseline(day + 40 * ONE))
    with pytest.raises(LakeError, match="no rows to fit its grids to"):
        prepare_baseline(world.monitor, world.lake)


def test_a_table_without_the_version(in_table, warehouse, rows, day):
    world = in_table(baseline=days_baseline(day))
    warehouse.write("predictions", rows.drop(columns="model"))
    with pytest.raises(SourceError, match="predictions has no column model"):
        prepare_baseline(world.monitor, world.lake)


@pytest.mark.parametrize("baseline", ["days", "rolling"])
def test_days_of_a_log_that_is_read_in_place(files, day, baseline):
    kinds = {"days": days_baseline(day), "rolling": {"kind": "rolling", "days": 3, "min_days": 1}}
    copied, placed = (files(folder, baseline=kinds[baseline]) for folder in ("copied", "placed"))
    placed.changes["logs"] = placed.monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    records = []
    for world in (copied, placed):
        for offset in range(4):
            found = world.night(day + offset * ONE)
        records.append([each.as_dict() for each in found])
    assert records[0] == records[1]
    assert any(record["metric"] == "psi" and record["value"] is not None for record in records[1])
    same_baselines(copied, placed)


def test_nights_of_a_table(files, in_table, day):
    baseline = {"kind": "rolling", "days": 2, "min_days": 1, "gap_days": 1}
    records = []
    for world in (in_table(baseline=baseline), files(baseline=baseline)):
        for offset in range(4):
            found = world.night(day + offset * ONE)
        records.append(
            {(each.version, each.segment, each.column, each.metric, each.window): each.n for each in found}
        )
    assert records[0] == records[1]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_days_of_text_files(small, files, rows, day, kind):
    text, parquet = (
        small("text", time_zone=ZONE, baseline=days_baseline(day)),
        files(baseline=days_baseline(day)),
    )
    text.changes["logs"] = text.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
    for date, part in rows.groupby((rows["at"] - pd.Timedelta(hours=5)).dt.date):
        text.log(date, part, kind=kind)
    for world in (text, parquet):
        prepare_baseline(world.monitor, world.lake)
    assert [each.rows for each in prepare_baseline(text.monitor, text.lake).versions] == [360, 240]
