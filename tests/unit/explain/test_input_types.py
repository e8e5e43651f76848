"""Models on inputs of every type, explained from a log that has the values as they were, or as text."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.hist_gradient_boosting import CategoricalBoosting
from obs_dagster.explain.lightgbm_booster import adapt_booster
from obs_dagster.explain.scoring import compare, score
from obs_dagster.explain.signature import declared_kinds
from obs_dagster.explain.sklearn_classifier import adapt_classifier

N = 700
CATEGORIES = ["store", "member", "price", "word", "when"]
FEATURES = [*CATEGORIES, "x"]


@pytest.fixture(scope="module")
def raw():
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "store": draw.choice([10, 20, 30], N),
            "member": draw.random(N) < 0.5,
            "price": draw.choice([0.5, 1.5, 0.1 + 0.2], N),
            "word": draw.choice(["u", "v"], N),
            "when": draw.choice(pd.to_datetime(["2024-01-01", "2024-02-01"]), N),
            "x": draw.normal(size=N),
        }
    )


@pytest.fixture(scope="module")
def label(raw):
    margin = (
        raw["store"].map({10: -2, 20: 0, 30: 2}) + raw["member"] * 1.5 + raw["price"] * (raw["word"] == "u")
    )
    return np.random.default_rng(2).random(N) < 1 / (1 + np.exp(1 - margin - raw["x"] / 2))


def as_text(rows):
    """What a lake holds of columns that are declared as categories."""
    texts = rows.copy()
    for name in set(CATEGORIES) & set(rows.columns):
        texts[name] = [
            str(value).lower() if isinstance(value, bool) else str(value) for value in rows[name].tolist()
        ]
    return texts


def columns(encoder, inputs=tuple(CATEGORIES)):
    from sklearn.compose import make_column_transformer

    return make_column_transformer((encoder, list(inputs)), remainder="passthrough")


def sklearn_models():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

    numbers = ["store", "member", "price", "x"]
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    return {
        "one-hot": (make_pipeline(columns(OneHotEncoder()), LogisticRegression()), FEATURES),
        "ignoring one-hot": (
            make_pipeline(columns(OneHotEncoder(handle_unknown="ignore")), LogisticRegression()),
            FEATURES,
        ),
        "ordinal": (make_pipeline(columns(OrdinalEncoder()), LogisticRegression()), FEATURES),
        "target": (make_pipeline(columns(TargetEncoder()), LogisticRegression()), FEATURES),
        "imputed, others as numbers": (
            make_pipeline(columns(filled, ["store"]), LogisticRegression()),
            numbers,
        ),
        "forest": (
            make_pipeline(columns(OrdinalEncoder()), RandomForestClassifier(9, random_state=0)),
            FEATURES,
        ),
        "calibrated": (
            CalibratedClassifierCV(make_pipeline(columns(OneHotEncoder()), LogisticRegression()), cv=2),
            FEATURES,
        ),
        "bayes": (make_pipeline(columns(OrdinalEncoder()), GaussianNB()), FEATURES),
        "trees of numbers": (GradientBoostingClassifier(n_estimators=9), numbers),
        "trees with exponential loss": (
            GradientBoostingClassifier(n_estimators=9, loss="exponential"),
            numbers,
        ),
        "trees on a model": (GradientBoostingClassifier(n_estimators=9, init=LogisticRegression()), numbers),
    }


def explained(model, rows, background):
    found = Explainer.prepare(model, background, list(rows.columns), len(rows)).explain(rows)
    total = found.base_value + found.shap_values.sum(axis=1)
    return found, total if found.unit == "probability" else 1 / (1 + np.exp(-total))


@pytest.mark.parametrize("logged", ["as it was", "as text"])
@pytest.mark.parametrize("name", sorted(sklearn_models()))
def test_the_model_sees_what_it_was_trained_on(raw, label, name, logged):
    fitted, inputs = sklearn_models()[name]
    fitted.fit(raw[inputs], label)
    served = fitted.predict_proba(raw[inputs])[:, 1]
    log = raw[inputs] if logged == "as it was" else as_text(raw[inputs])
    model = adapt_classifier(fitted, place="v")
    scored = score(model, log)
    assert (scored.refused, compare(scored.scores, served).differing) == (0, 0)
    found, total = explained(model, log.iloc[:20], log.iloc[::10])
    np.testing.assert_allclose(total, served[:20], atol=1e-9)
    assert found.importance()["store"] == max(found.importance().values())


@pytest.mark.parametrize("logged", ["as it was", "as text"])
@pytest.mark.parametrize("inputs", [["x", "store", "member"], ["word", "x", "price", "member", "store"]])
def test_boosting_with_categories_of_its_own_has_the_shapley_values_of_its_trees(raw, label, inputs, logged):
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = raw[inputs].assign(x=raw["x"].where(raw.index % 7 > 0))
    categories = {name: "category" for name in inputs if name != "x"}
    fitted = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=6, categorical_features="from_dtype")
    fitted.fit(rows.astype(categories), label)
    log = rows if logged == "as it was" else as_text(rows)
    found, total = explained(adapt_classifier(fitted, place="v"), log.iloc[:4], log)
    np.testing.assert_allclose(total, fitted.predict_proba(rows.astype(categories))[:4, 1], atol=1e-9)
    np.testing.assert_allclose(found.shap_values, brute_force(fitted, rows.astype(categories)[:4]), atol=1e-9)


def brute_force(fitted, rows):
    """The Shapley values, by their definition, of trees that go both ways where a feature is not known."""
    boosting = CategoricalBoosting(fitted)
    matrix = np.asarray(fitted._preprocess_X(rows, reset=False), dtype=float)
    features = matrix.shape[1]
    found = np.zeros((len(rows), features))

    def value(tree, left, known, node=0):
        if tree.left[node] == -1:
            return tree.value[node]
        children = tree.left[node], tree.right[node]
        if tree.feature[node] in known:
            return value(tree, left, known, children[0 if left[node] else 1])
        return sum(tree.cover[each] * value(tree, left, known, each) for each in children) / tree.cover[node]

    for predictor, tree in zip(boosting._predictors, boosting._trees, strict=True):
        left = boosting._goes_left(predictor, matrix)
        for row, feature in itertools.product(range(len(rows)), range(features)):
            others = [each for each in range(features) if each != feature]
            for size in range(features):
                weight = math.factorial(size) * math.factorial(features - size - 1) / math.factorial(features)
                for known in itertools.combinations(others, size):
                    gain = value(tree, left[row], {*known, feature}) - value(tree, left[row], set(known))
                    found[row, feature] += weight * gain
    ordered = np.empty_like(found)
    ordered[:, boosting._order] = found
    return ordered


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("logged", ["as it was", "as text"])
@pytest.mark.parametrize("kind", ["categories", "constant", "ordered", "declared", "plain numbers"])
def test_lightgbm_reads_the_codes_of_its_categories(raw, label, kind, logged):
    import lightgbm

    category = dict.fromkeys(("store", "member", "price", "word"), "category")
    rows, extra = raw.drop(columns="when"), {}
    if kind == "constant":
        rows.insert(0, "same", 7)
    if kind == "plain numbers":
        rows, category = rows.drop(columns="word"), {}
    if kind == "declared":
        category, extra = {"word": "category"}, {"categorical_feature": ["store"]}
    frame = rows.astype(category)
    if kind == "ordered":
        frame["price"] = pd.Categorical(rows["price"], categories=[1.5, 0.5, 0.1 + 0.2], ordered=True)
    fitted = lightgbm.LGBMClassifier(n_estimators=9, verbose=-1, n_jobs=1).fit(frame, label, **extra)
    booster = lightgbm.Booster(model_str=fitted.booster_.model_to_string())
    log = rows if logged == "as it was" else as_text(rows)
    found, _ = explained(adapt_booster(booster, place="v"), log, log)
    expected = fitted.predict_proba(frame, pred_contrib=True)
    np.testing.assert_allclose(found.shap_values, np.asarray(expected)[:, :-1], atol=1e-12)


def test_a_signature_says_what_code_of_a_team_does_not(raw, label):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.models import infer_signature

        inputs = ["store", "member", "x", "word"]
        signature = infer_signature(raw[inputs])
    steps = FunctionTransformer(lambda rows: rows.assign(word=(rows["word"] == "u") * 1.0))
    fitted = make_pipeline(steps, LogisticRegression()).fit(raw[inputs], label)
    model = adapt_classifier(fitted, place="v", declared=declared_kinds(signature))
    scored = score(model, as_text(raw[inputs]))
    np.testing.assert_allclose(scored.scores, fitted.predict_proba(raw[inputs])[:, 1], atol=1e-12)
