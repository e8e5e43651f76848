"""Sixty nights with faults, late labels, silences and acknowledgements, an outage, and senders that die."""

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
from obs_dagster.history.tables import ALERT_EVENTS, OUTBOX
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Route

FIRST = dt.date(2013, 7, 1)
NIGHTS = 60
COLUMNS = ("a", "b", "c")
RULE = {"name": "drift", "metric": "psi", "above": 0.5, "severity": "warning"}
ROUTES = {"flight_delay": [Route(url="json://chat")]}
OUTAGE = range(25, 36)


class Dies(BaseException):
    """A sender that is killed after the channel took the message."""


class World:
    """A model whose columns fail by chance, people who do things by chance, and a channel that fails."""

    def __init__(self, store) -> None:
        self.store = store
        self.chance = random.Random(7)  # noqa: S311 - nothing secret
        self.night = 0
        self.heard: list[str] = []

    @property
    def now(self):
        return dt.datetime(2013, 8, 1, tzinfo=dt.UTC) + dt.timedelta(hours=self.night + 0.9)

    def observe(self, night, good):
        """One night's values: of one column in three bad, and by chance some of an earlier night anew."""
        on = FIRST + dt.timedelta(days=night - 1)
        about = {"n": 1_000, "error": 0.0, "reason": "", "computed_at": self.now, "run_id": "run"}
        records = [
            MetricRecord(
                "flight_delay",
                "1",
                "*",
                column,
                "psi",
                "psi/1",
                on,
                1,
                self.chance.choice([*good, 0.9]),
                None,
                None,
                **about,
            )
            for column in COLUMNS
        ]
        self.store.replace_metrics(records, model="flight_delay", days=[on], metrics=["psi"])

    def act(self):
        chance, store, now = self.chance, self.store, self.now
        firing = list_alerts(store, states=[State.FIRING])
        if firing and chance.random() < 0.3:
            acknowledge(store, chance.choice(firing).id, by="ann", comment="", now=now)
        if firing and chance.random() < 0.1:
            resolve(store, chance.choice(firing).id, by="bob", reason="known", now=now)
        if chance.random() < 0.2:
            about = {"column": chance.choice([*COLUMNS, "[ab]"])}
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


def test_every_notification_arrives_once_in_order_and_none_is_lost(store, evaluate):
    world = World(store)
    for night in range(1, NIGHTS + 1):
        world.night = night
        world.observe(night, [0.1, 0.1])
        if world.chance.random() < 0.3:
            world.observe(max(1, night - 3), [0.1])
        evaluate(night, RULE)
        world.act()
        world.send()
    for hour in range(10):
        world.night = NIGHTS + 100 + hour
        world.send()

    told, once = world.told(), list(dict.fromkeys(world.heard))
    with store.reading() as connection:
        done = set(connection.execute(select(ALERT_EVENTS.c.kind)).scalars())
    assert {"silenced", "unsilenced", "acknowledged", "closed"} <= done
    assert undelivered(store) == []
    assert len(world.heard) > len(once) > NIGHTS / 2
    assert sorted(once) == sorted(told)
    events = _by_alert(once)
    assert events == _by_alert(told)
    for alert in list_alerts(store):
        _require_true(alert, events.get(alert.id, []))

    evaluate(NIGHTS, RULE)
    assert world.told() == told


def _by_alert(keys):
    found = defaultdict(list)
    for key in keys:
        alert, event, _ = key.split(":")
        found[alert].append(event)
    return dict(found)


def _require_true(alert, events):
    """What people heard of an alert is how it stands, and nothing was said twice but that it fires again."""
    assert all(event != after or event == "firing" for event, after in pairwise(events))
    if events:
        assert events[0] == "firing"
        assert (events[-1] == "resolved") == (alert.state is State.RESOLVED)
    else:
        assert alert.state is not State.FIRING or alert.acknowledged_at is not None
