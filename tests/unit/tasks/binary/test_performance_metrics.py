"""Every performance metric against scikit-learn on the raw rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from obs_dagster.tasks.binary.metrics.outcomes import Outcomes, ScoreCounts
from obs_dagster.tasks.binary.metrics.ranking import average_precision, roc_auc, roc_auc_interval
from tests.evaluated import evaluate_performance

RELIABLE = [
    "precision",
    "recall",
    "f1",
    "accuracy",
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
    "positive_share",
]


def rows(seed, n, prevalence=0.3, decimals=15):
    generator = np.random.default_rng(seed)
    label = generator.random(n) < prevalence
    score = 1 / (1 + np.exp(-(generator.normal(size=n) + 1.2 * label - 0.8)))
    return np.round(score, decimals), label


@pytest.fixture(params=[(1, 5_000, 0.3, 15), (2, 300, 0.1, 15), (3, 20_000, 0.5, 2)], scope="module")
def sample(request):
    return rows(*request.param)


def test_confusion_matrix_and_its_shares(raw, sample):
    score, label = sample
    decision = score >= 0.3
    found = evaluate_performance(raw.outcomes(score, label, decision), seed=0)
    tn, fp, fn, tp = sk.confusion_matrix(label, decision).ravel()
    assert (found["true_negatives"].value, found["false_positives"].value) == (tn, fp)
    assert (found["false_negatives"].value, found["true_positives"].value) == (fn, tp)
    assert found["precision"].value == pytest.approx(sk.precision_score(label, decision))
    assert found["recall"].value == pytest.approx(sk.recall_score(label, decision))
    assert found["f1"].value == pytest.approx(sk.f1_score(label, decision))
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(label, decision))
    assert found["positive_share"].value == pytest.approx(label.mean())
    assert found["predicted_positive_share"].value == pytest.approx(decision.mean())
    assert found["precision"].n == tp + fp
    assert found["recall"].n == tp + fn
    assert found["f1"].n == len(label)


def test_ranking_within_the_stated_error(raw, sample):
    score, label = sample
    found = evaluate_performance(raw.outcomes(score, label), seed=0)
    for name, exact in [
        ("roc_auc", sk.roc_auc_score(label, score)),
        ("pr_auc", sk.average_precision_score(label, score)),
    ]:
        assert abs(found[name].value - exact) <= found[name].error + 1e-12
        assert found[name].error < 0.02


@pytest.mark.parametrize(("joined", "finest"), [(1, 0.001), (8, 0.01)], ids=["whole", "segment"])
@pytest.mark.parametrize("typical", [5e-5, 1e-3, 1 - 1e-3], ids=str)
def test_ranking_holds_where_all_scores_are_close_to_an_end(raw, typical, joined, finest):
    generator = np.random.default_rng(12)
    label = np.arange(200_000) < 110
    rare = min(typical, 1 - typical) * np.exp(generator.normal(size=len(label)) + 1.7 * label)
    score, label = (rare, label) if typical < 0.5 else (1 - rare, ~label)
    found = evaluate_performance(raw.outcomes(score, label, joined=joined), seed=0)
    for name, exact in [
        ("roc_auc", sk.roc_auc_score(label, score)),
        ("pr_auc", sk.average_precision_score(label, score)),
    ]:
        assert abs(found[name].value - exact) <= found[name].error < finest, name
        assert found[name].low < exact < found[name].high, name


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc"])
@pytest.mark.parametrize("first", [True, False], ids=["positives first", "negatives first"])
def test_intervals_of_the_ranking_allow_for_any_order_within_bins(raw, name, first):
    row = np.arange(40_000)
    label = row % 4 == 0
    score = 0.2 * (1 + row % 3) + np.where(label == first, 6e-5, 1e-5) + row * 1e-10
    exact = {"roc_auc": sk.roc_auc_score, "pr_auc": sk.average_precision_score}[name](label, score)
    found = evaluate_performance(raw.outcomes(score, label), seed=0)[name]
    assert abs(found.value - exact) > 0.03
    assert found.low < exact < found.high


def test_ranking_is_exact_on_the_bins(raw, sample):
    score, label = np.clip(sample[0], 0.01, 0.99), sample[1]
    centre = np.floor(score * 10_000 + 1e-9) / 10_000
    found = evaluate_performance(raw.outcomes(score, label), seed=0)
    assert found["roc_auc"].value == pytest.approx(sk.roc_auc_score(label, centre))
    assert found["pr_auc"].value == pytest.approx(sk.average_precision_score(label, centre))


def test_scoring_rules_are_exact(raw, sample):
    score, label = sample
    found = evaluate_performance(raw.outcomes(score, label), seed=0)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(label, score))
    assert found["brier"].value == pytest.approx(sk.brier_score_loss(label, score))
    loss = (score - label) ** 2
    half = 1.959963984540054 * loss.std(ddof=1) / np.sqrt(len(loss))
    assert found["brier"].low == pytest.approx(loss.mean() - half)


def test_calibration_error_is_exact(raw, sample):
    score, label = sample
    true, predicted = calibration_curve(label, score, n_bins=10)
    weight = np.bincount(np.minimum((score * 10).astype(int), 9), minlength=10)
    weight = weight[weight > 0] / len(score)
    found = evaluate_performance(raw.outcomes(score, label), seed=0)["calibration_error"]
    # scikit-learn puts a score on an edge into the lower bin, and rounded scores lie on edges.
    tolerance = 0.003 if len(np.unique(score)) < 200 else 1e-9
    assert found.value == pytest.approx((weight * np.abs(true - predicted)).sum(), abs=tolerance)
    assert found.error == 0


def test_calibrated_scores_are_not_called_miscalibrated(raw):
    proven = 0
    for seed in range(100):
        generator = np.random.default_rng((5, seed))
        score = generator.beta(2, 5, 200)
        found = evaluate_performance(raw.outcomes(score, generator.random(200) < score), seed=seed)
        assert found["calibration_error"].value > 0
        proven += found["calibration_error"].low > 0
    assert proven <= 10


def test_label_coverage_counts_the_predictions(raw):
    found = evaluate_performance(raw.outcomes(*rows(1, 100), predictions=400), seed=0)["label_coverage"]
    assert (found.value, found.n) == (0.25, 400)


def test_no_labels_at_all(raw):
    found = evaluate_performance(raw.outcomes([], [], predictions=10), seed=0)
    assert found["label_coverage"].value == 0
    assert {estimate.reason for name, estimate in found.items() if name != "label_coverage"} == {"no labels"}
    empty = evaluate_performance(raw.outcomes([], []), seed=0)
    assert empty["label_coverage"].reason == "no predictions"


def test_one_class_only(raw):
    found = evaluate_performance(raw.outcomes([0.1, 0.7, 0.2], [False] * 3), seed=0)
    assert found["roc_auc"].reason == found["pr_auc"].reason == "one class only"
    assert found["roc_auc"].n == 3
    assert found["recall"].reason == "no positives"
    assert found["precision"].value == 0
    assert found["log_loss"].value == pytest.approx(-np.log([0.9, 0.3, 0.8]).mean())


def test_nothing_predicted_positive(raw):
    found = evaluate_performance(raw.outcomes([0.1, 0.2], [True, False]), seed=0)
    assert found["precision"].reason == "no predicted positives"
    assert found["recall"].value == 0
    assert found["f1"].value == 0
    nothing = evaluate_performance(raw.outcomes([0.1, 0.2], [False, False]), seed=0)
    assert nothing["f1"].reason == "no positives and no predicted positives"


def test_delongs_variance_is_that_of_the_raw_placements():
    score, label = rows(4, 400, decimals=2)
    values, place = np.unique(score, return_inverse=True)
    scores = ScoreCounts(
        values,
        np.bincount(place[label], minlength=len(values)),
        np.bincount(place[~label], minlength=len(values)),
        np.zeros(len(values), dtype=bool),
    )
    wins = np.sign(score[label][:, None] - score[~label][None, :]) / 2 + 0.5
    expected = np.sqrt(
        wins.mean(axis=1).var(ddof=1) / label.sum() + wins.mean(axis=0).var(ddof=1) / (~label).sum()
    )
    assert roc_auc(scores) == pytest.approx((wins.mean(), expected))


def test_a_single_positive_says_little_about_the_ranking():
    low, high = roc_auc_interval(0.2, float("nan"), 1, 199)
    assert low < 0.2
    assert high > 0.7


@pytest.mark.parametrize(
    ("positives", "negatives", "shift"), [(10, 1_000, 4.0), (30, 3_000, 3.5), (12, 500, 2.5)]
)
def test_the_ranking_of_rare_events_is_known_as_far_as_the_interval_says(positives, negatives, shift):
    generator = np.random.default_rng(11)
    truth = norm.cdf(shift / np.sqrt(2))
    covered = []
    for _ in range(300):
        scores = np.concatenate([generator.normal(shift, size=positives), generator.normal(size=negatives)])
        order = np.argsort(scores)
        positive = (order < positives).astype(np.int64)
        area, error = roc_auc(
            ScoreCounts(scores[order], positive, 1 - positive, np.zeros(len(order), dtype=bool))
        )
        low, high = roc_auc_interval(area, error, positives, negatives)
        covered.append(low <= truth <= high)
    assert np.mean(covered) > 0.92


def test_full_separation_is_not_certain():
    low, high = roc_auc_interval(1.0, 0.0, 20, 20)
    assert 0.8 < low < 1
    assert high == 1


@pytest.mark.parametrize("name", ["f1", "roc_auc", "pr_auc", "log_loss"])
def test_intervals_cover_the_truth(raw, name):
    truth = evaluate_performance(raw.outcomes(*rows(0, 400_000)), seed=0)[name].value
    nights = [
        evaluate_performance(raw.outcomes(*rows((9, night), 400)), seed=0)[name] for night in range(150)
    ]
    covered = np.mean([estimate.low <= truth <= estimate.high for estimate in nights])
    assert covered > 0.88
    assert any(not estimate.low <= truth <= estimate.high for estimate in nights)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60))
def test_order_within_bins_never_exceeds_the_error(seed, n):
    generator = np.random.default_rng(seed)
    score, label = generator.random(n), generator.random(n) < 0.4
    if label.all() or not label.any():
        return
    coarse = np.floor(score * 4)
    values, place = np.unique(coarse, return_inverse=True)
    positives = np.bincount(place[label], minlength=len(values))
    negatives = np.bincount(place[~label], minlength=len(values))
    value, error = average_precision(
        ScoreCounts(values, positives, negatives, np.ones(len(values), dtype=bool))
    )
    assert value == pytest.approx(sk.average_precision_score(label, coarse))
    assert abs(value - sk.average_precision_score(label, score)) <= error + 1e-12


def test_order_of_rows_and_of_cells_is_irrelevant(raw):
    score, label = rows(6, 500)
    order = np.random.default_rng(0).permutation(500)
    first = evaluate_performance(raw.outcomes(score, label), seed=3)
    second = evaluate_performance(raw.outcomes(score[order], label[order]), seed=3)
    for name, estimate in first.items():
        assert second[name].value == pytest.approx(estimate.value)
        assert second[name].low == pytest.approx(estimate.low)


def test_the_decision_that_was_served_counts_not_the_score(raw):
    counts = raw.outcomes([0.9, 0.9, 0.1], [True, False, True], decision=[False, True, True])
    outcomes = Outcomes(counts, 0)
    assert (outcomes.true_positives, outcomes.false_positives) == (1, 1)
    assert (outcomes.false_negatives, outcomes.true_negatives) == (1, 0)
