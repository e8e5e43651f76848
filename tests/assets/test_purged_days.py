"""Days whose rows were removed keep no other day of a run from being evaluated, and say what they are."""

import datetime as dt

import dagster as dg
import pytest

from assets.partitions import days_of
from assets.stage import check, stage
from obs_dagster.lake.lake import Lake
from obs_dagster.settings import Settings
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.purged import purge_rows

DAYS = [dt.date(2024, 3, 4) + dt.timedelta(days=since) for since in range(3)]


@pytest.fixture
def run(small, monkeypatch):
    """Runs a stage over days of which the middle one is purged; what it was asked, and what Dagster has."""
    world = small()
    monkeypatch.setenv("OBS_HOME", str(world.root / "home"))
    lake = Lake(Settings().lake_root)
    world.log(DAYS[1])
    ingest_logs(world.monitor, DAYS[1], lake)
    purge_rows(lake.table("small", LOGS), DAYS[1], DAYS[2])
    asked = []

    @stage(world.monitor, "profile", checks=[check(world.monitor, "profile", "books", "They balance.")])
    def profile(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        asked.extend(days_of(context))
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="books", passed=False)])

    def over(first, last):
        edges = {"start": str(first), "end": str(last)}
        tags = {f"dagster/asset_partition_range_{edge}": day for edge, day in edges.items()}
        one = {"partition_key": str(first)} if first == last else {"tags": tags}
        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize([profile], instance=instance, **one)
        made = {
            each.partition: each.metadata for each in done.asset_materializations_for_node("small__profile")
        }
        (checked,) = done.get_asset_check_evaluations()
        return (
            asked,
            {day: found["what to know"].text for day, found in made.items() if "what to know" in found},
            checked,
        )

    return over


def test_the_others_of_a_range_are_evaluated(run):
    asked, told, checked = run(DAYS[0], DAYS[2])
    assert asked == [DAYS[0], DAYS[2]]
    assert set(told) == {str(DAYS[1])}
    assert f"skipped: its rows were removed on {DAYS[2]}" in told[str(DAYS[1])]
    assert not checked.passed


def test_one_alone_is_skipped_with_words(run):
    asked, told, checked = run(DAYS[1], DAYS[1])
    assert asked == []
    assert set(told) == {str(DAYS[1])}
    assert (checked.passed, "removed" in checked.description) == (True, True)
