"""Anomalies of nights whose other metrics are in the store, and the alerts that come of them."""

import datetime as dt

import numpy as np
import pytest

from obs_dagster.alerts import evaluate_rules, list_alerts
from obs_dagster.anomalies import record_anomalies
from obs_dagster.anomalies.nights import asked
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Monitor

FIRST = dt.date(2013, 7, 1)
NIGHTS = 40
NOW = dt.datetime(2013, 9, 1, tzinfo=dt.UTC)
RULE = {"name": "odd_night", "metric": "health_anomaly", "above": 5}


@pytest.fixture
def store(tmp_path):
    """Forty nights of a version and of one that is new, of which the last night is slow and has nulls."""
    rng = np.random.default_rng(0)
    last = FIRST + dt.timedelta(days=NIGHTS - 1)

    def record(version, day, metric, value, column=""):
        about = ("flight_delay", version, "*", column, metric, f"{metric}/1", day, 1)
        return MetricRecord(*about, value, None, None, 900, 0.0, "", NOW, "r")

    records = []
    for number in range(NIGHTS):
        day = FIRST + dt.timedelta(days=number)
        for version in ("1", "2") if number > 30 else ("1",):
            slow = day == last and version == "1"
            records += [
                record(version, day, "volume", 900 + rng.normal(0, 20)),
                record(version, day, "latency_p95", 900.0 if slow else 120 + rng.normal(0, 5)),
                record(version, day, "psi", rng.gamma(2, 0.01), "dep_delay"),
                record(version, day, "missing_share", 0.4 if slow else rng.beta(2, 500), "dep_delay"),
            ]
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        days = sorted({each.day for each in records})
        metrics = {each.metric for each in records}
        history.replace_metrics(records, model="flight_delay", days=days, metrics=metrics)
        yield history


def watching(*rules):
    """A monitor with rules."""
    columns = {"prediction_id": "id", "time": "time", "version": "version", "score": "score"}
    return Monitor.model_validate(
        {
            "model": "flight_delay",
            "start": FIRST.isoformat(),
            "logs": {"source": "parquet", "path": "log/{day}.parquet", "columns": columns},
            "features": {"dep_delay": {"type": "number"}},
            "baseline": {"kind": "rolling", "days": 7},
            "alerts": list(rules),
        }
    )


def run(store, *rules):
    monitor = watching(*rules)
    last = FIRST + dt.timedelta(days=NIGHTS - 1)
    days = [last - dt.timedelta(days=1), last]
    record_anomalies(monitor, store, days, Recorder("flight_delay", "r", NOW))
    evaluate_rules(monitor, store, as_of=last, now=NOW, run_id="r")
    return {
        (each.version, each.day): each for each in store.metrics("flight_delay", metrics=["health_anomaly"])
    }


def test_an_odd_night_is_an_alert_that_says_what_stands_out(store):
    found = run(store, RULE)
    last = FIRST + dt.timedelta(days=NIGHTS - 1)
    assert found["1", last - dt.timedelta(days=1)].value < 5
    assert found["2", last].reason == "8 of the 28 nights that are needed to know what is usual"
    [alert] = list_alerts(store)
    assert (alert.rule, alert.version, alert.since) == ("odd_night", "1", last)
    assert alert.note.startswith("What stands out: ")
    assert "latency 900 (usually 12" in alert.note
    assert "missing share of a feature 0.4" in alert.note
    assert run(store, RULE) == found


def test_nothing_is_computed_that_no_rule_watches(store):
    assert run(store, {"name": "lost", "metric": "volume", "below": 1}) == {}
    parts = [{"metric": "volume", "below": 1}, {"metric": "latency_anomaly", "above": 4}]
    assert asked(watching({"name": "either", "any": parts})) == {"latency_anomaly"}


def test_a_metric_that_fails_says_so_and_alerts_go_on(store, monkeypatch):
    def failing(*_):
        raise ValueError("no forest grows here")

    monkeypatch.setattr("obs_dagster.metrics.anomaly._scores", failing)
    found = run(store, RULE, {"name": "few", "metric": "volume", "below": 1_000, "min_rows": 1})
    last = FIRST + dt.timedelta(days=NIGHTS - 1)
    assert found["1", last].reason == "it could not be computed (ValueError: no forest grows here)"
    assert {alert.rule for alert in list_alerts(store)} == {"few"}
