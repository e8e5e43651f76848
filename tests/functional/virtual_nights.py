"""Nights in virtual time: people who do things by chance, senders that die, and a channel that is out."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise

from sqlalchemy import select

from obs_dagster.alerts import State, deliver, list_alerts, undelivered
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.life import silences
from obs_dagster.alerts.life.acts import acknowledge, resolve
from obs_dagster.alerts.life.tell import settle
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor import Route

NIGHTS = 60
ROUTES = {"flight_delay": [Route(url="json://chat")]}
OUTAGE = range(25, 36)


class Dies(BaseException):
    """A sender that is killed after the channel took the message."""


class World:
    """People who do things by chance about the alerts of a store, and a channel that fails.

    Args:
        store: the store.
        columns: what silences may be about.
    """

    def __init__(self, store, columns) -> None:
        self.columns = columns
        self.store = store
        self.chance = random.Random(7)  # noqa: S311 - nothing secret
        self.night = 0
        self.heard: list[str] = []

    @property
    def now(self):
        return dt.datetime(2013, 8, 1, tzinfo=dt.UTC) + dt.timedelta(hours=self.night + 0.9)

    def act(self):
        chance, store, now = self.chance, self.store, self.now
        firing = list_alerts(store, states=[State.FIRING])
        if firing and chance.random() < 0.3:
            acknowledge(store, chance.choice(firing).id, by="ann", comment="", now=now)
        if firing and chance.random() < 0.3:
            resolve(store, chance.choice(firing).id, by="bob", reason="known", now=now)
        if chance.random() < 0.2:
            about = {"column": chance.choice(self.columns)}
            end = now + dt.timedelta(hours=chance.randint(1, 6))
            silences.add(store, about, author="cy", comment="", ends_at=end, now=now)
        active = silences.list_silences(store, now)
        if active and chance.random() < 0.1:
            silences.withdraw(store, chance.choice(active).id, by="cy", now=now)

    def send(self):
        settle(self.store, self.now)
        with suppress(Dies):
            deliver(self.store, ROUTES, environ={}, clock=lambda: self.now, sender=self._sender)

    def _sender(self, _url, message, _thread):
        if self.night in OUTAGE:
            raise ConnectionError("down")
        self.heard.append(message.key)
        if self.chance.random() < 0.1:
            raise Dies
        return Taken()

    def told(self):
        with self.store.reading() as connection:
            return list(connection.execute(select(OUTBOX.c.key).order_by(OUTBOX.c.id)).scalars())


def require_each_once(world):
    """Every notification arrived, once but for repetitions, in the order of its thread; none is lost."""
    told, once = world.told(), list(dict.fromkeys(world.heard))
    assert undelivered(world.store) == []
    assert len(world.heard) > len(once)
    assert sorted(once) == sorted(told)
    events = _by_alert(once)
    assert events == _by_alert(told)
    assert _by_thread(world.store, once) == _by_thread(world.store, told)
    for alert in list_alerts(world.store):
        _require_true(alert, events.get(alert.id, []))
    return once


def _by_thread(store, keys):
    with store.reading() as connection:
        threads = dict(connection.execute(select(OUTBOX.c.key, OUTBOX.c.thread)).tuples().all())
    found = defaultdict(list)
    for key in keys:
        found[threads[key]].append(key)
    return dict(found)


def _by_alert(keys):
    found = defaultdict(list)
    for key in keys:
        alert, event, _ = key.split(":")
        found[alert].append(event)
    return dict(found)


def _require_true(alert, events):
    """What people heard of an alert is how it stands, and nothing was said twice but that it fires again."""
    events = [event for event in events if event != "explained"]
    assert all(event != after or event == "firing" for event, after in pairwise(events))
    if events:
        assert events[0] == "firing"
        assert (events[-1] == "resolved") == (alert.state is State.RESOLVED)
    else:
        assert alert.state is not State.FIRING or alert.acknowledged_at is not None
