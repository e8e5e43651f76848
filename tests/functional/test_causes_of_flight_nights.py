"""Nights of flights with an outage: the first is named by the order of stages, later ones with probabilities.

Each kind of night is evaluated once, through every stage, and comes back on later days.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.alarms.nights import Nights
from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.causes.model_nights import ModelNights, across
from obs_dagster.causes.words import told_of
from obs_dagster.history import History
from tests.functional.conftest import FIRST

ONE = dt.timedelta(days=1)
WEATHER = ("temp", "dewp", "humid", "wind_speed", "visib")
RULES = {"requests_failed", "values_gone", "values_missing", "feature_changed"}
NIGHTS = 120
#: An outage every twelve nights, and between them errors of the data alone.
OUTAGES, ERRORS = range(20, NIGHTS, 12), range(25, NIGHTS, 17)


def outage(rows):
    """A third of the requests fail; what serves the weather is down with it."""
    hit = np.random.default_rng(1).uniform(size=len(rows)) < 0.35
    lost = {name: rows[name].mask(hit) for name in WEATHER}
    return rows.assign(status=rows["status"].mask(hit, "error"), **lost)


def errors(rows):
    """The weather is missing, and requests are served as always."""
    hit = np.random.default_rng(2).uniform(size=len(rows)) < 0.5
    return rows.assign(**{name: rows[name].mask(hit) for name in WEATHER})


@pytest.fixture(scope="module")
def kinds(season, tmp_path_factory):
    """What nights leave, by kind: three as they were, one with an outage and one with errors of the data."""
    home = tmp_path_factory.mktemp("causes") / "home"
    shutil.copytree(season.place.home / "demo", home / "demo")
    nights = Nights.at(home, FIRST, {}, windows=[1])
    rules = tuple(rule for rule in nights.monitor.alerts if rule.name in RULES)
    found = []
    with nights.history() as history:
        for back, fault in enumerate((None, None, None, outage, errors)):
            day = FIRST + back * ONE
            if fault is not None:
                log = home / "demo" / "logs" / f"day={day}" / "predictions.parquet"
                fault(pd.read_parquet(log, partitioning=None)).to_parquet(log)
            nights.run(day, history)
            records = history.metrics("flight_delay", first=day, last=day, segments=["*"])
            found.append((records, history.nights("flight_delay", day, day)[0]))
    return nights.monitor.model_copy(update={"alerts": rules}), found


@pytest.fixture(scope="module")
def store(kinds, tmp_path_factory):
    """The nights one after the other; rules are evaluated where something happens."""
    monitor, found = kinds
    path = tmp_path_factory.mktemp("causes") / "history.db"
    random = np.random.default_rng(3)
    with History.open(f"sqlite:///{path}") as store:
        for number in range(NIGHTS):
            day = FIRST + number * ONE
            kind = 3 if number in OUTAGES else 4 if number in ERRORS else number % 3
            records, night = found[kind]
            kept = [
                replace(each, day=day, value=each.value * (1 + 0.01 * random.normal()))
                for each in records
                if each.value is not None
            ]
            metrics = {each.metric for each in kept}
            store.replace_metrics(kept, model="flight_delay", days=[day], metrics=metrics)
            store.record_night(replace(night, day=day))
            if kind > 2 or number - 1 in OUTAGES or number - 1 in ERRORS:
                now = dt.datetime.combine(day + ONE, dt.time(9), dt.UTC)
                asked = across([monitor])
                evaluate_rules(monitor, store, as_of=day, now=now, run_id=f"run-{number}", across=asked)
        yield store


@pytest.fixture(scope="module")
def nights(kinds, store):
    with store.reading() as connection:
        return ModelNights.read(connection, kinds[0])


def test_the_first_outage_comes_first_in_the_order_of_stages(nights):
    answer = nights.on(FIRST + OUTAGES[0] * ONE)
    assert answer.candidates[0].component.name == "service"
    assert answer.alone is None
    assert "service health comes first of what was off" in " ".join(told_of(answer))


def test_a_later_outage_is_where_it_began(nights):
    answer = nights.on(FIRST + OUTAGES[-1] * ONE)
    assert answer.reason == ""
    first = answer.candidates[0]
    assert (first.component.name, first.began.value > 0.5) == ("service", True)
    assert {each.component.name for each in answer.candidates} >= {"service", "data_quality"}


def test_errors_of_the_data_alone_are_not_the_services(nights):
    answer = nights.on(FIRST + ERRORS[-1] * ONE)
    began = {each.component.name: each.began.value for each in answer.candidates if each.began}
    assert "service" not in began
    assert max(began, key=began.get) == "data_quality"


def test_its_incident_and_its_notification_say_so(nights, store):
    last = FIRST + OUTAGES[-1] * ONE
    incident = next(each for each in list_incidents(store, "flight_delay") if each.since == last)
    assert nights.behind(incident).candidates[0].component.name == "service"
    with store.reading() as connection:
        told = across([nights.monitor])(connection, incident)
    assert told.startswith("it most likely began with service health (")
