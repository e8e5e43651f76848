import socket
import time

import pytest

from obs_dagster.errors import ObsError
from obs_dagster.reports.mlflow import MlflowRejected, MlflowReport, MlflowUnavailable
from obs_dagster.reports.mlflow.tracking import Tracking


@pytest.fixture
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_a_server_that_is_down_fails_within_seconds(closed_port, scheme):
    start = time.monotonic()
    with pytest.raises(MlflowUnavailable, match="does not answer") as caught:
        MlflowReport(f"{scheme}://reader:hush@127.0.0.1:{closed_port}/mlflow")
    assert time.monotonic() - start < 5
    assert caught.value.remedy
    assert "hush" not in str(caught.value)
    assert isinstance(caught.value, ObsError)


def test_a_server_that_never_answers_the_question(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tracking = Tracking(f"http://127.0.0.1:{listener.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(MlflowUnavailable):
            tracking.experiment("obs/flight_delay")
        assert time.monotonic() - start < 10


def test_a_database_that_cannot_be_opened(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MlflowUnavailable):
        Tracking(f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}").experiment("obs/flight_delay")


def test_a_deleted_experiment_is_refused_with_the_way_back(report, client, make_night):
    (published,) = report.publish([make_night(0)])
    client.delete_experiment(published.experiment)
    with pytest.raises(MlflowRejected, match="deleted") as caught:
        report.publish([make_night(0)])
    assert f"restore --experiment-id {published.experiment}" in caught.value.remedy


def test_artifacts_lie_beside_the_database(report, client, make_night, tmp_path):
    (published,) = report.publish([make_night(0)])
    location = client.get_experiment(published.experiment).artifact_location
    assert location == (tmp_path / "mlartifacts" / "obs" / "flight_delay").as_uri()
