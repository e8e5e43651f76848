"""Sixty nights of flights with faults, late data, silences and acknowledgements, an outage, and deaths.

Each kind of night is evaluated once, and comes back on later days.
"""

from __future__ import annotations

import datetime as dt
import shutil
from contextlib import suppress
from dataclasses import replace

import pandas as pd
import pytest
from sqlalchemy import select

from bench.alarms.faults import FAULTS
from bench.alarms.nights import Nights
from obs_dagster.alerts import evaluate_rules, list_alerts
from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERT_EVENTS
from tests.functional.conftest import FIRST
from tests.functional.virtual_nights import NIGHTS, Dies, World, require_each_once

ONE = dt.timedelta(days=1)
#: By weekday: what goes wrong on such days, and in which of the weeks.
FAULTY = {
    0: ("errors: one request of ten", {3, 7}),
    1: ("nulls: the whole weather", {2, 3, 5}),
    2: ("a column lost", {4}),
    3: ("volume: 30 % of the rows", {4, 6}),
}
RULES = {"requests_failed", "values_gone", "schema_changed", "traffic_lost"}


@pytest.fixture(scope="module")
def kinds(season, tmp_path_factory):
    """What a night of each weekday leaves, as it was and with its fault: records, and the night itself."""
    home = tmp_path_factory.mktemp("flights") / "home"
    shutil.copytree(season.place.home / "demo", home / "demo")
    nights = Nights.at(home, FIRST, {}, windows=[1])
    rules = tuple(rule for rule in nights.monitor.alerts if rule.name in RULES)
    watched = {rule.metric for rule in rules}
    found = {}
    with nights.history() as history:
        for back in range(7):
            day = FIRST + back * ONE
            for fault in (None, FAULTY.get(day.weekday(), (None, ()))[0]):
                if fault is not None:
                    log = home / "demo" / "logs" / f"day={day}" / "predictions.parquet"
                    rows = pd.read_parquet(log, partitioning=None)
                    wrong = FAULTS[fault]
                    (wrong.log or wrong.inputs)(rows).to_parquet(log)
                nights.run(day, history)
                records = history.metrics("flight_delay", first=day, last=day)
                known = [each for each in records if each.metric in watched]
                found[day.weekday(), fault] = known, history.nights("flight_delay", day, day)[0]
    return nights.monitor.model_copy(update={"alerts": rules}), found


class Flights(World):
    """Nights that are those of some week of flights, on later days."""

    def __init__(self, store, monitor, found):
        super().__init__(store, ["temp", "[dhv]*", "wind_speed", ""])
        self.monitor, self.found = monitor, found

    def evaluate(self, night):
        """Keep what the night left, and evaluate it; the run may be killed where a message is written."""
        day = FIRST + (night - 1) * ONE
        fault, weeks = FAULTY.get(day.weekday(), (None, ()))
        self.keep(day, fault if night // 7 in weeks else None)
        if night > 3 and self.chance.random() < 0.2:
            # what came late shows that nothing was wrong
            self.keep(day - 3 * ONE, None)
        for run in ("first", "again"):
            with suppress(Dies):
                evaluate_rules(
                    self.monitor,
                    self.store,
                    as_of=day,
                    now=self.now,
                    run_id=f"{run}-{night}",
                    moved=self.killed if run == "first" else lambda _: "",
                )

    def keep(self, day, kind):
        records, known = self.found[day.weekday(), kind]
        records = [replace(each, day=day) for each in records]
        metrics = {each.metric for each in records}
        self.store.replace_metrics(records, model="flight_delay", days=[day], metrics=metrics)
        self.store.record_night(replace(known, day=day))

    def killed(self, _alert):
        if self.chance.random() < 0.3:
            raise Dies
        return ""


def test_every_notification_of_sixty_nights_arrives_once_in_order_and_none_is_lost(kinds, tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as store:
        world = Flights(store, *kinds)
        for night in range(1, NIGHTS + 1):
            world.night = night
            world.evaluate(night)
            world.act()
            world.send()
        for hour in range(10):
            world.night = NIGHTS + 100 + hour
            world.send()

        heard = require_each_once(world)
        assert {alert.rule for alert in list_alerts(store)} >= RULES
        assert len(heard) > NIGHTS / 2
        with store.reading() as connection:
            done = set(connection.execute(select(ALERT_EVENTS.c.kind)).scalars())
        assert {"silenced", "unsilenced", "acknowledged", "closed"} <= done
