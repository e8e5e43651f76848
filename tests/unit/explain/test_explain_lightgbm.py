import numpy as np
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explain import Explainer, ExplanationError
from obs_dagster.explain.lightgbm_booster import adapt_booster

FEATURES = ["hour", "temp", "constant", "carrier", "origin"]


def explain(model, rows, background, features):
    """All rows at once, in a call."""
    return Explainer.prepare(model, background, features, largest=max(1, len(rows))).explain(rows)


@pytest.fixture(scope="module")
def model(booster):
    return adapt_booster(booster, place="version 1")


def test_values_add_up_to_the_log_odds_of_the_score(model, rows, training):
    found = explain(model, rows, training, FEATURES)
    score = model.predict(rows)
    total = found.base_value + found.shap_values.sum(axis=1)
    assert found.shap_values.shape == (60, 5)
    np.testing.assert_allclose(total, np.log(score / (1 - score)), atol=1e-9)
    assert found.residual < 1e-9
    assert found.unit == "log-odds"


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier")
def test_values_are_those_of_shaps_tree_explainer(model, booster, rows, training):
    import shap

    encoded = rows.astype({"carrier": "category", "origin": "category"})
    found = explain(model, rows, training, FEATURES)
    np.testing.assert_allclose(
        found.shap_values, shap.TreeExplainer(booster).shap_values(encoded), atol=1e-12
    )


def test_a_constant_feature_explains_nothing_and_the_strong_ones_lead(model, rows, training):
    importance = explain(model, rows, training, FEATURES).importance()
    assert importance["constant"] == 0
    assert list(importance)[:2] == ["hour", "carrier"]
    assert list(importance.values()) == sorted(importance.values(), reverse=True)


def test_one_row_is_explained_as_it_is_among_others(model, rows, training):
    alone = explain(model, rows.iloc[[7]], training, FEATURES)
    np.testing.assert_allclose(
        alone.shap_values[0], explain(model, rows, training, FEATURES).shap_values[7], atol=1e-12
    )


def test_an_unseen_category_counts_as_missing(model, rows, training):
    unseen = explain(model, rows.assign(carrier="ZZ"), training, FEATURES)
    missing = explain(model, rows.assign(carrier=None), training, FEATURES)
    np.testing.assert_array_equal(unseen.shap_values, missing.shap_values)
    assert unseen.residual < 1e-9


@pytest.mark.parametrize("empty", [None, np.nan])
def test_a_feature_without_any_value_is_explained(model, rows, training, empty):
    found = explain(model, rows.assign(temp=empty, origin=empty), training, FEATURES)
    assert np.isfinite(found.shap_values).all()
    assert found.residual < 1e-9


def test_categories_are_encoded_as_in_training_whatever_the_day_holds(model, booster, rows):
    one_carrier = rows[rows["carrier"] == "UA"]
    expected = model.predict(rows)[(rows["carrier"] == "UA").to_numpy()]
    np.testing.assert_array_equal(model.predict(one_carrier), expected)


def test_columns_of_the_log_may_have_any_order(model, rows, training):
    shuffled = rows[FEATURES[::-1]].assign(unused=1)
    found = explain(model, shuffled, training, FEATURES[::-1])
    assert found.features == tuple(FEATURES)
    np.testing.assert_array_equal(found.shap_values, explain(model, rows, training, FEATURES).shap_values)


def test_a_category_that_was_constant_in_training_does_not_shift_the_others(rows, training):
    import lightgbm

    frame = training.assign(airport="NYC").astype(dict.fromkeys(["carrier", "origin", "airport"], "category"))
    frame = frame[["airport", "carrier", "hour", "origin"]]
    label = (training["carrier"] == "UA") ^ (np.arange(len(training)) % 7 == 0)
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    model = adapt_booster(lightgbm.train(params, lightgbm.Dataset(frame, label), 20), place="version 1")
    scores = model.predict(rows.assign(airport="NYC")[["airport", "carrier", "hour", "origin"]])
    assert scores[rows["carrier"] == "UA"].min() > scores[rows["carrier"] != "UA"].max()


def test_a_booster_without_categories_is_adapted(rows, training):
    import lightgbm

    numbers = training[["hour", "temp"]]
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(params, lightgbm.Dataset(numbers, training["hour"] > 14), 5)
    model = adapt_booster(booster, place="version 1")
    found = explain(model, rows.assign(temp=None), training, FEATURES)
    assert found.features == ("hour", "temp")
    assert found.residual < 1e-9


def trained(training, **params):
    import lightgbm

    data = lightgbm.Dataset(training[["hour", "temp"]].fillna(0), training["hour"] > 14)
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(options | params, data, 8)


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier")
@pytest.mark.parametrize(
    ("params", "scale"),
    [
        ({"sigmoid": 2.0}, 2),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}, 1 / 8),
        ({"boosting": "dart"}, 1),
        ({"objective": "cross_entropy"}, 1),
    ],
)
def test_values_are_log_odds_whatever_raw_scores_are(rows, training, params, scale):
    import shap

    booster = trained(training, **params)
    model = adapt_booster(booster, place="version 1")
    found = explain(model, rows, training, FEATURES)
    score = model.predict(rows[["hour", "temp"]])
    total = found.base_value + found.shap_values.sum(axis=1)
    np.testing.assert_allclose(total, np.log(score / (1 - score)), atol=1e-9)
    expected = shap.TreeExplainer(booster).shap_values(rows[["hour", "temp"]])
    np.testing.assert_allclose(found.shap_values, scale * expected, atol=1e-12)
    assert found.residual < 1e-9


def test_linear_models_in_the_leaves_are_explained_by_permutation(rows, training):
    model = adapt_booster(trained(training, linear_tree=True), place="version 1")
    found = explain(model, rows.iloc[:5], training, FEATURES)
    assert found.method.startswith("shap.PermutationExplainer")
    assert found.residual < 1e-6


def test_a_booster_of_an_unnamed_array_takes_the_monitors_features(rows, training):
    import lightgbm

    data = lightgbm.Dataset(training[["hour", "constant"]].to_numpy(), training["hour"] > 14)
    booster = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 3)
    found = explain(adapt_booster(booster, place="version 1"), rows, training, ["hour", "constant"])
    assert found.features == ("hour", "constant")


def test_a_regression_booster_is_refused(training):
    import lightgbm

    params = {"objective": "regression", "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(params, lightgbm.Dataset(training[["hour"]], training["hour"]), 2)
    with pytest.raises(ModelLoadError, match="objective 'regression'"):
        adapt_booster(booster, place="version 1")


def test_a_missing_column_is_named(model, rows, training):
    with pytest.raises(ExplanationError, match="reads temp, which the rows to explain do not have"):
        explain(model, rows.drop(columns="temp"), training, FEATURES)


def test_no_rows_cannot_be_explained(model, rows, training):
    with pytest.raises(ExplanationError, match="no rows to explain"):
        explain(model, rows.iloc[:0], training, FEATURES)
    with pytest.raises(ExplanationError, match="no background rows"):
        explain(model, rows, training.iloc[:0], FEATURES)
