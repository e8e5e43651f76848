"""Every metric of several classes against scikit-learn on the raw rows."""

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from obs_dagster.metrics.registry import family
from obs_dagster.tasks.multiclass.counts import OneClass

TASK = "multiclass_classification"


def estimates(given):
    return {
        name: metric.compute(given)
        for name, metric in family("performance", TASK).items()
        if metric.applies(given) and metric.definition.tasks == (TASK,)
    }


def of_class(outcomes, name):
    return estimates(OneClass(outcomes, outcomes.classes.index(name)))


@pytest.fixture(
    params=[
        {"n": 5_000, "classes": 3},
        {"n": 20_000, "classes": 60, "balance": 0.97, "sharpness": 3.0},
        {"n": 400, "classes": 5, "balance": 0.5},
        {"n": 3_000, "classes": 4, "decimals": 1},
        {"n": 2_000, "classes": 2},
    ],
    ids=["3", "60", "few rows", "ties", "2"],
)
def sample(request, raw):
    rows = raw.rows(4, **request.param)
    if request.param.get("decimals"):
        rows.scores /= rows.scores.sum(axis=1, keepdims=True)
    return rows, raw.outcomes(rows)


def test_metrics_of_the_confusion_matrix(sample):
    rows, outcomes = sample
    found = estimates(outcomes)
    classes = {name: of_class(outcomes, name) for name in rows.names}
    label, prediction = rows.labels, rows.prediction
    occurring = [name for name in rows.names if name in set(label)]
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(label, prediction))
    assert found["balanced_accuracy"].value == pytest.approx(sk.balanced_accuracy_score(label, prediction))
    assert found["cohen_kappa"].value == pytest.approx(sk.cohen_kappa_score(label, prediction))
    assert found["mcc"].value == pytest.approx(sk.matthews_corrcoef(label, prediction))
    functions = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
    for measure, function in functions.items():
        for average in ("macro", "micro", "weighted"):
            # micro averages are over all classes, predicted ones among them
            labels = rows.names if average == "micro" else occurring
            expected = function(label, prediction, labels=labels, average=average, zero_division=0)
            assert found[f"{average}_{measure}"].value == pytest.approx(expected), (average, measure)
        each = function(label, prediction, labels=rows.names, average=None, zero_division=np.nan)
        for name, expected in zip(rows.names, each, strict=True):
            one = classes[name][f"class_{measure}"]
            assert (one.value is None) == bool(one.reason) == math.isnan(expected)
            assert one.value is None or one.value == pytest.approx(expected)
    for name in rows.names:
        one = classes[name]
        assert one["class_share"].value == pytest.approx((label == name).mean())
        assert one["class_predicted_share"].value == pytest.approx((prediction == name).mean())


def test_scoring_rules_and_places_are_exact(sample):
    rows, outcomes = sample
    found = estimates(outcomes)
    places = np.arange(len(rows.names))
    assert found["log_loss"].value == pytest.approx(sk.log_loss(rows.label, rows.scores, labels=places))
    expected = sk.brier_score_loss(rows.label, rows.scores, labels=places, scale_by_half=False)
    assert found["brier"].value == pytest.approx(expected)
    for k in (2, 3, 5):
        if k < len(places):
            expected = sk.top_k_accuracy_score(rows.label, rows.scores, k=k, labels=places)
            assert found[f"top_{k}_accuracy"].value == pytest.approx(expected)
        else:
            assert f"top_{k}_accuracy" not in found


def test_calibration_of_the_top_score_is_exact(sample):
    rows, outcomes = sample
    top, right = rows.scores.max(axis=1), rows.scores.argmax(axis=1) == rows.label
    true, predicted = calibration_curve(right, top, n_bins=10)
    weight = np.bincount(np.minimum((top * 10).astype(int), 9), minlength=10)
    weight = weight[weight > 0] / len(top)
    if len(weight) == len(true):
        found = estimates(outcomes)["calibration_error"].value
        assert found == pytest.approx(weight @ np.abs(true - predicted), abs=0.002)


