"""What holds of every model that an adapter loads: it adds up, gives the scores, and rows are independent.

The models of an adapter stand in `registered/<its name>.py`; an adapter without any fails here.
"""

import importlib
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import HasInteractions
from obs_dagster.explain.loading import ADAPTERS, load_classes, load_version
from tests.unit.explain.registered_model import CLASSES, training, truth

NAMES = sorted(ADAPTERS.all())


def models_of(name):
    return importlib.import_module(f"tests.unit.explain.registered.{name}").MODELS


CASES = [(name, kind) for name in NAMES for kind in models_of(name)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Trains, logs and registers a model in MLflow, and loads it as a night does."""
    import mlflow

    folder = tmp_path_factory.mktemp("adapters")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    experiment = []

    def load(name, kind):
        declared = models_of(name)[kind]
        rows = declared.prepare(training())
        before = mlflow.get_tracking_uri()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow about itself, and libraries about small data
            try:
                mlflow.set_tracking_uri(uri)
                if not experiment:
                    experiment.append(mlflow.create_experiment("training", (folder / "artifacts").as_uri()))
                with mlflow.start_run(experiment_id=experiment[0]):
                    logged = declared.log(rows, truth(training(), declared.puts), "model")
                registered = f"{name} {kind}"
                version = str(mlflow.register_model(logged.model_uri, registered).version)
            finally:
                mlflow.set_tracking_uri(before)
        if declared.puts == "classes":
            model = load_classes(registered, version, uri, declared.trust)
        else:
            model = load_version(registered, version, uri, declared.trust, declared.puts)
        return declared, model, rows[list(declared.features)]

    return load


@pytest.fixture(params=CASES, ids=[f"{name}, {kind}" for name, kind in CASES])
def model(request, loaded):
    if request.param[0] == "pytorch":
        pytest.importorskip("torch")
    # small data are slower on several threads
    with threadpool_limits(1):
        return loaded(*request.param)


def explainer_of(declared, model, background):
    features = list(declared.features)
    if declared.puts == "classes":
        return ClassExplainer.prepare(model, background, features, CLASSES, 20)
    return Explainer.prepare(model, background, features, 20)


def test_every_adapter_has_models():
    assert all(models_of(name) for name in NAMES)


def test_it_adds_up_gives_the_scores_back_and_does_not_mind_the_order_of_rows(model):
    declared, model, rows = model
    explainer = explainer_of(declared, model, rows.iloc[:40])
    given = rows.iloc[200:206]
    scores = model.predict(given)
    assert scores.shape == ((6, 3) if declared.puts == "classes" else (6,))
    assert np.isfinite(scores).all()
    if declared.puts != "number":
        assert ((scores >= 0) & (scores <= 1)).all()
    found = explainer.explain(given, 0.0, scores)
    # what was explained adds up, and is what the model says: else another method had taken over
    assert explainer.trouble == ""
    assert ("Permutation" in found.method) != declared.exact
    explained = found.of_chosen if declared.puts == "classes" else found
    assert explained.doubt == ""
    assert found.residual < 1e-3 * max(1.0, np.abs(scores).max())
    assert explained.shap_values.shape == (6, len(declared.features))
    assert np.abs(explained.shap_values).sum() > 0
    order = np.random.default_rng(0).permutation(6)
    np.testing.assert_allclose(model.predict(given.iloc[order]), scores[order], atol=1e-6)
    again = explainer.explain(given.iloc[order], 0.0, scores[order])
    explained_again = again.of_chosen if declared.puts == "classes" else again
    if declared.exact:
        np.testing.assert_allclose(explained_again.shap_values, explained.shap_values[order], atol=1e-5)
    pairs_add_up(declared, model, explainer.background, given)


def pairs_add_up(declared, model, background, given):
    """What pairs of features add is symmetric, and adds up to the SHAP values."""
    pairs = model.interactions(background) if isinstance(model, HasInteractions) else None
    assert (pairs is not None) == declared.pairs
    if pairs is None:
        return
    values, found = pairs(given), model.attribution(background)(given)
    np.testing.assert_allclose(values, np.swapaxes(values, 1, 2), atol=1e-5)
    np.testing.assert_allclose(values.sum(axis=2), found.contributions, atol=1e-4)
    off_diagonal = values * (1 - np.eye(values.shape[1]))
    assert np.abs(off_diagonal).max() > 0
