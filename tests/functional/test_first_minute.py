"""A new user's first minutes: a folder of CSV, `obs init`, nights and what they say, without an edit."""

import datetime as dt

import pytest

from jobs.cli import main
from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.moved import from_lake
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.changes.words import told
from obs_dagster.evaluation.drift import drift_of_day, keep_changes
from obs_dagster.evaluation.log_records import quality_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.night_record import record_nights
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.metrics.registry import family
from obs_dagster.quality.day import validate_days
from obs_dagster.reports.gather import gather
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from tests.functional import new_logs as world
from tests.functional.conftest import Place

NOW = dt.datetime(2024, 3, 8, tzinfo=dt.UTC)


def evaluate(place):
    """Every day through the stages of the engine; returns what the health page is made of."""
    monitor, lake = place.monitor, place.lake
    days = [world.FIRST + dt.timedelta(days=back) for back in range(world.DAYS)]
    night = Night(monitor, lake, Recorder(monitor.model, "run", NOW, task=monitor.task))
    for day in days:
        ingest_logs(monitor, day, lake)
    quality = dict(validate_days(monitor, days, lake))
    if monitor.labels:
        ingest_labels(monitor, lake)
    prepare_baseline(monitor, lake)
    list(profile_days(night, days))
    list(reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))))
    with place.history() as history:
        for day in days:
            drift = drift_of_day(night, day)
            keep_changes(monitor.model, lake, day, drift.changes)
            for name, records in (
                ("quality", quality_records(quality[day], day, night.recorder)),
                ("drift", drift.records),
                ("performance", performance_records(night, day)),
                ("service", service_records(night, day)),
            ):
                metrics = {*family(name), *(family("estimate") if name == "performance" else ())}
                history.replace_metrics(records, model=monitor.model, days=[day], metrics=metrics)
        record_nights(night, days, history)
        evaluate_rules(monitor, history, as_of=days[-1], now=NOW, run_id="run", moved=from_lake(lake))
        return gather(monitor, history, days[-1], now=NOW, lake=lake)


@pytest.mark.parametrize("task", world.TASKS)
def test_a_change_of_unit_and_a_burst_of_nulls_are_found_without_an_edit(task, tmp_path, capsys):
    labelled = world.write(tmp_path, task)
    place = Place(tmp_path, tmp_path / "monitors" / "shop.yaml")
    with place.environment():
        options = ["--labels", str(tmp_path / "labels")] if labelled else []
        with pytest.raises(SystemExit) as ended:
            main(["init", "shop", "--logs", str(tmp_path / "logs"), *options])
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"obs backfill shop --from {world.FIRST} --to {world.LAST}" in said
    page = evaluate(place)
    assert page.monitor.task == task
    assert not any(each.state == "firing" and each.fired_day < world.LAST for each in page.alerts)
    firing = {(each.rule, each.column): each for each in page.alerts if each.state == "firing"}
    far, gone = firing["feature_far_off", "amount"], firing["values_gone", "age"]
    assert (far.version, far.since, gone.version, gone.since) == ("v3", world.LAST, "v3", world.LAST)
    changes = {change.column: told(change) for change in page.changes.all}
    assert "1000: a change of unit?" in changes["amount"]
    assert "a burst of nulls?" in changes["age"]
