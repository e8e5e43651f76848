import os

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from sklearn.metrics import roc_auc_score

from obs_dagster.demo.baseline import baseline_path
from obs_dagster.demo.flights import FEATURES, DemoError
from obs_dagster.demo.plan import prepare


@pytest.fixture
def client(plan, uri):
    return MlflowClient(uri, uri)


@pytest.mark.parametrize(("version", "algorithm"), [("1", "logistic regression"), ("2", "LightGBM")])
def test_a_version_is_registered_with_what_it_was_made_from(client, version, algorithm):
    registered = client.get_model_version("flight_delay", version)
    assert registered.tags["algorithm"] == algorithm
    logged = client.get_logged_model(registered.source.removeprefix("models:/"))
    run = client.get_run(logged.source_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["threshold"] == "0.3"
    assert 0.6 < run.data.metrics["oof_roc_auc"] < 0.8
    [dataset] = run.inputs.dataset_inputs
    assert dataset.dataset.name.startswith("flights January-")
    assert {tag.key: tag.value for tag in dataset.tags}["mlflow.data.context"] == "training"


def test_a_version_has_a_signature(plan, uri):
    from mlflow.models import Model

    client = MlflowClient(uri, uri)
    for version in plan.models:
        model = Model.load(
            client.get_model_version_download_uri("flight_delay", version).removeprefix("file://")
        )
        assert model.signature.inputs.input_names() == list(FEATURES)


def test_model_files_are_in_the_home(plan, home, client):
    location = client.get_model_version_download_uri("flight_delay", "1")
    assert location.startswith((home / "mlartifacts").as_uri())


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_baseline_has_the_training_rows_with_honest_scores(plan, version):
    rows = pq.read_table(baseline_path(plan.folder, version), partitioning=None).to_pandas()
    in_sample = plan.models[version].predict(rows[list(FEATURES)])
    late = rows["late"]
    assert rows["model_version"].unique().tolist() == [version]
    assert (rows["predicted_late"] == (rows["score"] >= 0.3)).all()
    assert roc_auc_score(late, rows["score"]) < roc_auc_score(late, in_sample)


def test_preparing_again_changes_nothing(plan, home, uri, tenth, client):
    said = []
    before = [client.get_model_version("flight_delay", version).source for version in plan.models]
    written = [baseline_path(plan.folder, version).stat().st_mtime_ns for version in plan.models]
    again = prepare(home, uri, progress=said.append, flights=tenth)
    assert again.fingerprint == plan.fingerprint
    assert [client.get_model_version("flight_delay", version).source for version in plan.models] == before
    assert len(client.search_model_versions("name = 'flight_delay'")) == 2
    assert [baseline_path(plan.folder, version).stat().st_mtime_ns for version in plan.models] == written
    assert sum("is registered already" in sentence for sentence in said) == 2


def test_a_lost_or_damaged_baseline_is_written_again(plan, home, uri, tenth, client):
    path = baseline_path(plan.folder, "1")
    whole = pq.read_table(path, partitioning=None)
    path.write_bytes(path.read_bytes()[:1000])
    prepare(home, uri, progress=lambda _: None, flights=tenth)
    assert pq.read_table(path, partitioning=None).equals(whole)
    assert len(client.search_model_versions("name = 'flight_delay'")) == 2


def test_another_model_of_that_name_is_not_overwritten(plan, home, uri, tenth):
    with pytest.raises(DemoError, match="is not the one of this demo") as caught:
        prepare(home, uri, progress=lambda _: None, flights=tenth.iloc[1:])
    assert "OBS_HOME" in caught.value.remedy


def test_mlflow_is_left_as_it_was_found(home, uri, plan, monkeypatch):
    import mlflow

    from obs_dagster.demo.registration import _talking_to

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    mlflow.set_tracking_uri(None)
    with _talking_to(uri):
        assert mlflow.get_registry_uri() == mlflow.get_tracking_uri() == uri
    assert "MLFLOW_REGISTRY_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()