def test_areas_are_within_the_stated_error(sample):
    rows, outcomes = sample
    found = estimates(outcomes)
    for curve, function in (("roc_auc", sk.roc_auc_score), ("pr_auc", sk.average_precision_score)):
        areas, labels = [], []
        for place, name in enumerate(rows.names):
            one = of_class(outcomes, name)[f"class_{curve}"]
            own = rows.label == place
            if not own.any():
                assert (one.value, one.reason) == (None, "no labels of the class")
                continue
            exact = function(own, rows.scores[:, place])
            assert abs(one.value - exact) <= one.error + 1e-12, (curve, name)
            assert one.low <= exact <= one.high
            areas.append(exact)
            labels.append(own.sum())
        for average, exact in (
            ("macro", np.mean(areas)),
            ("weighted", np.average(areas, weights=labels)),
        ):
            estimate = found[f"{average}_{curve}"]
            assert abs(estimate.value - exact) <= estimate.error + 1e-12
            assert estimate.error < 0.04
            assert estimate.low <= exact <= estimate.high
    if set(labels) and len(labels) == len(rows.names) > 2:
        exact = sk.roc_auc_score(rows.label, rows.scores, multi_class="ovr", average="macro")
        assert abs(found["macro_roc_auc"].value - exact) <= found["macro_roc_auc"].error + 1e-12


def test_tied_scores_are_ranked_exactly(raw):
    rows = raw.rows(4, 3_000, 4)
    rows.scores = np.eye(4)[rows.scores.argmax(axis=1)]
    found = estimates(raw.outcomes(rows))
    exact = sk.roc_auc_score(rows.label, rows.scores, multi_class="ovr")
    assert found["macro_roc_auc"].value == pytest.approx(exact)
    assert found["macro_roc_auc"].error == 0
    assert found["macro_pr_auc"].error == 0


def test_segment_cells_state_a_larger_error(raw, reduced):
    rows = raw.rows(4, 5_000, 3)
    table = reduced(rows.table(carrier=["AA"] * 5_000), rows.names)
    whole, cell = (estimates(raw.cell(table, rows.names, segment=segment)) for segment in ("*", "carrier=AA"))
    exact = sk.roc_auc_score(rows.label, rows.scores, multi_class="ovr")
    assert whole["macro_roc_auc"].error < cell["macro_roc_auc"].error < 0.005
    assert abs(cell["macro_roc_auc"].value - exact) <= cell["macro_roc_auc"].error
    assert cell["macro_f1"] == whole["macro_f1"]


def unknown_rows(raw):
    """Rows some of which have a label that nobody declared."""
    rows = raw.rows(4, 2_000, 3)
    label = rows.labels
    label[::10] = "never seen"
    return rows, label


def test_labels_of_no_declared_class_are_wrong_and_have_no_score(raw):
    rows, label = unknown_rows(raw)
    outcomes = raw.outcomes(rows, _obs_label=label.tolist())
    found = estimates(outcomes)
    known = np.where(label == "never seen", "class 3", label)
    places = np.array([int(name[-1]) for name in known])
    scores = np.column_stack([rows.scores, np.zeros(2_000)])
    assert found["unknown_label_share"].value == 0.1
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(known, rows.prediction))
    assert found["cohen_kappa"].value == pytest.approx(sk.cohen_kappa_score(known, rows.prediction))
    assert found["mcc"].value == pytest.approx(sk.matthews_corrcoef(known, rows.prediction))
    assert found["log_loss"].value == pytest.approx(sk.log_loss(places, scores))
    expected = sk.brier_score_loss(places, scores, labels=np.arange(4), scale_by_half=False)
    assert found["brier"].value == pytest.approx(expected)
    expected = sk.top_k_accuracy_score(places, np.where(scores == 0, -1, scores), k=2)
    assert found["top_2_accuracy"].value == pytest.approx(expected)
    for average in ("macro", "micro", "weighted"):
        expected = sk.precision_score(known, rows.prediction, labels=rows.names, average=average)
        assert found[f"{average}_precision"].value == pytest.approx(expected)
        expected = sk.recall_score(known, rows.prediction, labels=rows.names, average=average)
        assert found[f"{average}_recall"].value == pytest.approx(expected)


