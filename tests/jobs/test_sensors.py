"""The sensors: notifications go out, failed nights are told of."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from jobs import sensors
from jobs.composition import compose
from obs_dagster.alerts import report_failure
from obs_dagster.history import History
from obs_dagster.settings import Settings


@pytest.fixture
def world(small, monkeypatch):
    """A small world whose stores are in its own folder."""
    found = small()
    found.train("1")
    monkeypatch.setenv("OBS_HOME", str(found.root / "home"))
    monkeypatch.delenv("OBS_DATABASE_URL", raising=False)
    return found


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def _sensor(monitors, name):
    return next(each for each in sensors.build(monitors) if each.name == name)


def _outbox():
    with History.open(Settings().history_url) as history, history.reading() as connection:
        rows = connection.execute(text("SELECT * FROM outbox ORDER BY id"))
        return [dict(row) for row in rows.mappings()]


def _fail(world, day, instance, **tags):
    """A real run that fails on a suite that is not there."""
    world.log(day)
    world.changes["quality"] = {"suite": "nowhere.json"}
    job = compose({"small": world.monitor}).resolve_job_def("small_nightly")
    key = None if tags else day.isoformat()
    result = job.execute_in_process(
        instance=instance, partition_key=key, tags=tags or None, raise_on_error=False
    )
    assert not result.success
    return result


def _context(result, instance):
    return dg.build_run_status_sensor_context(
        sensor_name="failed_nights",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()


def test_all_run_without_being_switched_on(world):
    found = sensors.build([world.monitor])
    assert {each.default_status for each in found} == {dg.DefaultSensorStatus.RUNNING}
    assert {each.name: each.minimum_interval_seconds for each in found} == {
        **dict.fromkeys(("alert_notifications", "heartbeats", "failed_nights", "lost_runs"), 30),
        "exports": 60,
        "fleet_page": 300,
        "missed_nights": 600,
    }


def test_the_page_of_all_models_is_renewed_where_it_is_served(world, instance, monkeypatch):
    monkeypatch.delenv("OBS_REPORTS_URL", raising=False)
    sensor = _sensor([world.monitor], "fleet_page")
    tick = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert "OBS_REPORTS_URL is not set" in tick.skip_message
    monkeypatch.setenv("OBS_REPORTS_URL", "https://pages.example")
    tick = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    file = Path(tick.skip_message.partition(" are on ")[2])
    assert "no night has run" in file.read_text(encoding="utf-8")


def test_models_health_is_sent_where_a_place_is_named(world, instance, monkeypatch, tmp_path):
    monkeypatch.delenv("OBS_EXPORTS", raising=False)
    sensor = _sensor([world.monitor], "exports")
    tick = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert "OBS_EXPORTS is not set" in tick.skip_message
    # nothing listens on port 9 of loopback
    monkeypatch.setenv("OBS_EXPORTS", f"textfile://{tmp_path}/obs.prom graphite://127.0.0.1:9")
    first, second = (sensor.evaluate_tick(dg.build_sensor_context(instance=instance)) for _ in range(2))
    assert first.skip_message == "1 places told, 1 failed"
    assert second.skip_message == "0 places told, 0 failed", "too soon for both"
    assert "obs_export_timestamp_seconds" in (tmp_path / "obs.prom").read_text()


def test_an_empty_outbox_is_said_to_be_empty(world, instance):
    sensor = _sensor([world.monitor], "alert_notifications")
    tick = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert tick.skip_message == "0 delivered, 0 channels failed, 0 waiting to retry"


def test_a_channel_that_is_down_does_not_fail_the_sensor_nor_lose_the_message(small, world, instance, day):
    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        report_failure(history, model="small", run_id="r", partition=str(day), error="x", owner="", now=now)
    # nothing listens on port 9 of loopback
    monitor = small(routes=[{"url": "json://127.0.0.1:9"}]).monitor
    sensor = _sensor([monitor], "alert_notifications")
    first, second = (sensor.evaluate_tick(dg.build_sensor_context(instance=instance)) for _ in range(2))
    assert first.skip_message == "0 delivered, 1 channels failed, 1 waiting to retry"
    assert second.skip_message == "0 delivered, 0 channels failed, 1 waiting to retry", "too soon to retry"
    (row,) = _outbox()
    assert row["settled_at"] is None


def test_a_failed_night_goes_to_the_outbox_once_with_its_cause(world, instance, day):
    result = _fail(world, day, instance)
    sensor = _sensor([world.monitor], "failed_nights")
    for _ in range(2):
        sensor(_context(result, instance))
    (row,) = _outbox()
    assert row["key"] == f"{result.run_id}:failed"
    assert row["severity"] == "critical"
    assert f"the night of {day} failed" in row["notification"]
    assert "nowhere.json" in row["notification"], "the message must name the file"


def test_a_failed_range_of_nights_is_told_of_with_its_days(world, instance, day):
    tags = {
        "dagster/asset_partition_range_start": "2024-03-04",
        "dagster/asset_partition_range_end": "2024-03-06",
    }
    result = _fail(world, day, instance, **tags)
    _sensor([world.monitor], "failed_nights")(_context(result, instance))
    (row,) = _outbox()
    assert "2024-03-04" in row["notification"]
    assert "2024-03-06" in row["notification"]
    assert "no day" not in row["notification"]


def test_runs_of_other_jobs_are_not_ours(world, instance):
    @dg.op
    def breaks():
        raise RuntimeError("theirs")

    @dg.job
    def somebody_elses():
        breaks()

    result = somebody_elses.execute_in_process(instance=instance, raise_on_error=False)
    _sensor([world.monitor], "failed_nights")(_context(result, instance))
    assert _outbox() == []
