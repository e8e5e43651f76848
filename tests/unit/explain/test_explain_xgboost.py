import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.loading import load_version
from obs_dagster.explain.sklearn_classifier import adapt_classifier
from obs_dagster.explain.xgboost_booster import adapt_booster

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed (extra `xgboost`)")
shap = pytest.importorskip("shap")

FEATURES = ["hour", "temp", "constant", "carrier", "origin"]
FLOAT32 = 2e-6
CATEGORIES = dict.fromkeys(["carrier", "origin"], "category")


def explain(model, rows, background, features=FEATURES):
    return Explainer.prepare(model, background, features, largest=len(rows)).explain(rows)


def label(rows):
    return ((rows["hour"] > 14) ^ (rows["carrier"] == "UA")).astype(int)


def matrix(rows):
    return xgboost.DMatrix(rows.astype(CATEGORIES), enable_categorical=True)


@pytest.fixture(scope="module", params=["gbtree", "dart"])
def booster(request, training):
    params = {"objective": "binary:logistic", "booster": request.param, "max_cat_to_onehot": 1, "nthread": 1}
    if request.param == "dart":
        params["rate_drop"] = 0.3
    data = xgboost.DMatrix(training.astype(CATEGORIES), label(training), enable_categorical=True)
    return xgboost.train(params, data, 15)


def test_values_are_those_of_shap_with_categorical_splits_and_missing_values(booster, rows, training):
    found = explain(adapt_booster(booster, place="version 1"), rows, training)
    assert rows["temp"].isna().any()
    assert np.abs(found.shap_values[:, FEATURES.index("carrier")]).max() > 0.1
    expected = shap.TreeExplainer(booster).shap_values(matrix(rows), check_additivity=False)
    np.testing.assert_allclose(found.shap_values, expected, atol=FLOAT32)
    assert found.residual < FLOAT32
    assert (found.unit, found.method.split()[0]) == ("log-odds", "XGBoost")


def test_scores_are_those_of_the_booster_whatever_categories_the_day_holds(booster, rows):
    model = adapt_booster(booster, place="version 1")
    expected = booster.predict(matrix(rows))
    np.testing.assert_allclose(model.predict(rows), expected, atol=1e-7)
    only = (rows["carrier"] == "UA").to_numpy()
    np.testing.assert_allclose(model.predict(rows[only]), expected[only], atol=1e-7)


def test_an_unseen_category_counts_as_missing(booster, rows, training):
    model = adapt_booster(booster, place="version 1")
    unseen, missing = (
        explain(model, rows.assign(carrier=value), training).shap_values for value in ("ZZ", None)
    )
    np.testing.assert_array_equal(unseen, missing)


def test_the_rounds_of_early_stopping_count(training, rows):
    numbers = ["hour", "temp"]
    fitted = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, learning_rate=1.0, n_jobs=1)
    noise = np.random.default_rng(1).integers(0, 2, len(training))
    fitted.fit(
        training[numbers][:1000],
        noise[:1000],
        eval_set=[(training[numbers][1000:], noise[1000:])],
        verbose=False,
    )
    assert fitted.best_iteration + 1 < fitted.get_booster().num_boosted_rounds()
    model = adapt_classifier(fitted, place="version 1")
    np.testing.assert_allclose(
        model.predict(rows[numbers]), fitted.predict_proba(rows[numbers])[:, 1], atol=1e-6
    )
    found = explain(model, rows, training, numbers)
    expected = shap.TreeExplainer(fitted).shap_values(rows[numbers])
    np.testing.assert_allclose(found.shap_values, expected, atol=FLOAT32)


def test_a_linear_booster_is_explained_by_permutation(training, rows):
    numbers = ["hour", "constant"]
    params = {"objective": "binary:logistic", "booster": "gblinear", "nthread": 1}
    booster = xgboost.train(params, xgboost.DMatrix(training[numbers], label(training)), 5)
    found = explain(adapt_booster(booster, place="version 1"), rows.iloc[:5], training, numbers)
    assert found.method.startswith("shap.PermutationExplainer")
    assert found.residual < 1e-5


