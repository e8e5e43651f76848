"""How often the intervals hold the true value, by simulation."""

import numpy as np
import pytest

from obs_dagster.metrics.curves import ScoreCounts
from obs_dagster.metrics.intervals import combined_interval, wilson
from obs_dagster.metrics.registry import family
from obs_dagster.tasks.multiclass.counts import ClassOutcomes, TopScores
from obs_dagster.tasks.multiclass.metrics import influence
from obs_dagster.tasks.multiclass.metrics.agreement import kappa, mcc
from obs_dagster.tasks.multiclass.table import PLACES, TENTHS

SHARES = [
    f"{average}_{measure}"
    for average in ("macro", "micro", "weighted")
    for measure in ("precision", "recall", "f1")
]
EXACT = [
    "accuracy",
    "balanced_accuracy",
    "cohen_kappa",
    "mcc",
    "top_2_accuracy",
    "log_loss",
    "brier",
    *SHARES,
]
#: Those whose interval is that of a binary metric, which is wider than it must be for scores this good.
CAUTIOUS = ["macro_roc_auc", "weighted_roc_auc", "macro_pr_auc", "weighted_pr_auc", "calibration_error"]


def outcomes(rows, *, decimals):
    """What rows reduce to, by other means: scores are counted by value, rounded to so many decimals."""
    label, scores = rows.label, rows.scores
    n, classes = scores.shape
    confusion = np.zeros((classes + 1,) * 2, dtype=np.int64)
    np.add.at(confusion, (label, scores.argmax(axis=1)), 1)
    own, top = scores[np.arange(n), label], scores.max(axis=1)
    cell = (
        (scores.argmax(axis=1) == label).astype(int),
        np.minimum((top * TENTHS).astype(int), TENTHS - 1),
        np.minimum((scores > own[:, np.newaxis]).sum(axis=1), PLACES - 1),
    )
    counts, sums = np.zeros((2, TENTHS, PLACES), dtype=np.int64), np.zeros((5, 2, TENTHS, PLACES))
    np.add.at(counts, cell, 1)
    brier = (scores**2).sum(axis=1) - 2 * own + 1
    for total, values in zip(sums, (top, -np.log(own), np.log(own) ** 2, brier, brier**2), strict=True):
        np.add.at(total, cell, values)
    by_class = {
        name: by_value(np.round(scores[:, place], decimals), label == place)
        for place, name in enumerate(rows.names)
    }
    return ClassOutcomes(tuple(rows.names), confusion, n, TopScores(counts, sums), by_class)


def by_value(score, own):
    values, place = np.unique(score, return_inverse=True)
    positives = np.bincount(place, own).astype(np.int64)
    binned = np.zeros(len(values), dtype=bool)
    return ScoreCounts(values, positives, np.bincount(place) - positives, binned)


def estimates(given, names):
    metrics = family("performance", "multiclass_classification")
    return {name: metrics[name].compute(given) for name in names}


def coverage(raw, names, *, repeats, n, **model):
    """How often the interval of each metric holds its value among a hundred times as many rows."""
    truth = estimates(outcomes(raw.rows(1, 400_000, **model), decimals=4), names)
    held = dict.fromkeys(names, 0)
    for seed in range(2, repeats + 2):
        found = estimates(outcomes(raw.rows(seed, n, **model), decimals=3), names)
        for name, each in found.items():
            held[name] += each.low <= truth[name].value <= each.high
    return {name: count / repeats for name, count in held.items()}


@pytest.mark.parametrize(
    "model",
    [
        {"n": 400, "classes": 3, "balance": 0.8},
        {"n": 1_500, "classes": 8, "balance": 0.8, "sharpness": 2.5},
        {"n": 150, "classes": 2, "sharpness": 1.0},
    ],
    ids=["3", "8", "2"],
)
def test_intervals_hold_the_true_value_19_times_of_20(raw, model):
    names = [name for name in EXACT if model["classes"] > 2 or name != "top_2_accuracy"]
    found = coverage(raw, names, repeats=400, **model)
    # 2.5 standard errors around 93 to 97 %
    assert {name: share for name, share in found.items() if not 0.905 <= share <= 0.99} == {}


def test_areas_and_calibration_hold_it_at_least_as_often(raw):
    found = coverage(raw, CAUTIOUS, repeats=200, n=800, classes=4, balance=0.8)
    assert {name: share for name, share in found.items() if share < 0.92} == {}


def test_the_mean_of_classes_is_surer_than_each(raw):
    found = estimates(outcomes(raw.rows(3, 3_000, 20, sharpness=2.0), decimals=3), ["macro_roc_auc"])
    one = family("performance", "multiclass_classification")["class_roc_auc"]
    from obs_dagster.tasks.multiclass.counts import OneClass

    given = outcomes(raw.rows(3, 3_000, 20, sharpness=2.0), decimals=3)
    widths = [each.high - each.low for each in (one.compute(OneClass(given, place)) for place in range(20))]
    macro = found["macro_roc_auc"]
    assert macro.high - macro.low < min(widths) / 2


def test_two_classes_have_one_area(raw):
    given = outcomes(raw.rows(3, 1_000, 2), decimals=3)
    found = estimates(given, ["macro_roc_auc"])["macro_roc_auc"]
    from obs_dagster.tasks.multiclass.counts import OneClass

    one = family("performance", "multiclass_classification")["class_roc_auc"].compute(OneClass(given, 0))
    assert found.value == pytest.approx(one.value, abs=1e-3)
    assert found.high - found.low == pytest.approx(one.high - one.low, rel=0.02)


@pytest.mark.parametrize(
    ("statistic", "moved"),
    [
        (kappa, influence.of_kappa),
        (mcc, influence.of_mcc),
        (
            lambda cells: 2 * cells[1, 1] / (cells[1].sum() + cells[:, 1].sum()),
            lambda cells: influence.of_f1(cells, np.array([1])),
        ),
        (
            lambda cells: cells[1, 1] / cells[:, 1].sum(),
            lambda cells: influence.of_precision(cells, np.array([1])),
        ),
        (
            lambda cells: (
                (
                    cells[1, 1] / cells[1].sum()
                    + 1
                    - (cells[:, 1].sum() - cells[1, 1]) / (cells.sum() - cells[1].sum())
                )
                / 2
            ),
            lambda cells: influence.of_separation(cells, np.array([1])),
        ),
    ],
    ids=["kappa", "mcc", "f1", "precision", "separation"],
)
def test_influence_is_the_slope(statistic, moved):
    cells = np.random.default_rng(4).dirichlet(np.ones(9)).reshape(3, 3)
    analytic = moved(cells)[0]
    analytic = analytic - (analytic * cells).sum()
    step = 1e-6
    for place in np.ndindex(3, 3):
        towards = np.zeros((3, 3))
        towards[place] = 1
        slope = (statistic((1 - step) * cells + step * towards) - statistic(cells)) / step
        assert analytic[place] == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_combined_intervals_of_like_shares_are_that_of_all_rows():
    shares, ends = np.full(4, 0.3), np.array([wilson(60, 200)] * 4)
    low, high = combined_interval(shares, ends, np.full(4, 0.25))
    assert (low, high) == pytest.approx(wilson(240, 800), abs=0.005)
    same = combined_interval(shares, ends, np.full(4, 0.25), np.ones((4, 4)))
    assert same == pytest.approx(wilson(60, 200))
