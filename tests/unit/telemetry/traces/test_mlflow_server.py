"""A night's trace in a real MLflow server, by its tracking URI alone."""

import json
import sys
from pathlib import Path

import pytest

from obs_dagster.mlflow_reach.experiment import links_to_traces
from obs_dagster.settings import Settings
from obs_dagster.telemetry import traces
from obs_dagster.telemetry.patience import PATIENCE
from tests.servers import answers, free_port, running


@pytest.fixture
def server(tmp_path):
    """The address of a server with an experiment of the model."""
    port, database = free_port(), f"sqlite:///{tmp_path}/mlflow.db"
    command = [str(Path(sys.executable).with_name("mlflow")), "server", "--port", str(port)]
    command += ["--backend-store-uri", database, "--artifacts-destination", str(tmp_path), "--workers", "1"]
    folder = tmp_path / "server"
    folder.mkdir()
    from mlflow import MlflowClient

    MlflowClient(database).create_experiment("obs/m")
    with running(command, folder, answers(f"http://127.0.0.1:{port}/health")):
        yield f"http://127.0.0.1:{port}"


def test_the_trace_of_a_night_is_among_those_of_its_model(begin_anew, server, tmp_path, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.setattr(PATIENCE, "seconds", 20.0)
    begin_anew(OBS_TRACES="mlflow", MLFLOW_TRACKING_URI=server)
    night = traces.run_span("served", "night", model="m", day="2024-03-04")
    with night, traces.span("scan", model="m", rows=10):
        pass
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("obs/m").experiment_id
    (found,) = client.search_traces(locations=[experiment])
    assert found.info.trace_id == f"tr-{traces.trace_of_run('served')}"
    assert found.info.state.value == "OK"
    assert {each.name: each.attributes.get("obs.rows") for each in found.data.spans} == {
        "night": None,
        "scan": 10,
    }
    assert json.loads(found.info.request_preview)["obs.day"] == "2024-03-04"
    # an alert leads there, by way of the server and of its database
    fragment = f"#/experiments/{experiment}/traces?workflowType=machine_learning"
    address = f"{fragment}&selectedEvaluationId={found.info.trace_id}"
    for uri in (server, f"sqlite:///{tmp_path / 'mlflow.db'}"):
        settings = Settings(tracking_uri=uri, mlflow_url="https://mlflow.example", traces="mlflow")
        trace = traces.trace_of_run("served")
        assert links_to_traces(settings).night_trace(trace, "m") == f"https://mlflow.example/{address}"
        assert not links_to_traces(settings).night_trace(trace, "of which nothing is known")
