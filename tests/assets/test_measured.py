"""What a stage takes is kept and shown, and nothing of it stops the stage."""

import datetime as dt

import dagster as dg
import pytest

from assets.stage import stage
from obs_dagster.history import History
from obs_dagster.history.usage import read
from obs_dagster.settings import Settings

FIRST = dt.date(2024, 3, 4)
RANGE = {"dagster/asset_partition_range_start": str(FIRST), "dagster/asset_partition_range_end": "2024-03-07"}


@pytest.fixture
def run(small, tmp_path, monkeypatch):
    """Runs a stage of a day, or of four, and gives the metadata of what it materialized."""
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))

    def of(*, whole=False, fails=False):
        @stage(small().monitor, "drift")
        def drift(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
            if fails:
                raise ValueError("no")
            return dg.MaterializeResult(metadata={"rows": 7})

        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(
                [drift],
                instance=instance,
                tags=RANGE if whole else None,
                partition_key=None if whole else str(FIRST),
                raise_on_error=False,
            )
            return [
                event.materialization.metadata for event in result.all_events if event.is_step_materialization
            ]

    return of


def kept():
    with History.open(Settings().history_url) as history, history.reading() as connection:
        return read(connection, "small")


def test_a_day_is_kept_and_shown_beside_what_the_stage_tells(run):
    (shown,) = run()
    assert shown["rows"].value == 7
    assert shown["CPU seconds"].value >= 0
    assert shown["peak memory (MB)"].value > 0
    (night,) = kept()
    (taken,) = night.stages
    assert (night.day, taken.stage, taken.days) == (FIRST, "drift", 1)
    assert taken.usage.peak_memory > 0
    assert taken.usage.disk_free > 0


def test_days_of_a_range_have_their_parts_and_are_no_nights_of_their_own(run):
    run(whole=True)
    nights = kept()
    assert len(nights) == 4
    assert not nights[0].alone


def test_a_stage_that_fails_has_taken_something_too(run):
    assert run(fails=True) == []
    assert len(kept()) == 1


def test_a_store_that_fails_costs_no_stage(run, monkeypatch):
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    assert len(run()) == 1
