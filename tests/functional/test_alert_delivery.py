"""Whoever must know is told, once."""

import shutil

import dagster as dg
import pytest

from jobs import sensors
from jobs.instance import open_instance

CORRUPT = "2013-07-01"


def _sensor(place, name):
    return next(each for each in sensors.build([place.monitor]) if each.name == name)


def test_the_season_loses_the_recall_of_version_1(season):
    assert all(run.success for run in season.runs)
    firing = [row for row in season.place.rows("alerts") if row["state"] == "firing"]
    (alert,) = (row for row in firing if row["rule"] == "recall_lost" and row["version"] == "1")
    assert alert["severity"] == "critical"
    assert alert["owner"] == "team:flight_operations"
    assert alert["high"] < 0.25, "the whole interval lies below the threshold"
    assert "recall_lost" not in {row["rule"] for row in firing if row["version"] == "2"}


def test_every_alert_is_delivered_once_however_often_the_sensor_ticks(season, copied, receiver):
    place = copied(("url: log://", f"url: {receiver.url}"))
    shutil.copy(season.place.home / "history.db", place.home / "history.db")
    waiting = place.rows("outbox")
    assert len(waiting) > 1
    with place.environment():
        sensor = _sensor(place, "alert_notifications")
        said = []
        with dg.DagsterInstance.ephemeral() as instance:
            for _ in range(3):
                data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
                said.append(data.skip_message)
    delivered = len(waiting)
    assert said[0] == f"{delivered} delivered, 0 channels failed, 0 waiting to retry"
    assert set(said[1:]) == {"0 delivered, 0 channels failed, 0 waiting to retry"}
    assert [each["idempotency_key"] for each in receiver.received] == [row["key"] for row in waiting]
    assert all(each["header"] == each["idempotency_key"] for each in receiver.received)
    lost = [each for each in receiver.received if each["rule"] == "recall_lost"]
    assert [each["model_version"] for each in lost] == ["1"]
    assert "recall_lost" in lost[0]["title"]
    assert "Three of four late flights are not announced." in lost[0]["message"]
    assert all(row["settled_at"] for row in place.rows("outbox"))


@pytest.fixture
def failed(copied):
    """A night whose log was written half, and its run."""
    place = copied()
    file = place.home / "demo" / "logs" / f"day={CORRUPT}" / "predictions.parquet"
    file.write_bytes(file.read_bytes()[:-1000])
    return place, file, place.run(place.monitor.start.replace(month=7, day=1))


def test_a_half_written_log_fails_the_night_with_the_files_name(failed):
    place, file, run = failed
    assert not run.success
    assert [failure.stage for failure in run.failures] == ["inference_logs"]
    assert str(file) in run.failures[0].reason
    assert not place.lake.table("flight_delay", "inference_logs").days()


def test_a_failed_night_is_told_of_once(failed):
    place, file, run = failed
    with place.environment(), open_instance(place.settings) as instance:
        (failure,) = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        for _ in range(2):
            context = dg.build_run_status_sensor_context(
                sensor_name="failed_nights",
                dagster_event=failure.dagster_event,
                dagster_instance=instance,
                dagster_run=instance.get_run_by_id(run.run_id),
            ).for_run_failure()
            _sensor(place, "failed_nights")(context)
    (row,) = place.rows("outbox")
    assert row["key"] == f"{run.run_id}:failed"
    assert row["severity"] == "critical"
    assert f"the night of {CORRUPT} failed" in row["notification"]
    assert str(file) in row["notification"]
