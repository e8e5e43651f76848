"""Who the champion is: the version that is named, or the one under an alias of MLflow's registry."""

import pytest
from mlflow import MlflowClient

from obs_dagster.versus.champion import Champion
from obs_dagster.versus.champion_now import champion_now


@pytest.fixture
def uri(tmp_path):
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_an_alias_is_the_version_that_mlflow_has_under_it(small, uri, tmp_path):
    client = MlflowClient(uri, uri)
    client.create_registered_model("delays")
    for _ in range(2):
        client.create_model_version("delays", f"file://{tmp_path}")
    client.set_registered_model_alias("delays", "best", "2")
    registry = {"name": "delays"}
    assert champion_now(small(registry=registry, champion="@best").monitor, uri) == Champion("2")
    client.set_registered_model_alias("delays", "best", "1")
    assert champion_now(small(registry=registry, champion="@best").monitor, uri) == Champion("1")
    unknown = champion_now(small(registry=registry, champion="@worst").monitor, uri)
    assert unknown == Champion("", "the registered model delays has no alias worst")
    other = champion_now(small(registry={"name": "other"}, champion="@best").monitor, uri)
    assert other == Champion("", "the registered model other has no alias best")


def test_a_version_is_asked_of_nobody(small):
    assert champion_now(small(champion="7").monitor, "http://127.0.0.1:9") == Champion("7")


def test_an_mlflow_that_is_gone_is_a_reason(small):
    monitor = small(registry={"name": "delays"}, champion="@best").monitor
    assert champion_now(monitor, "http://127.0.0.1:9") == Champion("", "MLflow does not answer who @best is")
