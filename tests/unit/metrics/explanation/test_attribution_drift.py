"""SHAP values of a day beside the baseline's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import ndcg_score

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift, ndcg

SCALES = np.array([3.0, 1.0, 0.9, 0.2, 0.0])


def values(seed, rows, scales=SCALES):
    return np.random.default_rng(seed).normal(size=(rows, len(scales))) * scales


def shift(then, now, column=None, obstacle=""):
    return evaluate("explanation", AttributionShift(then, now, column, obstacle))


@given(
    st.integers(2, 8).flatmap(
        lambda k: st.tuples(
            *(st.lists(st.floats(0.01, 100), min_size=k, max_size=k, unique=True) for _ in range(2))
        )
    )
)
def test_the_ranking_is_scored_as_scikit_learn_does(importance):
    then, now = np.array(importance[0]), np.array(importance[1])
    assert float(ndcg(then, now)) == pytest.approx(ndcg_score([then], [now]))


def test_it_is_one_where_features_keep_their_order_and_low_where_they_do_not():
    then = values(1, 400)
    same, swapped = shift(then, values(2, 300))["shap_ndcg"], shift(then, values(3, 300, SCALES[::-1]))
    assert same.value == pytest.approx(1, abs=0.01)
    assert same.low > 0.97
    assert swapped["shap_ndcg"].high < 0.9
    assert (same.n, set(swapped)) == (300, {"shap_ndcg", "output_shift"})


def test_the_distance_of_a_feature_is_scipys_and_its_interval_holds_as_often_as_it_says():
    then, now = values(1, 400), values(2, 250) + 0.3
    for column in range(len(SCALES)):
        found = shift(then, now, column)
        assert set(found) == {"shap_ks", "shap_shift"}
        expected = ks_2samp(then[:, column], now[:, column]).statistic
        assert found["shap_ks"].value == pytest.approx(expected)
    quiet = [shift(values(seed, 400), values(seed + 1_000, 250), 0)["shap_ks"].low for seed in range(300)]
    assert np.mean(np.array(quiet) > 0) <= 0.08


@pytest.mark.parametrize(
    ("then", "now", "obstacle", "reason"),
    [
        (values(1, 5), values(1, 5), "no baseline", "no baseline"),
        (values(1, 5), np.full((3, 5), np.nan), "", "no explained rows"),
        (values(1, 0), values(1, 5), "", "no explained rows"),
    ],
)
@pytest.mark.parametrize("column", [None, 0])
def test_what_cannot_be_compared_is_a_reason(then, now, obstacle, reason, column):
    for found in shift(then, now, column, obstacle).values():
        assert (found.value, found.reason) == (None, reason)


def test_a_model_that_nothing_moves_has_no_ranking():
    assert shift(np.zeros((9, 3)), np.zeros((9, 3)))["shap_ndcg"].reason.startswith("no feature moves")


def test_numbers_of_any_size_have_a_ranking_and_one_row_has_no_interval():
    found = shift(values(1, 9) * 1e307, values(2, 1) * 1e307)["shap_ndcg"]
    assert 0 < found.value <= 1
    assert (found.low, found.high) == (None, None)
