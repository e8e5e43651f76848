"""Regressors are explained in the unit of what they predict, by the exact method wherever there is one."""

import numpy as np
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.lightgbm_booster import adapt_booster as adapt_lightgbm
from obs_dagster.explain.scoring import compare, rounding, score
from obs_dagster.explain.sklearn_regressor import adapt_regressor
from obs_dagster.explain.xgboost_booster import adapt_booster as adapt_xgboost

NUMBERS = ["hour", "temp", "constant"]
OPTIONS = {"n_estimators": 10, "random_state": 0}


@pytest.fixture
def target(training):
    """Minutes, from a thousandth up to hundreds."""
    noise = np.random.default_rng(3).gamma(2.0, 5.0, len(training))
    return 0.001 + noise + 4 * training["hour"] + np.where(training["carrier"] == "UA", 60, 0)


def sums_up(model, rows, training, features):
    """The explanation, of which every row adds up to the prediction."""
    found = Explainer.prepare(model, training, features, len(rows)).explain(rows)
    predicted = model.predict(rows[list(features)])
    np.testing.assert_allclose(
        found.base_value + found.shap_values.sum(axis=1),
        predicted,
        rtol=1e-4,
        atol=1e-4 * np.abs(predicted).max(),
    )
    assert found.unit == "unit of the target"
    return found


def estimators():
    from lightgbm import LGBMRegressor
    from sklearn import ensemble, linear_model, tree
    from xgboost import XGBRegressor

    return {
        "linear": (linear_model.LinearRegression(), "linear"),
        "ridge": (linear_model.Ridge(), "linear"),
        "tree": (tree.DecisionTreeRegressor(max_depth=5), "TreeExplainer"),
        "forest": (ensemble.RandomForestRegressor(max_depth=5, **OPTIONS), "TreeExplainer"),
        "boosting": (ensemble.GradientBoostingRegressor(**OPTIONS), "TreeExplainer"),
        "huber": (ensemble.GradientBoostingRegressor(loss="huber", **OPTIONS), "TreeExplainer"),
        "histogram": (ensemble.HistGradientBoostingRegressor(max_iter=10), "TreeExplainer"),
        "histogram of counts": (
            ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=10),
            "PermutationExplainer",
        ),
        "counts": (linear_model.PoissonRegressor(), "PermutationExplainer"),
        "lightgbm": (LGBMRegressor(n_estimators=10, verbosity=-1, n_jobs=1), "LightGBM"),
        "lightgbm of counts": (
            LGBMRegressor(objective="poisson", n_estimators=10, verbosity=-1, n_jobs=1),
            "PermutationExplainer",
        ),
        "xgboost": (XGBRegressor(n_estimators=10, n_jobs=1), "XGBoost"),
        "xgboost of counts": (
            XGBRegressor(objective="count:poisson", n_estimators=10, n_jobs=1),
            "PermutationExplainer",
        ),
    }


@pytest.mark.parametrize("kind", sorted(estimators()))
def test_pipelines_add_up_to_their_predictions(pipeline_of, training, rows, target, kind):
    estimator, method = estimators()[kind]
    fitted = pipeline_of(estimator).fit(training, target)
    found = sums_up(adapt_regressor(fitted, place="v"), rows.iloc[:8], training, list(training.columns))
    assert method in found.method
    assert "since" not in found.method


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "forest"])
def test_contributions_are_those_of_shap(training, rows, target, kind):
    import shap

    estimator = estimators()[kind][0]
    known = training[NUMBERS].fillna(0)
    fitted = estimator.fit(known, target)
    found = sums_up(adapt_regressor(fitted, place="v"), rows[NUMBERS].fillna(0), known, NUMBERS)
    expected = shap.TreeExplainer(fitted).shap_values(rows[NUMBERS].fillna(0))
    np.testing.assert_allclose(found.shap_values, expected, atol=1e-3)


@pytest.mark.parametrize(
    "objective", ["regression", "regression_l1", "huber", "quantile", "tweedie", "gamma"]
)
def test_lightgbm_of_any_objective(training, rows, target, objective):
    import lightgbm

    options = {"objective": objective, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(training[NUMBERS], target), 10)
    found = sums_up(adapt_lightgbm(booster, place="v", puts="number"), rows.iloc[:6], training, NUMBERS)
    assert ("Permutation" in found.method) == (objective in ("tweedie", "gamma"))


def test_the_root_of_a_target_is_undone(training, rows, target):
    import lightgbm

    options = {"objective": "regression", "reg_sqrt": True, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(training[NUMBERS], target), 10)
    found = sums_up(adapt_lightgbm(booster, place="v", puts="number"), rows.iloc[:6], training, NUMBERS)
    assert "Permutation" in found.method


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_targets_of_any_size(training, rows, target, factor):
    import lightgbm

    options = {"objective": "regression", "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(training[NUMBERS], target * factor), 10)
    found = sums_up(adapt_lightgbm(booster, place="v", puts="number"), rows.iloc[:6], training, NUMBERS)
    assert "LightGBM" in found.method


def test_what_puts_out_something_else_is_refused(training, target):
    import lightgbm
    import xgboost
    from sklearn.linear_model import LinearRegression, LogisticRegression

    known, classes = training[NUMBERS].fillna(0), (target > target.median()).astype(int)
    binary = lightgbm.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1}, lightgbm.Dataset(known, classes), 2
    )
    margin = xgboost.train({"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(known, classes), 2)
    two = LinearRegression().fit(known, np.column_stack([target, target]))
    for make, told in (
        (lambda: adapt_lightgbm(binary, place="v", puts="number"), "predicts classes"),
        (lambda: adapt_xgboost(margin, place="v", puts="number"), "predicts classes"),
        (lambda: adapt_regressor(LogisticRegression().fit(known, classes), place="v"), "does not predict"),
        (lambda: adapt_regressor(object(), place="v"), "does not predict numbers"),
    ):
        with pytest.raises(ModelLoadError, match=told):
            make()
    assert not score(adapt_regressor(two, place="v"), known.iloc[:4]).accepted.any()


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_numbers_that_the_log_rounded_are_those_of_the_model(decimals):
    again = np.random.default_rng(0).normal(100, 50, 500)
    assert compare(again, np.round(again, decimals), "number").differing == 0
    assert compare(again, np.round(again, decimals) + 2, "number").differing == 500


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e12])
def test_a_log_of_32_bits_has_the_numbers_of_the_model(scale):
    again = scale * np.random.default_rng(0).normal(1, 0.2, 500)
    assert compare(again, again.astype(np.float32), "number").differing == 0
    assert compare(again, again * 1.001, "number").differing == 500


def test_numbers_of_one_request_that_failed():
    assert compare(np.array([np.nan]), [1.0], "number").rows == 0
    assert rounding([0.0], "number") >= 0
