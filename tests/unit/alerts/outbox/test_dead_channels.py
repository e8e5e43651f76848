from __future__ import annotations

import datetime as dt

import pytest
from structlog.testing import capture_logs

from obs_dagster.alerts import deliver, report_dead_channels
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.outbox.dead import DEAD_AFTER
from obs_dagster.monitor import Route

START = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)
DEAD, CHAT = Route(url="json://dead"), Route(url="json://chat", severities=("critical",))


@pytest.fixture
def send(store):
    taken = []

    def send(*routes, after=dt.timedelta(0)):
        def sender(url, message, _thread):
            if url == DEAD.url:
                raise OSError("connection refused")
            taken.append(message.title)
            return Taken()

        deliver(store, {"flight_delay": routes}, environ={}, clock=lambda: START + after, sender=sender)
        return taken

    return send


@pytest.fixture
def firing(write, evaluate):
    write([0.2])
    evaluate(1)


def test_a_channel_that_takes_nothing_for_an_hour_is_told_of_through_the_others_once(firing, store, send):
    send(DEAD, CHAT)
    with capture_logs() as lines:
        assert report_dead_channels(store, START - dt.timedelta(hours=5) + DEAD_AFTER / 2) == []
        for _ in range(2):
            told = report_dead_channels(store, START + DEAD_AFTER)
    assert told == []
    assert [line["log_level"] for line in lines] == ["error"]
    taken = send(DEAD, CHAT, after=DEAD_AFTER)
    assert taken[1:] == ["[critical] flight_delay: json://dead takes no notifications"]


def test_where_there_is_no_other_channel_the_log_gets_it(firing, store):
    attempts = []

    def sender(url, message, _thread):
        attempts.append((url, message.title.partition(": ")[2][:11]))
        if url == DEAD.url:
            raise OSError("connection refused")
        return Taken()

    def run(now):
        deliver(store, {"flight_delay": [DEAD]}, environ={}, clock=lambda: now, sender=sender)

    run(START)
    report_dead_channels(store, START + DEAD_AFTER)
    run(START + DEAD_AFTER)
    about_the_channel = [url for url, title in attempts if title == "json://dead"]
    assert about_the_channel == ["log://"]
