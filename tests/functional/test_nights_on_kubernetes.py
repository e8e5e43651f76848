"""A night as a job of Kubernetes: Dagster's launcher asks for it as the chart says, and its program runs."""

import json
import os
import subprocess
import sys

import dagster as dg
import pytest
import yaml

from obs_dagster.history import History
from obs_dagster.settings import Settings
from tests.kubernetes import Cluster
from tests.nginx import DEPLOY
from tests.servers import until

ROOT = DEPLOY.parent
IMAGE = "registry.example.com/obs-dagster:0.1.0"
PATIENCE = 240


@pytest.fixture
def world(small, day):
    """A day of a log, and its labels."""
    found = small("world", baseline={"kind": "days", "first": str(day), "last": str(day)}, windows=[1])
    rows = found.rows(day)
    found.log(day, rows)
    found.labels("all.parquet", rows, day=day)
    return found


@pytest.fixture
def environment(world, tmp_path):
    """What the chart's config map tells every process, with the folders of this machine."""
    monitors = tmp_path / "monitors"
    monitors.mkdir()
    keys = world.keys | world.changes
    for section in ("logs", "labels"):
        keys[section] = keys[section] | {"path": f"{world.root}/{keys[section]['path']}"}
    keys["reports"] = {"evidently_every_days": 366}
    (monitors / "small.yaml").write_text(yaml.safe_dump(keys))
    return {
        "OBS_HOME": str(tmp_path / "home"),
        "OBS_MONITORS": str(monitors),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def cluster(tmp_path, environment):
    return Cluster(
        tmp_path, {"obs-environment": environment, "obs-secrets": {"MY_ROUTE_TOKEN": "of a route"}}
    )


def launcher(kubeconfig, dagster_home):
    """The launcher's settings as Dagster's chart writes them into `dagster.yaml`, out of our values."""
    values = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())["dagster"]
    given = values["runLauncher"]["config"]["k8sRunLauncher"]
    (code,) = values["dagster-user-deployments"]["deployments"]
    run = given["runK8sConfig"]
    config = {
        "load_incluster_config": False,
        "kubeconfig_file": str(kubeconfig),
        "service_account_name": "obs-dagster",
        "job_namespace": "obs",
        "job_image": IMAGE,
        "image_pull_policy": given["imagePullPolicy"],
        "dagster_home": str(dagster_home),
        "instance_config_map": "obs-dagster-instance",
        "env_config_maps": [each["name"] for each in code["envConfigMaps"]],
        "env_secrets": [each["name"] for each in code["envSecrets"]],
        "volumes": code["volumes"],
        "volume_mounts": code["volumeMounts"],
        "resources": given["resources"],
        "run_k8s_config": {
            "job_spec_config": run["jobSpecConfig"],
            "pod_spec_config": run["podSpecConfig"],
        },
    }
    return {"module": "dagster_k8s", "class": values["runLauncher"]["type"], "config": config}


def launch(environment, dagster_home, day):
    """As the daemon does it, for the job of the model's night."""
    tags = json.dumps({"dagster/partition": str(day)})
    where = ["-m", "jobs.definitions", "-j", "small_nightly", "--tags", tags]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "job", "launch", *where],
        cwd=dagster_home,
        env=kept | environment | {"DAGSTER_HOME": str(dagster_home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-3_000:]


def test_a_night_is_a_job_of_its_own(cluster, environment, tmp_path, day, monkeypatch):
    dagster_home = tmp_path / "dagster"
    dagster_home.mkdir()
    with cluster.running() as kubeconfig:
        settings = {
            "telemetry": {"enabled": False},
            # there is no daemon to take it from a queue
            "run_coordinator": {
                "module": "dagster._core.run_coordinator",
                "class": "DefaultRunCoordinator",
            },
            "run_launcher": launcher(kubeconfig, dagster_home),
        }
        (dagster_home / "dagster.yaml").write_text(yaml.safe_dump(settings))
        launch(environment, dagster_home, day)
        ((name, job),) = cluster.jobs.items()
        said = cluster.log(name)
        with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
            (run,) = instance.get_runs()
            until(
                "the night has run",
                lambda: instance.get_run_by_id(run.run_id).is_finished,
                log=said,
                seconds=PATIENCE,
            )
            assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.SUCCESS, said.read_text()
            materialized = instance.get_materialized_partitions(dg.AssetKey(["small", "mlflow_report"]))
            assert materialized == {str(day)}
        until("its pod has ended", lambda: "succeeded" in cluster.status(name), log=said)

    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert job["metadata"]["labels"]["dagster/job"] == "small_nightly"
    assert container["image"] == IMAGE
    assert container["resources"]["limits"] == {"memory": "4Gi"}
    assert {each["mountPath"] for each in container["volumeMounts"]} >= {"/data", "/monitors"}
    assert cluster.told(container)["MY_ROUTE_TOKEN"] == "of a route"
    assert "of a route" not in json.dumps(job), "a secret is named, and not written into the job"
    assert job["spec"]["ttlSecondsAfterFinished"] == 86_400
    assert pod["terminationGracePeriodSeconds"] == 120
    monkeypatch.setenv("OBS_HOME", environment["OBS_HOME"])
    with History.open(Settings().history_url) as history:
        (night,) = history.nights("small")
        assert (night.day, night.evaluated) == (day, True)
