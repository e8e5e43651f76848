import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.sklearn_classifier import adapt_classifier

FEATURES = ["hour", "temp", "constant", "carrier", "origin"]


def explain(model, rows, background, features):
    """All rows at once, in a call."""
    return Explainer.prepare(model, background, features, largest=max(1, len(rows))).explain(rows)


def adapted(classifier):
    return adapt_classifier(classifier, place="version 1")


def by_feature(pipeline, values):
    """SHAP values of the preprocessed columns, added up by the feature that their names say."""
    names = list(pipeline[:-1].get_feature_names_out())
    return np.column_stack(
        [
            values[:, [index for index, name in enumerate(names) if feature in name]].sum(axis=1)
            for feature in FEATURES
        ]
    )


def test_a_linear_pipeline_gives_coefficient_times_distance_from_the_mean(logistic, rows, training):
    found = explain(adapted(logistic), rows, training, FEATURES)
    names = list(logistic[:-1].get_feature_names_out())
    coefficients = logistic[-1].coef_[0]
    distance = logistic[:-1].transform(rows) - logistic[:-1].transform(training).mean(axis=0)
    for feature in ("hour", "carrier", "temp"):
        of_feature = [index for index, name in enumerate(names) if feature in name]
        expected = distance[:, of_feature] @ coefficients[of_feature]
        np.testing.assert_allclose(found.shap_values[:, FEATURES.index(feature)], expected, atol=1e-12)
    assert len([name for name in names if "temp" in name]) == 2  # the value and its missing indicator


def test_a_linear_pipeline_adds_up(logistic, rows, training):
    model = adapted(logistic)
    found = explain(model, rows, training, FEATURES)
    score = model.predict(rows)
    np.testing.assert_allclose(
        found.base_value + found.shap_values.sum(axis=1), np.log(score / (1 - score)), atol=1e-9
    )
    assert found.residual < 1e-9
    assert found.method.startswith("linear")


def test_known_coefficients_of_a_bare_estimator():
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(300, 2)), columns=["a", "b"])
    fitted = LogisticRegression().fit(rows, rows["a"] + draw.normal(size=300) > 0)
    fitted.coef_, fitted.intercept_ = np.array([[2.0, -3.0]]), np.array([0.5])
    found = explain(adapted(fitted), rows.iloc[:5], rows, ["a", "b"])
    np.testing.assert_allclose(found.shap_values, ((rows - rows.mean()) * [2.0, -3.0]).iloc[:5], atol=1e-12)
    assert found.base_value == pytest.approx(0.5 + (rows.mean() * [2.0, -3.0]).sum())


def test_the_whole_background_counts(logistic, rows, training):
    found = explain(adapted(logistic), rows, training, FEATURES)
    assert found.base_value == pytest.approx(logistic.decision_function(training).mean(), abs=1e-9)


def test_a_forest_is_explained_in_probabilities(pipeline_of, rows, training):
    from sklearn.ensemble import RandomForestClassifier

    model = adapted(pipeline_of(RandomForestClassifier(10, max_depth=4, random_state=0)))
    found = explain(model, rows, training, FEATURES)
    assert found.unit == "probability"
    np.testing.assert_allclose(
        found.base_value + found.shap_values.sum(axis=1), model.predict(rows), atol=1e-9
    )
    assert found.residual < 1e-9


def test_a_bare_forest_of_named_columns_is_explained(training, rows):
    from sklearn.ensemble import RandomForestClassifier

    numbers = training[["hour", "constant"]]
    forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(numbers, numbers["hour"] > 12)
    found = explain(adapted(forest), rows, training, FEATURES)
    assert found.residual < 1e-9


@pytest.mark.parametrize("name", ["GradientBoostingClassifier", "HistGradientBoostingClassifier"])
def test_boosted_trees_are_explained_in_log_odds(pipeline_of, rows, training, name):
    import sklearn.ensemble

    size = {"max_iter": 10} if name.startswith("Hist") else {"n_estimators": 10}
    pipeline = pipeline_of(getattr(sklearn.ensemble, name)(random_state=0, **size))
    found = explain(adapted(pipeline), rows, training, FEATURES)
    assert found.unit == "log-odds"
    assert found.residual < 1e-6
    np.testing.assert_allclose(
        found.base_value + found.shap_values.sum(axis=1), pipeline.decision_function(rows), atol=1e-6
    )


def test_lightgbms_classifier_in_a_pipeline_explains_itself_as_shap_does(pipeline_of, rows, training):
    import shap
    from lightgbm import LGBMClassifier

    pipeline = pipeline_of(LGBMClassifier(n_estimators=10, verbosity=-1, n_jobs=1))
    found = explain(adapted(pipeline), rows, training, FEATURES)
    assert found.method.startswith("LightGBM")
    assert found.residual < 1e-9
    matrix = pipeline[:-1].transform(rows)
    with pytest.warns(UserWarning, match="LightGBM binary classifier"):
        expected = shap.TreeExplainer(pipeline[-1]).shap_values(np.asarray(matrix))
    np.testing.assert_allclose(found.shap_values, by_feature(pipeline, expected), atol=1e-12)


