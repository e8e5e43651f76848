"""The composition root: what Dagster is given for a set of monitors."""

import dagster as dg
import pytest

from jobs.composition import compose
from jobs.definitions import definitions
from obs_dagster.monitor import MonitorError


@pytest.fixture
def repository(small):
    both = {name: small(name, model=name).monitor for name in ("one", "two")}
    return compose(both).get_repository_def()


def test_every_monitor_has_a_nightly_job_and_a_schedule(repository):
    assert {"one_nightly", "two_nightly"} <= {job.name for job in repository.get_all_jobs()}
    schedules = {each.name: each.job_name for each in repository.schedule_defs}
    assert schedules == {"one_schedule": "one_nightly", "two_schedule": "two_nightly"}


def test_a_nightly_job_is_about_one_monitor(repository):
    keys = repository.get_job("one_nightly").asset_layer.executable_asset_keys
    assert len(keys) == 11
    assert {key.path[0] for key in keys} == {"one"}


def test_the_sensors_are_those_of_all_monitors_together(repository):
    assert {each.name for each in repository.sensor_defs} == {
        "alert_notifications",
        "heartbeats",
        "exports",
        "failed_nights",
        "lost_runs",
        "missed_nights",
        "fleet_page",
        "changed_logs",
    }


def test_no_monitor_is_no_error():
    repository = compose({}).get_repository_def()
    assert list(repository.schedule_defs) == []
    assert len(list(repository.sensor_defs)) == 7


def test_the_definitions_are_those_of_the_monitors_folder(tmp_path, monkeypatch):
    (tmp_path / "loan.yaml").write_text(
        """
model: loan
start: 2024-03-01
logs:
  source: parquet
  path: logs/{day}.parquet
  columns: {prediction_id: id, time: at, version: version, score: score}
features:
  income: {type: number}
baseline: {kind: rolling}
"""
    )
    monkeypatch.setenv("OBS_MONITORS", str(tmp_path))
    # Dagster calls what the module names
    found = definitions()
    assert isinstance(found, dg.Definitions)
    assert {key.path[0] for key in found.resolve_asset_graph().get_all_asset_keys()} == {"loan"}
    dg.Definitions.validate_loadable(found)


WRONG = "model: fraud\nstart: yesterday\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of monitors with one that is right and two files of one model, both of which are wrong."""
    test_the_definitions_are_those_of_the_monitors_folder(tmp_path, monkeypatch)
    for name in ("fraud.yaml", "fraud-again.yaml"):
        (tmp_path / name).write_text(WRONG)
    (tmp_path / "not-even-yaml.yaml").write_text("a: [")
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_wrong_file_keeps_no_other_model_from_its_nights_and_is_shown(folder):
    repository = definitions().get_repository_def()
    assert [each.name for each in repository.schedule_defs if each.name.startswith("loan")] == [
        "loan_schedule"
    ]
    graph = repository.asset_graph
    shown = graph.get(dg.AssetKey(["fraud", "monitor_file"]))
    assert not shown.is_executable
    assert "fraud.yaml:2" in shown.description
    assert "fraud-again.yaml:2" in shown.description
    assert graph.get(dg.AssetKey(["not_even_yaml", "monitor_file"])).group_name == "not_even_yaml"


def test_a_run_of_the_model_says_what_is_wrong(folder, monkeypatch):
    monkeypatch.setenv("DAGSTER_RUN_JOB_NAME", "fraud_nightly")
    with pytest.raises(MonitorError, match=r"fraud\.yaml:2"):
        definitions()


def test_people_are_told_through_the_routes_of_the_others(folder, tmp_path):
    (folder / "loan.yaml").write_text((folder / "loan.yaml").read_text() + 'routes: [{url: "log://"}]\n')
    sensor = {each.name: each for each in definitions().get_repository_def().sensor_defs}
    with dg.DagsterInstance.ephemeral() as instance:
        found = [
            sensor[name](dg.build_sensor_context(instance)).skip_message
            for name in ("missed_nights", "alert_notifications")
        ]
    assert found[0] == "news of fraud, not-even-yaml"
    assert found[1].startswith("2 delivered, 0 channels failed")
