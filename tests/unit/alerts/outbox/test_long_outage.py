"""Two channels, one by hours, one down for days, services that throttle, and senders that are killed."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections import defaultdict

from sqlalchemy import select

from obs_dagster.alerts import deliver, undelivered
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.message import Message
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor import Route

START = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
NIGHTS = 24
OUTAGE = range(8, 14)
LASTS = 3
PAGER = Route(url="json://pager", hours="00:00-12:00")
CHAT = Route(url="json://chat")


class Killed(BaseException):
    """The sender's process is gone."""


class Channel:
    """Takes messages, says so or not, throttles, is down, or lives to see its sender die."""

    def __init__(self, chance):
        self.taken = defaultdict(list)
        self.down = set()
        self._chance = chance

    def __call__(self, url, message, _thread):
        if url in self.down:
            raise ChannelError("down")
        fate = self._chance.random()
        if fate < 0.04:
            raise ChannelError("too many", retry_after=dt.timedelta(hours=1))
        self.taken[url].append(message.key)
        if fate < 0.08:
            raise TimeoutError
        if fate < 0.12:
            raise Killed
        return Taken()


def test_every_notification_arrives_in_order_and_once_by_its_key(store):
    channel = Channel(random.Random(7))  # noqa: S311
    for night in range(1, NIGHTS + 1):
        now = START + dt.timedelta(days=night)
        channel.down = {PAGER.url} if night in OUTAGE else set()
        _put(store, f"alert{night}", "firing", now)
        if night > LASTS:
            _put(store, f"alert{night - LASTS}", "resolved", now)
        for hour in (0, 12):
            _send(store, channel, now + dt.timedelta(hours=hour))
    hours = 0
    while undelivered(store) and hours < 1_000:
        hours += 2
        _send(store, channel, START + dt.timedelta(days=NIGHTS + 1, hours=hours))
    assert undelivered(store) == []
    with store.reading() as connection:
        written = [row.key for row in connection.execute(select(OUTBOX.c.key).order_by(OUTBOX.c.id))]
    assert len(written) == 2 * NIGHTS - LASTS
    for url in (PAGER.url, CHAT.url):
        assert len(channel.taken[url]) > len(written), (
            "some were sent twice, for nobody heard that they arrived"
        )
        # those of a thread in their order; threads do not wait for each other
        assert sorted(set(channel.taken[url])) == sorted(written)
        for thread in {key.partition(":")[0] for key in written}:
            arrived = [key for key in dict.fromkeys(channel.taken[url]) if key.startswith(f"{thread}:")]
            assert arrived == [key for key in written if key.startswith(f"{thread}:")]


def _put(store, thread, event, now):
    message = Message(
        f"{thread}:{event}", event, "critical", "title", "body", {"model": "flight_delay"}, thread=thread
    )
    assert enqueue_once(store, message, model="flight_delay", now=now)


def _send(store, channel, now):
    with contextlib.suppress(Killed):
        deliver(store, {"flight_delay": [PAGER, CHAT]}, environ={}, clock=lambda: now, sender=channel)
