"""What scores mean of rows that are like those of now, where features have moved."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from obs_dagster.estimate.adapted import AdaptedCalibration, LikeRows, level_and_slope
from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.likeness import Likeness
from obs_dagster.estimate.predicted import STATISTICS, Labelled, Predicted
from obs_dagster.metrics.multivariate.samples import Samples

BINS, THRESHOLD = 10_000, 0.3
CENTRES = (np.arange(BINS) + 0.5) / BINS


def world(rng, n, *, shift=0.0):
    """Features, of which the score knows the first, and a label that depends on both."""
    known, hidden = rng.normal(size=n), rng.normal(shift, 1, n)
    score = 1 / (1 + np.exp(1 - known))
    return np.stack([known, hidden], axis=1), score, rng.random(n) < 1 / (1 + np.exp(1.3 - known - hidden))


def counted(score, of):
    return np.bincount((score * BINS).astype(int), weights=of.astype(float), minlength=BINS)


def table(features):
    return pa.table({"known": features[:, 0], "hidden": features[:, 1]})


def adapted(before, now, seed=0):
    features, score, label = before
    taught = Calibration(
        CENTRES, positives=counted(score, label)[None], negatives=counted(score, ~label)[None]
    )
    some = slice(0, 4_000)
    samples = Samples(["known", "hidden"], [], table(features[some]), table(now[0][:2_000]), seed)
    like = LikeRows(score[some], label[some].astype(float), np.zeros(4_000, int), Likeness.of(samples))
    return taught, AdaptedCalibration.of(taught, like)


def test_rows_like_those_of_now_know_what_scores_mean_there():
    rng = np.random.default_rng(1)
    before, now = world(rng, 20_000), world(rng, 20_000, shift=0.8)
    accepted = now[1] >= THRESHOLD
    rows, positives = (
        np.stack([counted(now[1][way], of[way]) for way in (~accepted, accepted)], axis=1)
        for of in (np.ones(len(accepted)), now[2])
    )
    given = Predicted(CENTRES, rows)
    plain, moved = (Expected(given, each) for each in adapted(before, now))
    missed = []
    for name, statistic in STATISTICS.items():
        exact, found = float(statistic(Labelled(given, positives))), moved.estimated(name)
        missed.append(not found.low <= exact <= found.high)
        assert found.value == pytest.approx(exact, abs=0.03), name
    assert np.mean(missed) < 0.2
    assert (
        plain.estimated("precision").value < float(STATISTICS["precision"](Labelled(given, positives))) - 0.1
    )


def test_where_nothing_moved_nothing_is_adapted():
    rng = np.random.default_rng(2)
    taught, moved = adapted(world(rng, 20_000), world(rng, 4_000))
    assert moved.like.likeness.worth > 3_500
    score = np.linspace(0.1, 0.8, 20)
    assert moved.chances(score) == pytest.approx(taught.chances(score), abs=0.06)
    low, high = np.quantile(moved.replicates(score), (0.001, 0.999), axis=0)
    assert ((low < taught.chances(score)) & (taught.chances(score) < high)).all()


def test_level_and_slope_are_scikit_learns():
    rng = np.random.default_rng(3)
    logits, weights = rng.normal(size=3_000), rng.gamma(1.0, size=3_000)
    label = rng.random(3_000) < 1 / (1 + np.exp(-0.5 - 0.7 * logits))
    reference = LogisticRegression(C=np.inf).fit(logits[:, None], label, sample_weight=weights)
    (found,) = level_and_slope(logits, label.astype(float), weights[None])
    assert found == pytest.approx([reference.intercept_[0], reference.coef_[0, 0]], abs=0.005)


def test_what_the_weighted_rows_do_not_know_is_refused():
    rng = np.random.default_rng(4)
    before = world(rng, 20_000)
    _, far = adapted(before, world(rng, 3_000, shift=4.0))
    score, rows = CENTRES[1_000:5_000], np.ones(4_000)
    assert far.why_not(score, rows).startswith("features overlap too little")
    few = Likeness(np.array([1_000.0, *np.full(3_999, 0.01)]), 0.0)
    assert few.refused == (
        "4,000 rows of the baseline, weighted to have the features of now, are worth 1, where 300 are needed"
    )
    label = np.zeros(4_000)
    label[:20] = 1
    rare = LikeRows(np.full(4_000, 0.5), label, np.zeros(4_000, int), Likeness(np.ones(4_000), 0.0))
    assert rare.refused.startswith(
        "rows of the smaller class, weighted to have the features of now, are worth 20"
    )
    assert Likeness(np.zeros(0), 0.0, "no rows").refused == "no rows"
