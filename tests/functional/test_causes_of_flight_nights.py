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
RULES = {"requests_failed", "values_gone"}
NIGHTS = 140
#: An outage every three weeks, and between them errors of the data alone.
OUTAGES, ERRORS = range(20, NIGHTS, 23), range(31, NIGHTS, 23)
USUAL, OUTAGE, ERROR = range(3)


def outage(rows):
    """A third of the requests fail; what serves the weather is down with it."""
    random = np.random.default_rng(1)
    failed = random.uniform(size=len(rows)) < 0.35
    return errors(rows).assign(status=rows["status"].mask(failed, "error"))


def errors(rows):
    """Most of the weather is missing, and requests are served as always."""
    lost = np.random.default_rng(2).uniform(size=len(rows)) < 0.6
    return rows.assign(**{name: rows[name].mask(lost) for name in WEATHER})


@pytest.fixture(scope="module")
def kinds(season, tmp_path_factory):
    """What a night leaves: as it was, with an outage, and with errors of the data alone."""
    home = tmp_path_factory.mktemp("causes") / "home"
    shutil.copytree(season.place.home / "demo", home / "demo")
    nights = Nights.at(home, FIRST, {}, windows=[1])
    rules = tuple(rule for rule in nights.monitor.alerts if rule.name in RULES)
    log = home / "demo" / "logs" / f"day={FIRST}" / "predictions.parquet"
    rows = pd.read_parquet(log, partitioning=None)
    found = []
    with nights.history() as history:
        for fault in (None, outage, errors):
            (rows if fault is None else fault(rows)).to_parquet(log)
            nights.run(FIRST, history)
            records = history.metrics("flight_delay", first=FIRST, last=FIRST, segments=["*"])
            found.append((records, history.nights("flight_delay", FIRST, FIRST)[0]))
    return nights.monitor.model_copy(update={"alerts": rules}), found


def drawn(record, day, random):
    """The record of another night: as far off as its interval says, or by a hundredth."""
    if record.low is None or record.high is None:
        spread = 0.01 * record.value
    else:
        spread = (record.high - record.low) / 3.92
    value = record.value + spread * random.normal()
    return replace(record, day=day, value=max(value, 0.0) if record.value >= 0 else value)


@pytest.fixture(scope="module")
def store(kinds, tmp_path_factory):
    """The nights one after the other; rules are evaluated where something happens."""
    monitor, found = kinds
    path = tmp_path_factory.mktemp("causes") / "history.db"
    random, asked = np.random.default_rng(3), across([monitor])
    with History.open(f"sqlite:///{path}") as store:
        for number in range(NIGHTS):
            day = FIRST + number * ONE
            kind = OUTAGE if number in OUTAGES else ERROR if number in ERRORS else USUAL
            records, night = found[kind]
            kept = [drawn(each, day, random) for each in records if each.value is not None]
            metrics = {each.metric for each in kept}
            store.replace_metrics(kept, model="flight_delay", days=[day], metrics=metrics)
            store.record_night(replace(night, day=day))
            if kind != USUAL or number - 1 in OUTAGES or number - 1 in ERRORS:
                now = dt.datetime.combine(day + ONE, dt.time(9), dt.UTC)
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
    assert (answer.of.name, first.component.name) == ("data_quality", "service")
    assert first.began.value > 0.7
    assert first.effect.otherwise.value < 0.2 < first.effect.chance.value


def test_errors_of_the_data_alone_are_not_the_services(nights):
    answer = nights.on(FIRST + ERRORS[-1] * ONE)
    assert (answer.of.name, answer.reason, list(answer.candidates)) == ("data_quality", "", [])
    assert "Nothing that comes before it was off, so it began there." in told_of(answer)


def test_its_incident_and_its_notification_say_so(nights, store):
    last = FIRST + OUTAGES[-1] * ONE
    incident = next(each for each in list_incidents(store, "flight_delay") if each.since == last)
    assert nights.behind(incident).candidates[0].component.name == "service"
    with store.reading() as connection:
        told = across([nights.monitor])(connection, incident)
    assert told.startswith("it most likely began with service health (")
