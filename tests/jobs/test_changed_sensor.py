"""The sensor that has days evaluated again whose log has changed."""

import datetime as dt

import dagster as dg
import pytest

from jobs import changed_sensor, nightly
from jobs.composition import compose
from obs_dagster.lake.lake import Lake
from obs_dagster.settings import Settings
from obs_dagster.sources.ingest import ingest_logs


@pytest.fixture
def world(small, monkeypatch):
    """A model whose first days are those before today."""
    found = small(start=str(_ago(9)))
    monkeypatch.setenv("OBS_HOME", str(found.root / "home"))
    for day in (_ago(3), _ago(2)):
        found.log(day)
        ingest_logs(found.monitor, day, Lake(Settings().lake_root))
    return found


def _ago(days):
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)


def _ticks(world, number, cursor=None):
    """What ticks one after another ask for."""
    sensor = changed_sensor.build([world.monitor], [nightly.build(world.monitor)])[0]
    found = []
    for _ in range(number):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance, cursor=cursor, repository_def=compose({"small": world.monitor}).get_repository_def()
            )
            tick = sensor.evaluate_tick(context)
        found.append(tick)
        cursor = tick.cursor
    return found


def test_a_log_that_has_changed_and_stays_is_evaluated_once_for_what_it_is(world):
    world.log(_ago(3), world.rows(_ago(3), 90))
    first, second, third = _ticks(world, 3)
    assert first.run_requests == []
    assert str(_ago(3)) in first.skip_message
    [asked] = second.run_requests
    assert (asked.job_name, asked.partition_key) == ("small_nightly", str(_ago(3)))
    # Dagster starts no second run of one key
    assert [each.run_key for each in third.run_requests] == [asked.run_key]


def test_a_log_that_is_still_written_is_waited_for(world):
    world.log(_ago(3), world.rows(_ago(3), 90))
    [first] = _ticks(world, 1)
    world.log(_ago(3), world.rows(_ago(3), 95))
    [second] = _ticks(world, 1, first.cursor)
    assert second.run_requests == []
    [third] = _ticks(world, 1, second.cursor)
    assert len(third.run_requests) == 1


def test_a_log_that_is_gone_stays_as_it_was_evaluated(world):
    (world.root / f"logs/{_ago(3)}.parquet").unlink()
    assert [tick.run_requests for tick in _ticks(world, 2)] == [[], []]


def test_a_log_that_cannot_be_looked_at_keeps_no_other_waiting(world, small):
    broken = small("broken", start=str(_ago(9)), model="broken")
    broken.log(_ago(3))
    ingest_logs(broken.monitor, _ago(3), Lake(Settings().lake_root))
    (broken.root / f"logs/{_ago(3)}.parquet").unlink()
    (broken.root / f"logs/{_ago(3)}.parquet").mkdir()
    world.log(_ago(2), world.rows(_ago(2), 90))
    sensor = changed_sensor.build(
        [broken.monitor, world.monitor], [nightly.build(broken.monitor), nightly.build(world.monitor)]
    )[0]
    with dg.DagsterInstance.ephemeral() as instance:
        tick = sensor.evaluate_tick(dg.build_sensor_context(instance))
    assert f"small {_ago(2)}" in tick.skip_message


def test_models_that_were_not_reached_are_the_next_tick_s_first(world, small, monkeypatch):
    other = small("other", start=str(_ago(9)), model="other")
    monitors = [world.monitor, other.monitor]
    monkeypatch.setattr(changed_sensor, "_BUDGET_SECONDS", -1.0)
    sensor = changed_sensor.build(monitors, [nightly.build(each) for each in monitors])[0]
    with dg.DagsterInstance.ephemeral() as instance:
        tick = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor='{"other": {}, "small": {}}'))
    assert tick.cursor == '{"other": {}, "small": {}}'
    assert [each.model for each in changed_sensor._in_turn(monitors, ["small"])] == ["other", "small"]
