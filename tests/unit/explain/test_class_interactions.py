"""Pairs of features that move the scores of several classes together, against shap on the same models."""

import json

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.interactions import NoInteractionsError, class_strengths
from obs_dagster.explain.sklearn_classes import adapt_classes

FEATURES = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def rows():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(400, 4)), columns=list(FEATURES))


@pytest.fixture(scope="module")
def labels(rows):
    # a and b act together on one class, c alone on another
    return np.where(rows["a"] * rows["b"] > 0.3, "x", np.where(rows["c"] > 0, "y", "z"))


def lightgbm():
    return pytest.importorskip("lightgbm").LGBMClassifier(
        n_estimators=6, num_leaves=6, verbosity=-1, n_jobs=1
    )


def xgboost():
    return pytest.importorskip("xgboost").XGBClassifier(n_estimators=6, max_depth=3, n_jobs=1)


MODELS = {
    "lightgbm": lightgbm,
    "xgboost": xgboost,
    "forest": lambda: RandomForestClassifier(8, max_depth=4, random_state=0),
    "tree": lambda: DecisionTreeClassifier(max_depth=4, random_state=0),
}


def fitted(kind, rows, labels):
    codes = np.searchsorted(["x", "y", "z"], labels)
    return MODELS[kind]().fit(rows, codes if kind == "xgboost" else labels)


def explained(explainer, rows):
    return explainer.explain(rows, 0.0, explainer.model.predict(rows))


@pytest.mark.parametrize("kind", list(MODELS))
def test_values_are_those_of_shap_and_add_up(kind, rows, labels):
    classifier = fitted(kind, rows, labels)
    model = adapt_classes(classifier, place="it")
    given = rows.iloc[:25]
    found = model.class_interactions(rows)(given)
    assert found.shape == (25, 4, 4, 3)
    values = model.class_attribution(rows)(given).contributions
    np.testing.assert_allclose(found.sum(axis=2), values, atol=1e-5)
    np.testing.assert_allclose(found, found.transpose(0, 2, 1, 3), atol=1e-5)
    expected = np.asarray(shap.TreeExplainer(classifier).shap_interaction_values(given))
    if expected.shape[0] == 3:
        expected = np.moveaxis(expected, 0, 3)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_columns_of_a_category_are_one_feature(rows, labels):
    named = rows.assign(d=np.where(rows["d"] > 0, "up", "down"))
    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["d"]), remainder="passthrough"),
        RandomForestClassifier(5, max_depth=4, random_state=0),
    ).fit(named, labels)
    model = adapt_classes(pipeline, place="it")
    found = model.class_interactions(named)(named.iloc[:10])
    values = model.class_attribution(named)(named.iloc[:10]).contributions
    assert found.shape == (10, 4, 4, 3)
    np.testing.assert_allclose(found.sum(axis=2), values, atol=1e-9)


def test_the_pair_that_acts_together_comes_first(rows, labels):
    model = adapt_classes(fitted("lightgbm", rows, labels), place="it")
    explainer = ClassExplainer.prepare(model, rows.iloc[:200], FEATURES, ("x", "y", "z"), 60)
    found = class_strengths(model, explainer.background, explained(explainer, rows.iloc[:60]), 40)
    assert found.rows == 40
    assert {*found.pairs()[0][:2]} == {"a", "b"}
    assert json.loads(found.to_json())["unit"] == "raw score"


def test_what_is_not_made_of_trees_has_none(rows, labels):
    model = adapt_classes(LogisticRegression().fit(rows, labels), place="it")
    assert model.class_interactions(rows) is None
    explainer = ClassExplainer.prepare(model, rows.iloc[:100], FEATURES, ("x", "y", "z"), 40)
    assert class_strengths(model, explainer.background, explained(explainer, rows.iloc[:20]), 10) is None


def test_values_that_do_not_add_up_are_not_told(rows, labels):
    model = adapt_classes(fitted("forest", rows, labels), place="it")
    explainer = ClassExplainer.prepare(model, rows.iloc[:100], FEATURES, ("x", "y", "z"), 40)
    found = explained(explainer, rows.iloc[:20])

    class Wrong:
        def class_interactions(self, background):
            return lambda rows: 2 * model.class_interactions(background)(rows)

    with pytest.raises(NoInteractionsError, match="off by"):
        class_strengths(Wrong(), explainer.background, found, 10)
