"""A run reads a table at one snapshot, whatever is written meanwhile, and tells which one it was."""

import datetime as dt
from dataclasses import replace

import dagster as dg
import pyarrow as pa
import pytest

from assets import ground_truth, inference_logs
from assets.resources import Platform
from obs_dagster.lineage.datasets import name_of, version_of
from obs_dagster.sources.ingest import LOGS
from tests.tables import arrow

DAY = dt.date(2024, 3, 4)
LAST = DAY + dt.timedelta(days=1)


def rows(world, day, **other):
    found = arrow(world.rows(day, 20, **other))
    return found.append_column("late", pa.array([number % 2 == 0 for number in range(20)]))


@pytest.fixture(params=["delta", "iceberg_sql"])
def night(small, tables, request, monkeypatch):
    """A run of two days, into whose table rows come before each of them is read; labels are in the log."""
    world = small()
    made = tables(request.param, world.root)
    made.create("log", rows(world, DAY))
    made.append("log", rows(world, LAST))
    logs = world.keys["logs"] | {"path": ""} | made.keys("log")
    world = replace(world, changes={"logs": logs, "labels": {"columns": {"label": "late"}}})
    monkeypatch.setenv("OBS_HOME", str(world.root / "home"))
    monkeypatch.setenv("OBS_LAKE", str(world.lake.root))
    written = []

    class Busy(Platform):
        def now(self):
            seed = len(written) + 1
            made.append("log", rows(world, LAST, seed=seed))
            written.append(str(made.snapshot("log")))
            return super().now()

    ends = {"dagster/asset_partition_range_start": str(DAY), "dagster/asset_partition_range_end": str(LAST)}
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [stage.build(world.monitor) for stage in (inference_logs, ground_truth)],
            instance=instance,
            tags=ends,
            resources={"platform": Busy()},
        )
    return world, done, written


def test_all_its_stages_and_days_read_the_snapshot_that_was_first(night):
    world, done, written = night
    assert len(written) >= 2
    logs = world.lake.table("small", LOGS)
    assert [logs.manifest(day)["snapshot"]["id"] for day in (DAY, LAST)] == [written[0]] * 2
    # what came before the second day was read is of a later snapshot
    assert [logs.manifest(day)["rows"] for day in (DAY, LAST)] == [20, 40]
    told = [
        each.metadata["snapshot"].value
        for stage in ("inference_logs", "ground_truth")
        for each in done.asset_materializations_for_node(f"small__{stage}")
    ]
    assert {each.partition(" ")[0] for each in told} == {written[0]}


def test_lineage_has_the_snapshot_as_the_version_of_the_dataset(night):
    world, _, written = night
    for asset in ("raw_log", "raw_labels"):
        [facet] = version_of(world.monitor, asset, [DAY, LAST], world.lake).values()
        assert facet.datasetVersion == written[0]
    assert version_of(world.monitor, "training_data", [DAY], world.lake) == {}
    assert name_of(world.monitor, "raw_log").name.endswith("log")
