"""Decisions at other thresholds, held against the raw rows and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.binary.counts import OutcomeCounts
from obs_dagster.tasks.binary.thresholds import Thresholds

COSTS = Costs(false_positive=1, false_negative=4)


def counted(score, label, decision=None, *, grid=None):
    """The counts of raw rows, in bins of a grid or by score."""
    decision = score >= 0.5 if decision is None else decision
    low = high = score
    if grid is not None:
        starts = grid.edges(np.arange(grid.bins))[0]
        low, high = grid.edges(np.searchsorted(starts, score, side="right") - 1)
    keys = np.stack([low, high, decision, label], axis=1)
    found, counts = np.unique(keys, axis=0, return_counts=True)
    none = np.zeros(len(found))
    return OutcomeCounts(
        score=(found[:, 0] + found[:, 1]) / 2,
        width=found[:, 1] - found[:, 0],
        decision=found[:, 2] > 0,
        label=found[:, 3] > 0,
        counts=counts,
        score_sum=none,
        log_loss_sum=none,
        log_loss_sq=none,
        brier_sum=none,
        brier_sq=none,
        predictions=len(score),
    )


def world(n=4_000, seed=0):
    random = np.random.default_rng(seed)
    score = np.round(random.beta(2, 5, n), 3)
    return score, random.uniform(size=n) < score


@pytest.mark.parametrize("threshold", [0.0, 0.12, 0.2, 0.5, 0.777, 1.0])
def test_at_any_threshold_it_is_what_scikit_learn_says_of_the_rows(threshold):
    score, label = world()
    found = Thresholds(counted(score, label), COSTS).at(threshold)
    called = score >= threshold
    assert found.positive_share.value == pytest.approx(called.mean())
    if called.any():
        assert found.precision.value == pytest.approx(precision_score(label, called))
    assert found.recall.value == pytest.approx(recall_score(label, called))
    assert (found.f1.value or 0.0) == pytest.approx(f1_score(label, called))
    assert found.cost.value == pytest.approx(np.mean(1.0 * (called & ~label) + 4.0 * (label & ~called)))
    assert found.error == 0


def test_what_was_served_is_told_whatever_it_was_decided_by():
    score, label = world()
    decision = np.random.default_rng(3).uniform(size=len(score)) < 0.3
    served = Thresholds(counted(score, label, decision), COSTS).served()
    assert served.precision.value == pytest.approx(precision_score(label, decision))
    assert served.recall.value == pytest.approx(recall_score(label, decision))
    assert served.threshold is None


def test_of_bins_it_says_how_much_it_does_not_know():
    random = np.random.default_rng(4)
    score = random.uniform(size=5_000)
    label = random.uniform(size=5_000) < score
    grid = ScoreGrid().joined
    low, high = grid.edges(np.array([grid.bins // 2]))
    inside = float(low[0] + (high[0] - low[0]) * 0.4)
    thresholds = Thresholds(counted(score, label, grid=grid), NO_COSTS)
    found = thresholds.at(inside)
    assert 0 < found.error < 0.002
    assert abs(found.positive_share.value - (score >= inside).mean()) <= found.error
    assert thresholds.at(float(low[0])).error == 0
    assert thresholds.at(float(low[0])).positive_share.value == pytest.approx((score >= low[0]).mean())


def test_the_best_threshold_is_the_cheapest_of_all():
    score, label = world()
    thresholds = Thresholds(counted(score, label), COSTS)
    best = thresholds.best()
    every = [thresholds.at(value).cost.value for value in np.unique(score)]
    assert best.cost.value == pytest.approx(min(every))
    assert best.low <= best.threshold <= best.high
    # the scores are the true probabilities: it pays to call a row positive from 1 / (1 + 4) on
    assert best.low <= 0.2 <= best.high


def test_the_thresholds_that_are_as_good_hold_the_right_one_as_often_as_they_say():
    found = [Thresholds(counted(*world(1_000, seed)), COSTS).best() for seed in range(150)]
    assert np.mean([best.low <= 0.2 <= best.high for best in found]) > 0.93
    # and they do not hold it by holding everything
    assert np.mean([best.low for best in found]) > 0.1
    assert np.mean([best.high for best in found]) < 0.32


def test_a_saving_is_that_of_days_that_did_not_choose_the_threshold():
    days = [counted(*world(2_000, seed)) for seed in range(8)]
    score, label = (
        np.concatenate(part) for part in zip(*(world(2_000, seed) for seed in range(8)), strict=True)
    )
    best = Thresholds(counted(score, label), COSTS).best(days)
    served = np.mean(1.0 * ((score >= 0.5) & ~label) + 4.0 * (label & (score < 0.5)))
    true = served - np.mean(1.0 * ((score >= 0.2) & ~label) + 4.0 * (label & (score < 0.2)))
    assert best.saving.low <= true <= best.saving.high
    assert best.saving.n == 16_000


def test_where_scores_tell_nothing_no_saving_is_claimed():
    random = np.random.default_rng(5)
    days = []
    for _ in range(6):
        score, label = random.uniform(size=500), random.uniform(size=500) < 0.2
        days.append(counted(score, label, np.ones(500, dtype=bool)))
    from obs_dagster.tasks.binary.thresholds import _joined

    best = _joined(days, COSTS).best(days)
    assert best.saving.low <= 0


@pytest.mark.parametrize("label", [np.ones(50, dtype=bool), np.zeros(50, dtype=bool)])
def test_with_one_class_alone_everything_is_called_that(label):
    thresholds = Thresholds(counted(np.linspace(0.1, 0.9, 50), label), COSTS)
    best = thresholds.best()
    assert best.cost.value == 0
    found = thresholds.at(best.threshold)
    assert found.positive_share.value == label.mean()
    assert best.saving.value is None


def test_without_labels_or_prices_there_is_none():
    nothing = counted(np.zeros(0), np.zeros(0, dtype=bool))
    assert Thresholds(nothing, COSTS).best() is None
    assert Thresholds(nothing, COSTS).usual() == []
    assert Thresholds(nothing, COSTS).at(0.5).precision.value is None
    assert Thresholds(counted(*world()), NO_COSTS).best() is None
