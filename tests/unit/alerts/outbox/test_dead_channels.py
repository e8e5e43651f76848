from __future__ import annotations

import datetime as dt

import pytest
from structlog.testing import capture_logs

from obs_dagster.alerts import deliver, report_dead_channels, undelivered
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.outbox.dead import DEAD_AFTER
from obs_dagster.monitor import Route

START = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)
DEAD, CHAT = Route(url="json://dead"), Route(url="json://chat", severities=("critical",))
SAID = "[critical] flight_delay: json://dead takes no notifications"


class Channels:
    """All channels; those of some URLs are down."""

    def __init__(self):
        self.down = {DEAD.url}
        self.taken = []

    def __call__(self, url, message, _thread):
        if url in self.down:
            raise OSError("connection refused")
        self.taken.append((url, message.title))
        return Taken()


@pytest.fixture
def channels():
    return Channels()


@pytest.fixture
def run(store, channels, write, evaluate):
    write([0.2])
    evaluate(1)

    def run(*routes, hours=0.0):
        now = START + dt.timedelta(hours=hours)
        deliver(store, {"flight_delay": routes}, environ={}, clock=lambda: now, sender=channels)
        return report_dead_channels(store, now)

    return run


def test_a_channel_that_takes_nothing_is_told_of_through_the_others_once_and_when_it_lives_again(
    run, channels, store
):
    with capture_logs() as lines:
        # what waited for a sender is no sign of a dead channel
        assert [run(DEAD, CHAT, hours=0.1 * number) for number in range(5)] == [0, 0, 1, 0, 0]
    assert [line["title"] for line in lines if line["event"] == "channel dead"] == [SAID]
    assert channels.taken[1:] == [(CHAT.url, SAID)]
    channels.down.clear()
    assert run(DEAD, CHAT, hours=3) == 1
    run(DEAD, CHAT, hours=3.1)
    again = "[resolved] flight_delay: json://dead takes notifications again"
    assert channels.taken[-1] == (CHAT.url, again)
    assert (DEAD.url, SAID) not in channels.taken
    assert undelivered(store) == []
    assert run(DEAD, CHAT, hours=9) == 0


def test_where_there_is_no_other_channel_the_log_gets_it(run, channels):
    for number in range(5):
        run(DEAD, hours=DEAD_AFTER.total_seconds() / 3_600 * number)
    assert channels.taken == [("log://", SAID)]
