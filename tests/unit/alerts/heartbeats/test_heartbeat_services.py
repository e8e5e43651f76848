from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.heartbeats.night import Night
from obs_dagster.alerts.heartbeats.registry import problem_of, tell
from tests.unit.alerts.channels.conftest import Answer, service

__all__ = ["service"]
NIGHT = Night(
    "flight_delay",
    dt.datetime(2013, 7, 2, 5, tzinfo=dt.UTC),
    "2013-07-01, 9 rows",
    "0 5 * * *",
    "America/New_York",
)
FAILED = replace(NIGHT, failed=True)


@pytest.mark.parametrize(
    ("options", "night", "asked"),
    [
        ("", NIGHT, [("POST", "/ping/u", b"flight_delay: 2013-07-01, 9 rows\n")]),
        ("", FAILED, [("POST", "/ping/u/fail", b"flight_delay: 2013-07-01, 9 rows\n")]),
        ("#method=GET", NIGHT, [("GET", "/ping/u", b"")]),
        ("#fail=no", FAILED, []),
    ],
)
def test_a_page_is_called_after_a_night_and_another_if_it_failed(service, options, night, asked):
    tell(f"{service.url}/ping/u?token=x{options}", night)
    assert [(each.method, each.path, each.body) for each in service.asked] == asked
    assert all(each.query == {"token": "x"} for each in service.asked)


def test_sentry_gets_a_check_in_with_when_the_next_one_is_due(service):
    url = f"sentry+http://key@{service.place}/42#margin=90"
    for night in (NIGHT, FAILED):
        tell(url, night)
    assert [each.json["status"] for each in service.asked] == ["ok", "error"]
    [path] = {each.path for each in service.asked}
    assert path == "/api/42/cron/obs-flight-delay/key/"
    assert service.asked[0].json["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "0 5 * * *"},
        "timezone": "America/New_York",
        "checkin_margin": 90,
    }


def test_a_service_that_refuses_is_an_error(service):
    service.answers = [Answer(404, b"no such check")]
    with pytest.raises(ChannelError, match="answered 404: no such check"):
        tell(f"{service.url}/ping/u", NIGHT)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://planted.example",
        "planted",
        "https://",
        "https://h.example/#fial=no",
        "sentry+https://h.example/42",
        "sentry+https://key@h.example/42#margin=soon",
    ],
)
def test_what_is_no_heartbeat_is_named_without_being_quoted(url):
    told = problem_of(url)
    assert told
    assert "planted" not in told
    with pytest.raises(ChannelError, match="cannot be used"):
        tell(url, NIGHT)
