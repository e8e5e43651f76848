"""A sender that cannot work says so past the outbox."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from structlog.testing import capture_logs

from jobs import sensors
from jobs.sender_watch import TOLD_AGAIN, SenderState, sender_failed, sender_ran, sender_state
from obs_dagster.errors import ObsError
from obs_dagster.settings import Settings

NOW = dt.datetime(2024, 3, 5, 6, tzinfo=dt.UTC)
ROUTES = [
    {"url": "log://", "severities": ["info"]},
    {"url": "json://down.example", "routes": [{"url": "json://night:${TOKEN}@pager.example"}]},
]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBS_DATABASE_URL", raising=False)
    return Settings()


@pytest.fixture
def fails(settings, small):
    monitor = small(routes=ROUTES).monitor
    told = []

    def sender(url, message):
        if "down" in url:
            raise OSError("down")
        told.append((url, message.title, message.facts["error"]))

    def fails(now=NOW, why="the store is gone"):
        environ = {"TOKEN": "planted-token"}
        sender_failed(settings, [monitor], OSError(why), environ=environ, now=now, sender=sender)
        return told

    return fails


def test_every_channel_is_told_now_and_then_and_the_log_each_time(settings, fails):
    with capture_logs() as lines:
        fails()
        told = fails(NOW + TOLD_AGAIN / 2)
    assert [url for url, _, _ in told] == ["log://", "json://night:planted-token@pager.example"]
    assert {title for _, title, _ in told} == {"[critical] obs-dagster cannot send its notifications"}
    assert [line["event"] for line in lines].count("notifications cannot be sent") == 2
    assert "planted" not in f"{lines}"
    assert len(fails(NOW + TOLD_AGAIN)) == 4
    assert sender_state(settings) == SenderState(None, NOW + TOLD_AGAIN, "the store is gone")


def test_a_sender_that_works_again_forgets_that_it_failed(settings, fails):
    fails()
    sender_ran(settings, NOW)
    assert sender_state(settings) == SenderState(NOW, None, "")
    assert len(fails(NOW)) == 4


def test_a_damaged_state_is_none(settings):
    assert sender_state(settings) == SenderState(None, None, "")
    settings.root.mkdir()
    for damaged in ("", "[]", '{"ran_at": 3}'):
        (settings.root / "sender.json").write_text(damaged)
        assert sender_state(settings) == SenderState(None, None, "")


def test_the_sensor_fails_aloud_where_the_store_cannot_be_opened(settings, small, monkeypatch):
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://nobody:planted-pw@127.0.0.1:9/obs")
    sensor = next(
        each
        for each in sensors.build([small(routes=[{"url": "log://"}]).monitor])
        if each.name == "alert_notifications"
    )
    with (
        dg.DagsterInstance.ephemeral() as instance,
        capture_logs() as lines,
        pytest.raises(ObsError),
    ):
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert "[critical] obs-dagster cannot send its notifications" in [line.get("title") for line in lines]
    assert "planted-pw" not in f"{lines}{sender_state(settings)}"
