"""Whatever one part of a night does, rules are evaluated, and what fires waits to be sent."""

import datetime as dt
from dataclasses import replace
from unittest import mock

import pytest
from sqlalchemy import text

import obs_dagster.metrics.evaluation as metrics
from jobs.execution import run_nights
from obs_dagster.alerts import list_alerts
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.metrics import registry
from obs_dagster.settings import Settings

DAY = dt.date(2024, 3, 3)
#: What a night can do without, by where it is called; `alerts` calls the last three itself.
STAGES = {
    "drift": "assets.drift.each_day",
    "performance": "assets.performance.stale_outcomes",
    "explanations": "assets.explanations.explain_days",
    "mlflow_report": "assets.mlflow_report.publish_nights",
}
PARTS = {
    "capacity": "record_capacity",
    "anomalies": "record_anomalies",
    "upstream assets": "_record_upstream",
}


class BrokenError(Exception):
    """Nobody has foreseen it."""


@pytest.fixture
def night(logged, monkeypatch):
    """Runs the night of a day on which the rule `busy` fires; what came of it, and what fires."""
    monkeypatch.setenv("OBS_HOME", str(logged.root))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv(metrics.STRICT, raising=False)
    # the report itself is no part of this, and takes longest
    report = mock.Mock(verdicts=[], days=[], published=[])
    monkeypatch.setattr(STAGES["mlflow_report"], mock.Mock(return_value=report))
    settings = Settings(home=logged.root)
    monitor = monitor_of(logged.monitors / "loan_default.yaml")

    def run():
        done = run_nights(monitor, DAY, DAY, settings=settings)
        with History.open(settings.history_url) as history:
            firing = {each.rule for each in list_alerts(history, "loan_default") if each.state == "firing"}
            with history.reading() as connection:
                waiting = connection.execute(text("SELECT notification FROM outbox")).scalars().all()
            records = history.metrics("loan_default")
        return done, firing, " | ".join(waiting), records

    return run


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage(night, monkeypatch, stage):
    monkeypatch.setattr(STAGES[stage], mock.Mock(side_effect=BrokenError))
    done, firing, waiting, _ = night()
    assert not done.success
    assert [each.stage for each in done.failures] == [stage]
    assert firing == {"busy"}
    assert "busy" in waiting
    assert "failed" in waiting


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_stage_that_evaluates_rules(night, monkeypatch, part):
    monkeypatch.setattr(f"assets.alerts.{PARTS[part]}", mock.Mock(side_effect=BrokenError))
    done, firing, waiting, _ = night()
    assert done.success
    assert firing == {"busy"}
    assert part in waiting


def test_a_metric(night, monkeypatch):
    def broken(_):
        raise BrokenError("with a value of a row in it")

    def family(*about):
        return {
            name: replace(each, compute=broken) if name in ("psi", "recall") else each
            for name, each in registry.family(*about).items()
        }

    monkeypatch.setattr(metrics, "family", family)
    done, firing, _, records = night()
    assert done.success
    assert firing == {"busy"}
    found = [each for each in records if each.metric in ("psi", "recall")]
    assert found
    assert {(each.value, each.reason) for each in found} == {(None, "its computation failed (BrokenError)")}
    assert any(each.metric == "precision" and each.value is not None for each in records)


def test_the_whole_night_is_what_it_is_compared_with(night):
    done, firing, waiting, _ = night()
    assert (done.success, firing) == (True, {"busy"})
    assert "failed" not in waiting