def test_a_bare_classifier_of_lightgbm_reads_raw_categories(training, rows, booster):
    from lightgbm import LGBMClassifier

    frame = training.astype({"carrier": "category", "origin": "category"})
    fitted = LGBMClassifier(n_estimators=5, verbosity=-1, n_jobs=1).fit(frame, training["carrier"] == "UA")
    model = adapted(fitted)
    expected = fitted.predict_proba(rows.astype({"carrier": "category", "origin": "category"}))[:, 1]
    np.testing.assert_allclose(model.predict(rows), expected, atol=1e-12)
    assert explain(model, rows, training, FEATURES).method.startswith("LightGBM")


def test_the_linear_closed_form_is_what_shap_computes(logistic, rows, training):
    import shap

    reference, matrix = (np.asarray(logistic[:-1].transform(frame)) for frame in (training, rows))
    masker = shap.maskers.Independent(reference, max_samples=len(reference))
    explainer = shap.LinearExplainer(logistic[-1], masker)
    found = explain(adapted(logistic), rows, training, FEATURES)
    assert found.base_value == pytest.approx(float(explainer.expected_value), abs=1e-12)
    np.testing.assert_allclose(
        found.shap_values, by_feature(logistic, explainer.shap_values(matrix)), atol=1e-12
    )


def test_any_other_classifier_is_explained_by_permutation(pipeline_of, rows, training):
    from sklearn.naive_bayes import GaussianNB

    model = adapted(pipeline_of(GaussianNB(var_smoothing=1e-2)))
    found = explain(model, rows.iloc[:8], training.iloc[::100], FEATURES)
    assert found.method.startswith("shap.PermutationExplainer")
    assert found.residual < 1e-6
    assert np.abs(found.shap_values[:, FEATURES.index("constant")]).max() < 1e-9
    assert found.importance()["carrier"] > 0


def test_permutation_agrees_with_the_exact_values_of_a_linear_model(logistic, rows, training):
    from obs_dagster.explain.permutation import permutation_attribution

    model, background = adapted(logistic), training.iloc[::20]
    exact = explain(model, rows.iloc[:6], background, FEATURES)
    found = permutation_attribution(model.predict, background[FEATURES], 6)(rows.iloc[:6][FEATURES])
    np.testing.assert_allclose(found.contributions, exact.shap_values, atol=1e-6)
    assert found.base_value == pytest.approx(exact.base_value, abs=1e-6)


def test_the_budget_bounds_what_the_model_scores(logistic, rows, training, monkeypatch):
    from obs_dagster.explain import permutation

    scored = []

    def predict(frame):
        scored.append(len(frame))
        return logistic.predict_proba(frame)[:, 1]

    monkeypatch.setattr(permutation, "MAX_SCORED_ROWS", 60 * 11 * 7)
    found = permutation.permutation_attribution(predict, training[FEATURES], len(rows))(rows[FEATURES])
    assert "(7 background rows)" in found.method
    # beside the budget: the base value of each row, and its score
    assert sum(scored) <= 60 * 11 * 7 + 60 * 2 * 7 + 60


def test_preprocessing_that_mixes_features_falls_back_to_permutation(training, rows):
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    mixed = make_pipeline(ColumnTransformer([("pca", PCA(1), ["hour", "constant"])]), LogisticRegression())
    mixed.fit(training, training["hour"] > 12)
    found = explain(adapted(mixed), rows.iloc[:5], training, FEATURES)
    assert found.method.startswith("shap.PermutationExplainer")
    assert found.residual < 1e-6


def test_an_unseen_category_adds_up(logistic, rows, training):
    found = explain(adapted(logistic), rows.assign(carrier="ZZ"), training, FEATURES)
    assert found.residual < 1e-9
    assert len(set(found.shap_values[:, FEATURES.index("carrier")])) == 1


@pytest.mark.parametrize("empty", [None, np.nan])
@pytest.mark.parametrize("feature", ["temp", "carrier"])
def test_a_feature_without_any_value_is_explained(logistic, rows, training, empty, feature):
    found = explain(adapted(logistic), rows.assign(**{feature: empty}), training, FEATURES)
    assert np.isfinite(found.shap_values).all()
    assert found.residual < 1e-9


def test_one_row(logistic, rows, training):
    model = adapted(logistic)
    alone = explain(model, rows.iloc[[3]], training, FEATURES)
    np.testing.assert_allclose(alone.shap_values[0], explain(model, rows, training, FEATURES).shap_values[3])


def test_a_classifier_of_an_unnamed_array_takes_the_monitors_features(training, rows):
    from sklearn.linear_model import LogisticRegression

    numbers = ["hour", "constant"]
    fitted = LogisticRegression().fit(training[numbers].to_numpy(), training["hour"] > 12)
    found = explain(adapted(fitted), rows, training, numbers)
    assert found.features == ("hour", "constant")
    assert found.residual < 1e-9


@pytest.mark.parametrize("kind", ["regression", "three classes"])
def test_what_is_no_binary_classifier_is_refused(training, kind):
    from sklearn.linear_model import LinearRegression, LogisticRegression

    model = LinearRegression() if kind == "regression" else LogisticRegression()
    fitted = model.fit(training[["hour"]], training["hour"] % 3)
    with pytest.raises(ModelLoadError, match="without probabilities of two classes"):
        adapted(fitted)


def test_an_imputed_category_without_any_value_is_explained(training, rows):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    fitted = make_pipeline(
        ColumnTransformer([("filled", filled, ["carrier", "origin"])]), LogisticRegression()
    )
    fitted.fit(training, training["carrier"] == "UA")
    found = explain(adapted(fitted), rows.assign(carrier=None), training, FEATURES)
    assert found.features == tuple(FEATURES)
    assert found.residual < 1e-9
