"""SHAP interaction values, held against shap's and against a game that is worked out."""

import itertools
import json
from math import factorial

import numpy as np
import pytest

from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.interactions import NoInteractionsError, strengths
from obs_dagster.explain.lightgbm_booster import adapt_booster
from obs_dagster.explain.lightgbm_trees import LightGBMTree
from obs_dagster.explain.shape_plots import interactions_png
from obs_dagster.explain.tree_shap import Tree
from tests.unit.explain.conftest import FEATURES, NUMERIC, make_labels, make_rows


@pytest.fixture(scope="module")
def numbers():
    return make_rows(500, seed=7)[NUMERIC]


def test_lightgbm_without_categories_has_those_of_shap(numbers):
    import lightgbm
    import shap

    labels = make_labels(make_rows(500, seed=7))
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 7}
    booster = lightgbm.train(params, lightgbm.Dataset(numbers, labels), num_boost_round=10)
    rows = numbers.iloc[:25]
    found = adapt_booster(booster, place="it").interactions(numbers)(rows)
    peer = shap.TreeExplainer(booster).shap_interaction_values(rows.to_numpy())
    np.testing.assert_allclose(found, peer, atol=1e-6)
    assert np.abs(peer[:, 0, 1]).max() > 1e-3


def test_trees_with_categories_are_walked_as_lightgbm_walks_them(booster, rows):
    model = adapt_booster(booster, place="it")
    matrix = model.encoded(rows)
    total = np.zeros(len(rows))
    for dumped in booster.dump_model()["tree_info"]:
        each = LightGBMTree.of(dumped)
        left = each.goes_left(matrix)
        at = np.zeros(len(rows), dtype=int)
        while (inner := each.tree.left[at] >= 0).any():
            down = np.where(left[np.arange(len(rows)), at], each.tree.left[at], each.tree.right[at])
            at = np.where(inner, down, at)
        total += each.tree.value[at]
    np.testing.assert_allclose(total, booster.predict(matrix, raw_score=True), atol=1e-9)


@pytest.mark.parametrize("objective", ["regression", "binary"])
@pytest.mark.parametrize("missing", [{}, {"zero_as_missing": True}, {"use_missing": False}])
def test_missing_values_and_zeros_go_where_lightgbm_sends_them(objective, missing, numbers):
    import lightgbm

    rows = numbers.assign(hour=numbers["hour"] - 12.0)
    labels = (rows["hour"] > 0).astype(int)
    params = {"objective": objective, "verbosity": -1, "num_threads": 1, "num_leaves": 6, **missing}
    booster = lightgbm.train(params, lightgbm.Dataset(rows, labels), num_boost_round=4)
    model = adapt_booster(booster, place="it", puts="number" if objective == "regression" else "score")
    given = rows.iloc[:40]
    values = model.attribution(rows)(given)
    pairs = model.interactions(rows)(given)
    np.testing.assert_allclose(pairs.sum(axis=2), values.contributions, atol=1e-9)
    # the diagonal is what is left over: pairs have to be right by themselves
    trees = [LightGBMTree.of(each) for each in booster.dump_model()["tree_info"]]
    own = sum(each.tree.contributions(each.goes_left(model.encoded(given)), 3) for each in trees)
    np.testing.assert_allclose(own, values.contributions, atol=1e-9)


def test_the_interactions_of_a_tree_are_those_of_its_game():
    tree = Tree(
        left=np.array([1, 3, 5, -1, -1, -1, 7, -1, -1]),
        right=np.array([2, 4, 6, -1, -1, -1, 8, -1, -1]),
        feature=np.array([0, 1, 2, -1, -1, -1, 0, -1, -1]),
        value=np.array([0, 0, 0, 1.0, -2.0, 3.0, 0, 5.0, 0.5]),
        cover=np.array([100, 60, 40, 20, 40, 10, 30, 12, 18.0]),
    )
    goes_left = np.random.default_rng(0).random((6, 9)) < 0.5

    def game(known, row):
        def value(node):
            if tree.left[node] < 0:
                return tree.value[node]
            if tree.feature[node] in known:
                return value(tree.left[node] if goes_left[row, node] else tree.right[node])
            sides = (tree.left[node], tree.right[node])
            return sum(tree.cover[each] / tree.cover[node] * value(each) for each in sides)

        return value(0)

    found = tree.interactions(goes_left, 3)
    for row, (i, j) in itertools.product(range(6), [(0, 1), (0, 2), (1, 2)]):
        index = 0.0
        others = [each for each in range(3) if each not in (i, j)]
        for size in range(2):
            for known in map(set, itertools.combinations(others, size)):
                weight = factorial(size) * factorial(1 - size) / factorial(2)
                index += weight * (
                    game(known | {i, j}, row)
                    - game(known | {i}, row)
                    - game(known | {j}, row)
                    + game(known, row)
                )
        assert found[row, i, j] == pytest.approx(index / 2)
        assert found[row, j, i] == pytest.approx(index / 2)


def test_how_strongly_features_act_together(booster, training, rows):
    model = adapt_booster(booster, place="it")
    explainer = Explainer.prepare(model, training.iloc[:200], FEATURES, 60)
    found = strengths(model, explainer.background, explainer.explain(rows), 30)
    assert found.rows == 30
    assert found.features[0] == "hour"
    pairs = model.interactions(training)(rows.iloc[:30])
    at = [FEATURES.index(name) for name in found.features[:2]]
    assert found.values[0, 1] == pytest.approx(2 * np.abs(pairs[:, at[0], at[1]]).mean())
    assert [value for *_, value in found.pairs()] == sorted((v for *_, v in found.pairs()), reverse=True)
    assert set(json.loads(found.to_json())) == {"features", "mean_absolute", "rows", "unit"}
    assert interactions_png(found).startswith(b"\x89PNG")


def test_what_is_not_made_of_trees_says_so(logistic, training, rows):
    from obs_dagster.explain.sklearn_classifier import SklearnClassifier

    model = SklearnClassifier(logistic)
    explainer = Explainer.prepare(model, training.iloc[:100], FEATURES, 60)
    with pytest.raises(NoInteractionsError, match="only trees"):
        strengths(model, explainer.background, explainer.explain(rows), 10)


def test_interactions_that_do_not_give_the_shap_values_back_are_not_told(booster, training, rows):
    class Wrong:
        def __init__(self, model):
            self._model = model

        def __getattr__(self, name):
            return getattr(self._model, name)

        def interactions(self, background):
            return lambda rows: 2 * self._model.interactions(background)(rows)

    model = Wrong(adapt_booster(booster, place="it"))
    explainer = Explainer.prepare(model, training.iloc[:100], FEATURES, 60)
    with pytest.raises(NoInteractionsError, match="are off by"):
        strengths(model, explainer.background, explainer.explain(rows), 10)
