import numpy as np
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.loading import load_version

FEATURES = ["hour", "temp", "constant", "carrier", "origin"]


def test_native_models_score_as_the_originals_do(registry, rows, booster, logistic):
    encoded = rows.astype({"carrier": "category", "origin": "category"})
    expected = {"1": logistic.predict_proba(rows)[:, 1], "2": booster.predict(encoded)}
    for version, scores in expected.items():
        np.testing.assert_allclose(load_version("delay", version, registry).predict(rows), scores, atol=1e-12)


def test_a_loaded_model_explains_raw_rows(registry, rows, training):
    for version in ("1", "2", "4"):
        explainer = Explainer.prepare(load_version("delay", version, registry), training, FEATURES, len(rows))
        assert explainer.explain(rows).residual < 1e-9


def test_a_version_is_loaded_once(registry):
    assert load_version("delay", "2", registry) is load_version("delay", "2", registry)


def test_a_pickle_needs_trust(registry, rows, logistic):
    with pytest.raises(ModelLoadError, match="is a pickle") as caught:
        load_version("delay", "3", registry)
    assert "registry.trust: pickle" in caught.value.remedy
    loaded = load_version("delay", "3", registry, "pickle")
    np.testing.assert_array_equal(loaded.predict(rows), logistic.predict_proba(rows)[:, 1])


def test_a_list_of_trusted_types_in_the_artifact_is_not_trusted(registry):
    with pytest.raises(ModelLoadError, match=r"not known to be safe: sklearn\.metrics"):
        load_version("delay", "5", registry)
    assert load_version("delay", "5", registry, "pickle") is not None


@pytest.mark.parametrize(("name", "version"), [("delay", "99"), ("other", "1")])
def test_what_is_not_registered_is_named(registry, name, version):
    with pytest.raises(ModelLoadError, match=f"Version {version} of the registered model '{name}'") as caught:
        load_version(name, version, registry)
    assert "registry.name" in caught.value.remedy


@pytest.mark.parametrize("version", ["latest", "../1", "", "1/../2", "1@x"])
def test_a_version_that_is_no_number_never_reaches_the_registry(registry, version):
    with pytest.raises(ModelLoadError, match="versions of the MLflow registry are numbers"):
        load_version("delay", version, registry)


def test_a_damaged_artifact_is_an_error_of_that_version(registry, tmp_path):
    from mlflow import MlflowClient

    client = MlflowClient(registry, registry)
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  lightgbm:\n    data: model.lgb\n    model_class: lightgbm.basic.Booster\n",
        encoding="utf-8",
    )
    (tmp_path / "model.lgb").write_bytes(b"not a model")
    client.create_registered_model("damaged")
    client.create_model_version("damaged", tmp_path.as_uri())
    with pytest.raises(ModelLoadError, match="'damaged' cannot be read"):
        load_version("damaged", "1", registry)


def test_other_flavors_are_named(registry, tmp_path):
    from mlflow import MlflowClient

    client = MlflowClient(registry, registry)
    (tmp_path / "MLmodel").write_text("flavors:\n  keras: {}\n", encoding="utf-8")
    client.create_registered_model("foreign")
    client.create_model_version("foreign", tmp_path.as_uri())
    with pytest.raises(ModelLoadError, match="flavors keras; known are catboost, lightgbm, onnx"):
        load_version("foreign", "1", registry)


def test_a_password_in_the_uri_is_not_shown():
    from obs_dagster.explain.loading import _without_password

    assert _without_password("postgresql://me:secret@host/db") == "postgresql://host/db"
    assert _without_password("sqlite:////tmp/mlflow.db") == "sqlite:////tmp/mlflow.db"
    assert _without_password("databricks") == "databricks"