@pytest.mark.parametrize("sparse", [True, False])
def test_a_classifier_in_a_pipeline_explains_itself(training, rows, sparse):
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
    columns = ColumnTransformer(
        [("hot", encoder, ["carrier", "origin"]), ("numbers", "passthrough", ["hour", "constant"])],
        sparse_threshold=1.0,
    )
    pipeline = make_pipeline(columns, xgboost.XGBClassifier(n_estimators=10, n_jobs=1))
    pipeline.fit(training, label(training))
    found = explain(adapt_classifier(pipeline, place="version 1"), rows, training)
    assert found.method.startswith("XGBoost")
    prepared = pipeline[:-1].transform(rows)
    assert hasattr(prepared, "toarray") == sparse
    expected = shap.TreeExplainer(pipeline[-1]).shap_values(xgboost.DMatrix(prepared), check_additivity=False)
    names = list(pipeline[:-1].get_feature_names_out())
    for position, feature in enumerate(FEATURES):
        of_feature = [column for column, name in enumerate(names) if feature in name]
        np.testing.assert_allclose(
            found.shap_values[:, position], expected[:, of_feature].sum(axis=1), atol=FLOAT32
        )
    score = pipeline.predict_proba(rows)[:, 1]
    total = found.base_value + found.shap_values.sum(axis=1)
    np.testing.assert_allclose(total, np.log(score / (1 - score)), atol=1e-4)


def test_an_unnamed_array_takes_the_monitors_features(training, rows):
    numbers = ["hour", "constant"]
    data = xgboost.DMatrix(training[numbers].to_numpy(), label(training))
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 5)
    found = explain(adapt_booster(booster, place="version 1"), rows, training, numbers)
    assert found.features == ("hour", "constant")
    assert found.residual < FLOAT32


def test_what_gives_no_probability_of_one_class_is_refused(training):
    data = xgboost.DMatrix(training[["hour"]], training["hour"])
    booster = xgboost.train({"objective": "reg:squarederror", "nthread": 1}, data, 2)
    with pytest.raises(ModelLoadError, match="objective 'reg:squarederror'"):
        adapt_booster(booster, place="version 1")


@pytest.mark.filterwarnings("ignore")  # MLflow warns about its own type hints
@pytest.mark.parametrize("kind", ["booster", "classifier", "skops pipeline"])
def test_registered_models_are_loaded_without_running_their_code(tmp_path, training, rows, kind):
    import mlflow
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.create_experiment("training", (tmp_path / "artifacts").as_uri())
    numbers = ["hour", "constant"]
    fitted = xgboost.XGBClassifier(n_estimators=5, n_jobs=1)
    fitted = make_pipeline(StandardScaler(), fitted) if kind == "skops pipeline" else fitted
    fitted.fit(training[numbers], label(training))
    quiet = {"name": "a", "pip_requirements": ["xgboost"]}
    with mlflow.start_run(experiment_id=experiment):
        if kind == "skops pipeline":
            trusted = ["xgboost.core.Booster", "xgboost.sklearn.XGBClassifier"]
            logged = mlflow.sklearn.log_model(fitted, skops_trusted_types=trusted, **quiet)
        else:
            model = fitted.get_booster() if kind == "booster" else fitted
            logged = mlflow.xgboost.log_model(model, **quiet)
    mlflow.register_model(logged.model_uri, "delay")
    model = load_version("delay", "1", uri)
    expected = fitted.predict_proba(pd.DataFrame(rows[numbers]))[:, 1]
    np.testing.assert_allclose(model.predict(rows[numbers]), expected, atol=1e-6)
    assert explain(model, rows, training, numbers).method.startswith("XGBoost")
