"""Whoever must know is told, once."""

import datetime as dt
import shutil

import dagster as dg

from jobs import sensors
from obs_dagster.sources.changed_logs import changed_days

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


def test_a_half_written_log_is_told_of_by_name_and_mended_by_itself(copied):
    place = copied()
    file = place.home / "demo" / "logs" / f"day={CORRUPT}" / "predictions.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1000])
    day = dt.date.fromisoformat(CORRUPT)
    assert place.run(day).success, "labels, alerts and reports go on without the day"
    (alert,) = (row for row in place.rows("alerts") if row["state"] == "firing")
    assert (alert["rule"], alert["severity"]) == ("day not evaluated", "critical")
    told = [row["notification"] for row in place.rows("outbox")]
    assert any(str(file) in text and "the log cannot be read" in text for text in told)
    assert list(changed_days(place.monitor, place.lake)) == []
    file.write_bytes(whole)
    assert [each.day for each in changed_days(place.monitor, place.lake)] == [day]
    assert place.run(day).success
    assert "firing" not in {row["state"] for row in place.rows("alerts") if row["rule"] == alert["rule"]}
