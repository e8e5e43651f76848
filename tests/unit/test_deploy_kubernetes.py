"""The chart for Kubernetes, rendered by a real Helm: what a cluster takes, without a secret in it."""

import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.nginx import DEPLOY
from tests.servers import program

CHART = DEPLOY / "kubernetes"
SIGN_IN = ("signIn.enabled=true", "signIn.host=dagster.example.com", "signIn.issuer=https://id.example.com")
KUBERNETES = "1.31"


@pytest.fixture
def chart(tmp_path):
    """The chart without Dagster's, which is not in this repository."""
    helm = program("helm")
    copied = tmp_path / "chart"
    shutil.copytree(CHART, copied)
    about = yaml.safe_load((copied / "Chart.yaml").read_text())
    assert [each["name"] for each in about.pop("dependencies")] == ["dagster"]
    (copied / "Chart.yaml").write_text(yaml.safe_dump(about))

    def render(*values):
        command = [helm, "template", "obs", str(copied), "--namespace", "obs"]
        command += ["--is-upgrade", *(word for each in values for word in ("--set", each))]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            return done.stderr
        return [each for each in yaml.safe_load_all(done.stdout) if each]

    return render


def pods(manifests):
    for each in manifests:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("values", [(), SIGN_IN, ("mlflow.enabled=false", "home.existingClaim=mine")])
def test_a_cluster_takes_what_it_makes(chart, values):
    manifests = chart(*values)
    assert {each["kind"] for each in manifests} >= {"Deployment", "Service", "ConfigMap", "NetworkPolicy"}
    for each in manifests:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(names) == len(set(names))
    assert (("Deployment", "obs-mlflow") in names) == ("mlflow.enabled=false" not in values)
    assert (("PersistentVolumeClaim", "obs-home") in names) == ("home.existingClaim=mine" not in values)
    assert (("Ingress", "obs-dagster") in names) == (values == SIGN_IN)


def test_nobody_is_root_and_memory_is_bounded(chart):
    found = dict(pods(chart(*SIGN_IN)))
    assert set(found) == {"obs-mlflow", "obs-metrics", "obs-sign-in", "obs-migrate"}
    for pod in found.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["resources"]["limits"]["memory"]


def test_secrets_are_named_and_never_written(chart):
    manifests = chart(*SIGN_IN)
    assert "Secret" not in {each["kind"] for each in manifests}
    for name, pod in pods(manifests):
        for container in pod["containers"]:
            for variable in container.get("env", ()):
                secret = any(word in variable["name"] for word in ("PASSWORD", "SECRET", "CLIENT_ID"))
                assert secret == ("valueFrom" in variable), (name, variable["name"])


def test_what_has_to_be_said_is_asked_for(chart):
    assert "signIn.host: under which name do people reach Dagster?" in chart("signIn.enabled=true")


def test_nights_are_told_what_the_other_processes_are():
    """Dagster's chart starts them, with the values that stand below its name."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    (code,) = values["dagster"]["dagster-user-deployments"]["deployments"]
    assert code["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert code["envConfigMaps"] == [{"name": "obs-environment"}]
    assert code["envSecrets"] == [{"name": values["secret"]}]
    assert {each["mountPath"] for each in code["volumeMounts"]} == {"/data", "/monitors"}
    assert values["dagster"]["runLauncher"]["type"] == "K8sRunLauncher"
    assert values["dagster"]["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    limits = values["dagster"]["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    (one,) = limits["tagConcurrencyLimits"]
    compose = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())["concurrency"]["runs"]
    assert [one] == compose["tag_concurrency_limits"]
    for part in (values["dagster"]["dagsterWebserver"], values["dagster"]["dagsterDaemon"], code):
        assert part["image"] == values["image"]