def test_a_class_without_labels_is_in_no_average(raw):
    rows = raw.rows(4, 2_000, 4)
    keep = rows.label != 2
    rows.label, rows.scores = rows.label[keep], rows.scores[keep]
    outcomes = raw.outcomes(rows)
    found = estimates(outcomes)
    assert found["classes_without_labels"].value == 1
    others = [name for name in rows.names if name != "class 2"]
    expected = sk.f1_score(rows.labels, rows.prediction, labels=others, average="macro")
    assert found["macro_f1"].value == pytest.approx(expected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found["balanced_accuracy"].value == pytest.approx(
            sk.balanced_accuracy_score(rows.labels, rows.prediction)
        )
    one = of_class(outcomes, "class 2")
    assert one["class_precision"].value == 0
    for name in ("class_recall", "class_roc_auc", "class_pr_auc"):
        assert (one[name].value, one[name].reason) == (None, "no labels of the class")


def test_a_class_that_is_never_predicted_counts_as_zero(raw):
    rows = raw.rows(4, 2_000, 3)
    rows.scores[:, 1] = 0
    rows.scores /= rows.scores.sum(axis=1, keepdims=True)
    outcomes = raw.outcomes(rows)
    expected = sk.precision_score(rows.labels, rows.prediction, average="macro", zero_division=0)
    assert estimates(outcomes)["macro_precision"].value == pytest.approx(expected)
    assert of_class(outcomes, "class 1")["class_precision"].reason == "no predictions of the class"


def test_without_scores_the_confusion_matrix_is_all(raw):
    rows = raw.rows(4, 1_000, 3)
    found = estimates(raw.outcomes(rows, scores=False, prediction="served", served=rows.prediction.tolist()))
    assert found["macro_f1"].value == pytest.approx(
        sk.f1_score(rows.labels, rows.prediction, average="macro")
    )
    assert not {"log_loss", "brier", "calibration_error", "macro_roc_auc", "top_2_accuracy"} & set(found)


def cases(raw):
    """Outcomes that lack something."""
    none = raw.rows(1, 50, 3)
    none.label[:] = -1
    single = raw.rows(1, 1, 3)
    constant = raw.rows(1, 40, 3)
    constant.label[:] = 1
    sure = raw.rows(1, 40, 3)
    sure.label[:] = 1
    sure.scores = np.eye(3)[sure.label]
    perfect = raw.rows(1, 60, 3)
    perfect.scores = np.eye(3)[perfect.label]
    wrong = raw.rows(1, 60, 3)
    wrong.scores = np.eye(3)[(wrong.label + 1) % 3]
    broken = raw.rows(1, 60, 3)
    broken.scores[:] = np.nan
    off = raw.rows(1, 60, 3)
    off.scores *= 1.1
    empty = raw.rows(1, 60, 3)
    empty.label, empty.scores = empty.label[:0], empty.scores[:0]
    return {
        "no labels": none,
        "one row": single,
        "one label": constant,
        "one class": sure,
        "perfect": perfect,
        "always wrong": wrong,
        "no numbers": broken,
        "sum off": off,
        "empty": empty,
    }


@pytest.mark.parametrize(
    "case",
    [
        "no labels",
        "one row",
        "one label",
        "one class",
        "perfect",
        "always wrong",
        "no numbers",
        "sum off",
        "empty",
    ],
)
def test_what_cannot_be_known_is_a_reason(raw, case):
    outcomes = raw.outcomes(cases(raw)[case])
    found = list(estimates(outcomes).values())
    for name in outcomes.classes:
        found += of_class(outcomes, name).values()
    for each in found:
        numbers = [number for number in (each.value, each.low, each.high) if number is not None]
        assert all(type(number) is float and math.isfinite(number) for number in [*numbers, each.error])
        assert type(each.n) is int
        assert (each.value is None) == bool(each.reason)
        if None not in (each.value, each.low, each.high):
            assert each.low <= each.value <= each.high
    nothing = {"no labels", "no numbers", "sum off", "empty"}
    assert all(each.value is None for each in found) == (case in nothing)


def test_only_labels_that_nobody_declared(raw):
    rows = raw.rows(4, 50, 3)
    found = estimates(raw.outcomes(rows, _obs_label=["nobody"] * 50))
    assert found["macro_f1"].reason == "no labels of a declared class"
    assert found["accuracy"].value == 0
    assert found["unknown_label_share"].value == 1
    assert all(math.isfinite(each.value) for each in found.values() if each.value is not None)
