"""The composition root: what Dagster is given for a set of monitors."""

import dagster as dg
import pytest

from jobs.composition import compose
from jobs.definitions import definitions


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
