"""What another explainer says, held against scipy and counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau, spearmanr

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation import opinions
from obs_dagster.metrics.explanation.label_importance import LabelImportance
from obs_dagster.metrics.explanation.opinions import Opinions, pair_agreement, rank_correlation, top_overlap
from obs_dagster.metrics.explanation.unlike import Unlike

SCALES = np.array([3.0, 2.0, 1.0, 0.5, 0.2, 0.1])


def values(seed, rows=60, scales=SCALES):
    return np.random.default_rng(seed).normal(size=(rows, len(scales))) * scales


@given(
    st.integers(2, 9).flatmap(
        lambda k: st.tuples(*(arrays(np.float64, k, elements=st.integers(0, 5).map(float)) for _ in range(2)))
    )
)
def test_ranks_are_correlated_as_scipy_does_it_ties_among_them(pair):
    first, second = pair
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert np.isnan(rank_correlation(first, second))
        assert np.isnan(pair_agreement(first, second))
        return
    assert float(rank_correlation(first, second)) == pytest.approx(spearmanr(first, second).statistic)
    assert float(pair_agreement(first, second)) == pytest.approx(kendalltau(first, second).statistic)


def test_pairs_of_many_draws_are_compared_as_of_each(monkeypatch):
    monkeypatch.setattr(opinions, "_PAIRS", 100)
    first, second = values(3, 17), values(4, 17)
    expected = [kendalltau(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert pair_agreement(first, second) == pytest.approx(expected)


def test_the_top_features_that_two_share():
    assert top_overlap(np.array([5.0, 4, 3, 2, 1, 0]), np.array([0.0, 1, 2, 3, 4, 5])) == 0.8
    assert top_overlap(np.array([2.0, 1.0]), np.array([1.0, 2.0])) == 1


def test_who_agrees_and_who_does_not():
    shap = values(1)
    same = evaluate("explanation", Opinions("LIME", shap, 0.3 * shap))
    assert {name: each.value for name, each in same.items()} == pytest.approx(
        {
            "lime_rank_correlation": 1.0,
            "lime_kendall_tau": 1.0,
            "lime_top_overlap": 1.0,
            "lime_sign_agreement": 1.0,
        }
    )
    against = evaluate("explanation", Opinions("LIME", shap, -shap[:, ::-1]))
    assert against["lime_rank_correlation"].high < 0
    assert against["lime_sign_agreement"].value == pytest.approx(0.5, abs=0.15)
    opposite = evaluate("explanation", Opinions("LIME", shap, -shap))
    assert opposite["lime_sign_agreement"].value == 0
    assert opposite["lime_rank_correlation"].value == pytest.approx(1)


def test_signs_are_counted_by_what_they_move():
    shap = np.array([[3.0, -1.0], [1.0, 5.0]])
    other = np.array([[1.0, 1.0], [-9.0, 0.1]])
    found = evaluate("explanation", Opinions("LIME", shap, other))["lime_sign_agreement"]
    assert (found.value, found.n) == (pytest.approx(8 / 10), 2)


def test_labels_are_other_rows_and_rank_what_they_lose():
    growth = np.abs(values(2, 300))
    found = evaluate("explanation", Opinions("labels", values(1, 200), growth))
    assert set(found) == {"label_rank_correlation", "label_kendall_tau", "label_top_overlap"}
    assert found["label_rank_correlation"].value > 0.9
    assert found["label_rank_correlation"].n == 300
    worthless = evaluate("explanation", Opinions("labels", values(1, 200), -growth))
    assert worthless["label_rank_correlation"].value < -0.9


def test_intervals_hold_what_more_rows_would_say():
    def said(seed, rows):
        shap = values(seed, rows)
        noise = np.random.default_rng(seed + 10_000).normal(size=shap.shape)
        return evaluate("explanation", Opinions("LIME", shap, shap + noise))["lime_sign_agreement"]

    truth = said(0, 40_000).value
    inside = [said(seed, 50) for seed in range(1, 201)]
    held = np.mean([each.low <= truth <= each.high for each in inside])
    assert 0.88 <= held <= 0.99


@pytest.mark.parametrize("by", ["LIME", "labels"])
@pytest.mark.parametrize(
    ("shap", "other", "obstacle", "reason"),
    [
        (values(1), values(1), "not kept", "not kept"),
        (values(1, 0), values(1, 0), "", "no explained rows"),
        (values(1, 9, SCALES[:1]), values(1, 9, SCALES[:1]), "", "one feature only"),
    ],
)
def test_what_cannot_be_compared_is_a_reason(by, shap, other, obstacle, reason):
    found = evaluate("explanation", Opinions(by, shap, other, obstacle))
    assert {each.reason for each in found.values()} == {reason}


def test_a_model_that_nothing_moves_has_no_order():
    found = evaluate("explanation", Opinions("LIME", np.zeros((9, 3)), np.zeros((9, 3))))
    assert found["lime_rank_correlation"].reason == "no feature matters more than another"
    assert found["lime_sign_agreement"].reason == "no feature moves the output"


def test_what_a_feature_is_worth_may_be_nothing():
    growth = np.array([[0.5, -0.1], [0.7, 0.1], [0.6, 0.0]])
    first, second = (
        evaluate("explanation", LabelImportance(growth, at))["permutation_importance"] for at in (0, 1)
    )
    assert (first.value, first.n) == (pytest.approx(0.6), 3)
    assert first.low > 0
    assert second.low < 0 < second.high
    assert evaluate("explanation", LabelImportance(growth[:0], 0))["permutation_importance"].reason


def test_rows_that_are_unlike_the_baseline_are_a_share():
    found = evaluate("explanation", Unlike(200, 30))["unlike_baseline_share"]
    assert (found.value, found.n) == (0.15, 200)
    assert found.low < 0.15 < found.high
    assert evaluate("explanation", Unlike(0, 0, "none"))["unlike_baseline_share"].reason == "none"
