"""Faults whose cause is known, injected into nights of real stages: found at once, the true cause first."""

import datetime as dt
import shutil

import numpy as np
import pytest

from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.suspects import ranked
from obs_dagster.evaluation.night_record import record_nights
from obs_dagster.history import History
from obs_dagster.metrics.default_rules import default_rules

ONE = dt.timedelta(days=1)
DAY = dt.date(2024, 3, 4)
QUIET, ROWS = 6, 1_000
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
RULES = [
    {"name": "inputs_moved", "metric": "psi", "above": 0.15},
    {"name": "values_lost", "metric": "missing_drift", "above": 0.05, "confident": False},
    {"name": "recall_lost", "metric": "recall", "below": 0.85},
    {"name": "precision_lost", "metric": "precision", "below": 0.85},
    {"name": "refused", "metric": "quarantined_share", "above": 0.05, "confident": False},
    {"name": "broken", "metric": "broken_columns", "above": 0, "confident": False},
    {"name": "few", "metric": "volume", "below": 500, "min_rows": 1},
]


def unit(rows):
    rows["temp"] = rows["temp"] * 1.8 + 32


def nulls(rows):
    rows.loc[rows.index % 5 < 2, "temp"] = None


def category(rows):
    rows.loc[rows.index % 2 == 0, "carrier"] = "ZZ"


def constant(rows):
    rows["hour"] = 7


def halved(rows):
    rows["score"] /= 2


def contract(rows):
    rows.loc[rows.index % 10 == 0, "hour"] = -1


def lost(rows):
    rows.drop(columns="temp", inplace=True)


def renewed(rows):
    rows["model"] = "2"
    rows["score"] = 1 - rows["score"]


def fewer(rows):
    rows.drop(index=rows.index[200:], inplace=True)


def clipped(rows):
    rows["temp"] = rows["temp"].clip(lower=12)


def segment(rows, late):
    return np.where(rows["carrier"] == "AA", ~late, late)


def prior(rows, late):
    return late | (rows.index % 2 == 0)


#: What is done to the rows, or to the truth, with the kind of the cause and what it is about.
FAULTS = {
    "a unit that changed": (unit, None, "column", "temp"),
    "a burst of nulls": (nulls, None, "missing", "temp"),
    "a new category": (category, None, "column", "carrier"),
    "a constant": (constant, None, "column", "hour"),
    "values that are clipped": (clipped, None, "column", "temp"),
    "scores that are halved": (halved, None, "output", ""),
    "values outside the contract": (contract, None, "quarantine", ""),
    "a column that is gone": (lost, None, "schema", ""),
    "a new version that is wrong": (renewed, None, "version", "2"),
    "a fifth of the traffic": (fewer, None, "traffic", ""),
    "one carrier that is predicted wrongly": (None, segment, "segment", "carrier=AA"),
    "a truth that changed": (None, prior, "labels", ""),
}


#: What is severe is found by default rules on its first night; by those that need no weeks before it.
SEVERE = {
    "a unit that changed": "feature_far_off",
    "values outside the contract": "rows_quarantined",
    "a column that is gone": "schema_changed",
    "a new version that is wrong": "ranking_reversed",
}


def night(world, day, spoil=None, truth=None):
    rows = world.rows(day, ROWS)
    late = (rows["score"] > 0.5).to_numpy()
    if truth is not None:
        late = np.asarray(truth(rows, late))
    labelled = rows.copy()
    if spoil is not None:
        spoil(rows)
    world.log(day, rows)
    world.labels(f"{day}.parquet", labelled, day=day, late=late)
    return world.night(day)


def keep(world, history, day, records):
    metrics = {each.metric for each in records}
    history.replace_metrics(records, model="small", days=[day], metrics=metrics)
    record_nights(world.tonight, [day], history)
    monitor = world.monitor
    own = {rule.name for rule in monitor.alerts}
    rules = (*monitor.alerts, *(rule for rule in default_rules(monitor) if rule.name not in own))
    evaluate_rules(monitor.model_copy(update={"alerts": rules}), history, as_of=day, now=NOW, run_id="run")


@pytest.fixture(scope="module")
def quiet(small_at, tmp_path_factory):
    """A world after six quiet nights: nothing has fired, of these rules and of the default ones."""
    world = small_at(
        tmp_path_factory.mktemp("quiet"),
        alerts=RULES,
        windows=[1],
        features={
            "temp": {"type": "number"},
            "hour": {"type": "integer", "min": 0, "max": 23},
            "carrier": {"type": "category"},
        },
    )
    world.train("1", "2", n=ROWS)
    with History.open(f"sqlite:///{world.root / 'history.db'}") as history:
        for offset in range(QUIET):
            on = DAY + offset * ONE
            keep(world, history, on, night(world, on))
        assert list_incidents(history) == []
    return world


def found(quiet, small_at, folder, fault):
    """What fires after a faulty night, and the suspects of its first incident by kind and subject."""
    spoil, truth, *_ = fault
    shutil.copytree(quiet.root, folder, dirs_exist_ok=True)
    world = small_at(folder, **quiet.changes)
    with History.open(f"sqlite:///{world.root / 'history.db'}") as history:
        on = DAY + QUIET * ONE
        keep(world, history, on, night(world, on, spoil, truth))
        incidents = list_incidents(history)
        assert incidents
        with history.reading() as connection:
            first = incidents[-1]
            evidence = Evidence.of(connection, first)
        suspects = ranked(first, evidence, lambda _: "", ["score", "prediction"])
        fired = {rule for incident in incidents for rule in incident.rules}
        return fired, [(each.kind, each.about) for each in suspects]


@pytest.fixture(scope="module")
def after(quiet, small_at, tmp_path_factory):
    """By fault, what fires and who is suspected."""
    folder = tmp_path_factory.mktemp("faulty")
    return {
        name: found(quiet, small_at, folder / str(number), fault)
        for number, (name, fault) in enumerate(FAULTS.items())
    }


def test_default_rules_find_what_is_severe_on_its_first_night(after):
    assert {name: rule for name, rule in SEVERE.items() if rule not in after[name][0]} == {}


def test_the_true_cause_comes_first(after):
    places = {}
    for name, (*_, kind, about) in FAULTS.items():
        found = after[name][1]
        places[name] = found.index((kind, about)) + 1 if (kind, about) in found else None
    first = [name for name, place in places.items() if place == 1]
    among = [name for name, place in places.items() if place is not None and place <= 3]
    assert len(first) >= 0.8 * len(FAULTS), places
    assert len(among) >= 0.95 * len(FAULTS), places
