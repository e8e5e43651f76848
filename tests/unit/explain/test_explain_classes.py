"""SHAP values of every class: they add up to the model's own output, and are what shap gives."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.class_boosters import adapt_lightgbm, adapt_xgboost
from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explain import ExplanationError
from obs_dagster.explain.scoring import compare_classes, score
from obs_dagster.explain.sklearn_classes import adapt_classes

CLASSES = ["late", "on time", "very late"]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "temp": rng.normal(size=400),
            "wind": rng.normal(size=400),
            "hour": rng.integers(0, 24, 400).astype(float),
        }
    )
    logits = np.column_stack([frame["temp"], -frame["temp"] + frame["wind"], 0.1 * (frame["hour"] - 12)])
    label = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return frame, np.array(CLASSES)[label]


def explained(model, frame, *, tolerance=0.0, largest=60):
    explainer = ClassExplainer.prepare(model, frame, list(frame.columns), CLASSES, largest)
    scored = score(model, frame[list(explainer.features)])
    return explainer.explain(frame, tolerance, scored.scores)


def softmax(output):
    raised = np.exp(output)
    return raised / raised.sum(axis=1, keepdims=True)


def lightgbm_booster(frame, label, objective="multiclass", **more):
    import lightgbm

    codes = np.searchsorted(CLASSES, label)
    params = {"objective": objective, "num_class": 3, "verbose": -1, "num_iterations": 8, **more}
    return lightgbm.train(params, lightgbm.Dataset(frame, codes))


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_lightgbm_explains_every_class(rows, objective):
    frame, label = rows
    booster = lightgbm_booster(frame, label, objective)
    model = adapt_lightgbm(booster, place="here")
    found = explained(model, frame)
    assert found.method.startswith("LightGBM")
    assert found.residual < 1e-9
    assert found.found.contributions.shape == (60, 3, 3)
    if objective == "multiclass":
        probabilities = softmax(found.found.base_value + found.found.contributions.sum(axis=1))
        np.testing.assert_allclose(probabilities, booster.predict(frame.iloc[:60]), atol=1e-9)
    import shap

    expected = shap.TreeExplainer(booster).shap_values(frame.iloc[:60])
    expected = np.stack(expected, axis=2) if isinstance(expected, list) else expected
    np.testing.assert_allclose(found.found.contributions, expected, atol=1e-9)


@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (LogisticRegression(max_iter=500), "linear"),
        (RandomForestClassifier(12, max_depth=4, random_state=0), "shap.TreeExplainer"),
        (HistGradientBoostingClassifier(max_iter=8), "shap.TreeExplainer"),
        (KNeighborsClassifier(25), "shap.PermutationExplainer"),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, str) else each,
)
def test_scikit_learn_explains_every_class(rows, estimator, method):
    frame, label = rows
    model = adapt_classes(estimator.fit(frame, label), place="here")
    assert model.classes == tuple(CLASSES)
    found = explained(model, frame, largest=20)
    assert found.method.startswith(method)
    assert found.residual < 1e-6
    assert len(found.data) == 20


def test_estimators_of_lightgbm_know_their_classes(rows):
    import lightgbm

    frame, label = rows
    model = adapt_classes(lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(frame, label), place="here")
    assert model.classes == tuple(CLASSES)
    assert explained(model, frame).residual < 1e-9


def test_columns_of_one_feature_are_summed_up(rows):
    frame, label = rows
    frame = frame.assign(carrier=np.where(frame["wind"] > 0, "AA", "UA"))
    encode = make_column_transformer(
        (OneHotEncoder(), ["carrier"]), ("passthrough", ["temp", "wind", "hour"])
    )
    pipeline = make_pipeline(encode, LogisticRegression(max_iter=500)).fit(frame, label)
    found = explained(adapt_classes(pipeline, place="here"), frame)
    assert found.features == ("temp", "wind", "hour", "carrier")
    assert found.residual < 1e-9


def test_xgboost_explains_every_class(rows):
    xgboost = pytest.importorskip("xgboost")
    frame, label = rows
    codes = np.searchsorted(CLASSES, label)
    params = {"objective": "multi:softprob", "num_class": 3}
    booster = xgboost.train(params, xgboost.DMatrix(frame, codes), 6)
    found = explained(adapt_xgboost(booster, place="here"), frame)
    assert found.residual < 1e-4
    probabilities = softmax(found.found.base_value + found.found.contributions.sum(axis=1))
    np.testing.assert_allclose(probabilities, booster.predict(xgboost.DMatrix(frame.iloc[:60])), atol=1e-5)


def test_metrics_are_of_the_mean_over_classes(rows):
    frame, label = rows
    found = explained(adapt_lightgbm(lightgbm_booster(frame, label), place="here"), frame)
    metrics = found.over_classes.metrics()
    size = np.abs(found.found.contributions).mean(axis=(0, 2))
    assert {name: each["shap_importance"].value for name, each in metrics.items()} == pytest.approx(
        dict(zip(found.features, size, strict=True))
    )
    assert sum(each["shap_share"].value for each in metrics.values()) == pytest.approx(1)
    assert metrics["temp"]["shap_importance"].n == 60
    by_class = found.by_class()
    assert list(by_class) == CLASSES
    np.testing.assert_allclose(np.mean([list(each.values()) for each in by_class.values()], axis=0), size)
    table = found.to_table()
    assert table.num_rows == 60 * 3
    about = json.loads(table.schema.metadata[b"explanation"])
    assert set(about["base_value"]) == set(CLASSES)
    chosen = found.of_chosen
    top = found.found.output.argmax(axis=1)
    np.testing.assert_array_equal(chosen.shap_values[5], found.found.contributions[5, :, top[5]])


def test_a_model_of_other_classes_is_not_explained(rows):
    frame, label = rows
    estimator = LogisticRegression(max_iter=500).fit(frame, label)
    with pytest.raises(ExplanationError, match=r"The model has 3 classes \(late, on time, very late\)"):
        ClassExplainer.prepare(
            adapt_classes(estimator, place="here"), frame, list(frame), ["a", "b", "c"], 50
        )
    booster = adapt_lightgbm(lightgbm_booster(frame, label), place="here")
    with pytest.raises(ExplanationError, match=r"The model has 3 classes, the monitor 2"):
        ClassExplainer.prepare(booster, frame, list(frame), ["a", "b"], 50)


def test_models_without_a_score_per_class_are_refused(rows):
    import lightgbm

    frame, label = rows
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_iterations": 2}, lightgbm.Dataset(frame, label == "late")
    )
    with pytest.raises(ModelLoadError, match="which has no score per class"):
        adapt_lightgbm(booster, place="here")
    with pytest.raises(ModelLoadError, match="without probabilities of three classes or more"):
        adapt_classes(LogisticRegression().fit(frame, label == "late"), place="here")


def test_scores_are_compared_by_the_class_furthest_apart():
    again = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [np.nan] * 3])
    logged = again + np.array([[0.0, 0.1, -0.1], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    agreement = compare_classes(again, logged)
    assert (agreement.rows, agreement.differing) == (2, 1)
    assert agreement.largest == pytest.approx(0.1)


def test_rows_that_the_model_refuses_are_left_out(rows):
    frame, label = rows
    model = adapt_classes(LogisticRegression(max_iter=500).fit(frame, label), place="here")
    broken = frame.copy()
    broken.loc[7, "temp"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scored = score(model, broken)
    assert scored.refused == 1
    assert not scored.accepted[7]
