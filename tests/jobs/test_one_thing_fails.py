"""Whatever one part of a night does, rules are evaluated, and what fires waits to be sent."""

import datetime as dt
import functools
import importlib
import pkgutil
from dataclasses import replace
from unittest import mock

import dagster as dg
import pytest
from sqlalchemy import text

import obs_dagster
import obs_dagster.metrics.evaluation as metrics
from assets import graph
from assets.alerts import PARTS
from assets.guard import guarded
from jobs.execution import run_nights
from obs_dagster.alerts import list_alerts
from obs_dagster.alerts.channels.registry import CHANNELS
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.kinds import Kinds
from obs_dagster.metrics import registry
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.baseline import BASELINES
from obs_dagster.monitor.engine import ENGINES
from obs_dagster.monitor.source import SOURCES
from obs_dagster.monitor.task import TASKS
from obs_dagster.settings import Settings

DAY = dt.date(2024, 3, 3)
SMALL = {
    "model": "small",
    "start": "2024-03-04",
    "logs": {"source": "parquet", "path": "logs/{day}.parquet", "columns": {"time": "at", "score": "score"}},
    "features": {"temp": {"type": "number"}},
    "baseline": {"kind": "rolling", "days": 7},
}
#: What makes the records that the rule `busy` watches: all that it does not come after is optional.
WATCHED = "service_health"


def optional_stages():
    """Every stage that what the rule watches does not come from, but for that which evaluates it."""
    names = {stage.__name__.rsplit(".", 1)[1] for stage in graph._STAGES}
    monitor = Monitor.model_validate(SMALL)
    defined = [each for each in graph.build(monitor) if isinstance(each, dg.AssetsDefinition)]
    after = {each.key.path[-1]: {key.path[-1] for key in each.dependency_keys} for each in defined}
    needed = {WATCHED, "alerts"}
    while more := {parent for stage in needed - {"alerts"} for parent in after.get(stage, ())} - needed:
        needed |= more
    return sorted(names - needed)


def optional_kinds():
    """Every registry of kinds but of those that nothing is evaluated without; channels are tried for ever."""
    packages = pkgutil.walk_packages(obs_dagster.__path__, "obs_dagster.")
    needed = {TASKS, SOURCES, BASELINES, ENGINES, CHANNELS}
    found = {}
    for info in packages:
        if not info.name.endswith("__main__"):
            for each in vars(importlib.import_module(info.name)).values():
                if isinstance(each, Kinds) and each not in needed:
                    found[each.noun] = each
    return found


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
    monkeypatch.setattr("assets.mlflow_report.publish_nights", mock.Mock(return_value=report))
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


@pytest.mark.parametrize("stage", optional_stages())
def test_a_stage(night, monkeypatch, stage):
    monkeypatch.setattr("assets.stage.guarded", breaking(stage))
    done, firing, waiting, _ = night()
    assert not done.success
    assert stage in [each.stage for each in done.failures]
    assert firing == {"busy"}
    assert "busy" in waiting
    assert "failed" in waiting


def breaking(broken):
    """Stages as they are, but for one that raises what nobody has foreseen."""

    def guarding(monitor, name, function):
        if name != broken:
            return guarded(monitor, name, function)

        @functools.wraps(function)
        def raising(*args, **kwargs):
            raise BrokenError

        return guarded(monitor, name, raising)

    return guarding


def test_the_stages_that_are_tried_are_found_in_the_graph():
    assert {"ground_truth", "drift", "explanations", "mlflow_report"} <= set(optional_stages())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_stage_that_evaluates_rules(night, monkeypatch, part):
    monkeypatch.setitem(PARTS, part, mock.Mock(side_effect=BrokenError))
    done, firing, waiting, _ = night()
    assert done.success
    assert firing == {"busy"}
    assert part in waiting


class Broken:
    """A kind whose every function raises."""

    def __init__(self, kind):
        self.kind = kind

    def __getattr__(self, name):
        found = getattr(self.kind, name)
        return mock.Mock(side_effect=BrokenError) if callable(found) else found


def test_every_kind_that_a_night_can_do_without(night, monkeypatch, tmp_path):
    monkeypatch.setenv("OBS_EXPORTS", f"textfile://{tmp_path}/obs.prom")
    # a process of its own has seen no monitor with texts, as this one may have
    monkeypatch.setattr(Monitor, "any_content", False)
    for kinds in optional_kinds().values():
        for name, kind in kinds.all().items():
            monkeypatch.setitem(kinds._known, name, Broken(kind))
    done, firing, waiting, _ = night()
    assert done.success
    assert firing == {"busy"}
    assert "busy" in waiting


def test_every_metric_but_the_one_that_a_rule_watches(night, monkeypatch):
    def broken(_):
        raise BrokenError("with a value of a row in it")

    def family(*about):
        return {
            name: each if name == "volume" else replace(each, compute=broken)
            for name, each in registry.family(*about).items()
        }

    monkeypatch.setattr(metrics, "family", family)
    done, firing, _, records = night()
    assert done.success
    assert firing == {"busy"}
    found = [each for each in records if each.metric in ("psi", "recall")]
    assert found
    assert {(each.value, each.reason) for each in found} == {(None, "its computation failed (BrokenError)")}


def test_the_whole_night_is_what_it_is_compared_with(night):
    done, firing, waiting, _ = night()
    assert (done.success, firing) == (True, {"busy"})
    assert "failed" not in waiting
