"""What calibrated scores say before labels, against row-wise references and what labels turn out to be."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from obs_dagster.estimate.calibration import LEAST_DAYS, Calibration
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.predicted import STATISTICS, Labelled, Predicted
from tests.unit.estimate.golden.scores import MOVES, REFERENCE, ROWS, drawn

NANNYMLS = {"average_precision": "pr_auc"}
"""What metrics are called there, where that differs."""
BINS = 10_000
CENTRES = (np.arange(BINS) + 0.5) / BINS
THRESHOLD = 0.3


def world(rng, n, *, shift=0.0, level=0.0):
    """Scores that are too low or too high, and labels of a concept that is the same but for its level."""
    hidden = rng.normal(shift, 1, n)
    score = 1 / (1 + np.exp(1 - hidden))
    return score, rng.random(n) < 1 / (1 + np.exp(1 - level - 1.5 * hidden))


def bins(score):
    return np.clip((score * BINS).astype(int), 0, BINS - 1)


def counted(score, of):
    return np.bincount(bins(score), weights=of.astype(float), minlength=BINS)


def calibrated(*days, seed=0):
    return Calibration(
        CENTRES,
        positives=np.stack([counted(score, label) for score, label in days]),
        negatives=np.stack([counted(score, ~label) for score, label in days]),
        seed=seed,
    )


def predicted(score, label):
    decided = score >= THRESHOLD
    rows, positives = (
        np.stack([counted(score[way], of[way]) for way in (~decided, decided)], axis=1)
        for of in (np.ones(len(score)), label)
    )
    used = rows.sum(axis=1) > 0
    return Predicted(CENTRES[used], rows[used]), positives[used]


def row_wise(score, chance):
    """Confidence-based performance estimation as NannyML defines it: one row after the other."""
    decided = score >= THRESHOLD
    true, false = chance[decided].sum(), (1 - chance[decided]).sum()
    missed, right = chance[~decided].sum(), (1 - chance[~decided]).sum()
    order = np.argsort(-score, kind="stable")
    gained, lost = np.cumsum(chance[order]), np.cumsum(1 - chance[order])
    return {
        "recall": true / (true + missed),
        "precision": true / (true + false),
        "f1": 2 * true / (2 * true + false + missed),
        "accuracy": (true + right) / len(score),
        "positive_share": chance.mean(),
        "roc_auc": np.trapezoid([0, *gained / gained[-1]], [0, *lost / lost[-1]]),
        "pr_auc": np.sum(chance[order] / gained[-1] * gained / np.arange(1, len(score) + 1)),
        "log_loss": -np.mean(chance * np.log(score) + (1 - chance) * np.log(1 - score)),
        "brier": np.mean(chance * (1 - score) ** 2 + (1 - chance) * score**2),
    }


def test_bins_say_what_rows_say_by_scikit_learns_calibration():
    rng = np.random.default_rng(5)
    before, now = world(rng, 20_000), world(rng, 10_000, shift=-0.5)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(*before)
    reference = row_wise(now[0], fitted.predict(now[0]))
    expected = Expected(predicted(*now)[0], calibrated(before))
    assert reference.keys() == STATISTICS.keys()
    for name, value in reference.items():
        found = expected.estimated(name)
        assert found.value == pytest.approx(value, abs=0.0015)
        assert found.low <= value <= found.high


def test_intervals_hold_what_labels_turn_out_to_be():
    """Of days that differ, and of rows that do not; a benchmark of more windows has 91 to 95 %."""
    rng = np.random.default_rng(6)
    for days, spread in ((1, 0.0), (LEAST_DAYS * 2, 0.15)):
        held = []
        for _ in range(15):
            before = [world(rng, 10_000 // days, level=spread * rng.normal()) for _ in range(days)]
            level = spread * rng.normal()
            now, labels = predicted(*world(rng, 2_000, shift=-0.5, level=level))
            expected = Expected(now, calibrated(*before), labels)
            held += [
                found.low <= statistic(Labelled(now, labels)) <= found.high
                for name, statistic in STATISTICS.items()
                if (found := expected.estimated(name)).value is not None
            ]
            held.append(expected.concept_shift().low <= 0.02)
        assert np.mean(held) > 0.85, (days, np.mean(held))


def test_days_that_differ_are_known_to():
    rng = np.random.default_rng(7)
    alike = calibrated(*(world(rng, 1_000) for _ in range(30)))
    other = calibrated(*(world(rng, 1_000, level=0.4 * rng.normal()) for _ in range(30)))
    assert alike.spread_of_days < 0.1
    assert 0.25 < other.spread_of_days < 0.6
    now, _ = predicted(*world(rng, 5_000))
    found = Expected(now, other, days=1).estimated("positive_share")
    week = Expected(now, other, days=7).estimated("positive_share")
    assert found.high - found.low > 1.5 * (week.high - week.low)
    assert calibrated(world(rng, 1_000)).spread_of_days == 0


def test_a_concept_that_moved_is_what_measured_and_estimated_differ_by():
    rng = np.random.default_rng(8)
    taught = calibrated(world(rng, 20_000))
    now, labels = predicted(*world(rng, 5_000, level=1.0))
    moved = Expected(now, taught, labels)
    assert moved.shift("positive_share").low > 0.1
    assert moved.shift("precision").value == pytest.approx(
        STATISTICS["precision"](Labelled(now, labels)) - moved.estimated("precision").value
    )
    assert moved.concept_shift().low > 0.05
    same = Expected(*predicted(*world(rng, 5_000))[:1], taught)
    assert same.shift("recall").reason == same.concept_shift().reason == "no labels"


def test_what_cannot_be_known_is_refused():
    rng = np.random.default_rng(9)
    score, label = world(rng, 2_000)
    low = score < 0.5
    taught = calibrated((score[low], label[low]))

    def why(calibration, scores):
        return Expected(predicted(scores, scores > 2)[0], calibration).estimated("recall").reason

    assert why(taught, np.full(100, 0.8)) == "100% of the scores are outside of those that the baseline has"
    assert "is worth" in why(calibrated((score[:400], label[:400])), np.full(100, np.median(score)))
    assert why(taught, score[low]) == ""
    assert why(taught, np.zeros(0)) == "no rows"
    none = np.zeros(0)
    assert why(calibrated((none, none > 0)), score) == "no labels on the baseline"
    assert why(calibrated((score[:100], label[:100])), score).startswith("too few labels on the baseline")


def test_the_same_counts_give_the_same_interval():
    rng = np.random.default_rng(10)
    before, now = world(rng, 2_000), predicted(*world(rng, 500))[0]
    once, again, other = (Expected(now, calibrated(before, seed=seed)).estimated("f1") for seed in (1, 1, 2))
    assert once == again != other


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_scores_that_nobody_has_change_nothing(name):
    rng = np.random.default_rng(8)
    given, positives = predicted(*world(rng, 500))
    empty = np.array([0.0, 0.5, 1.0])
    order = np.argsort([*given.score, *empty], kind="stable")
    none = np.zeros((len(empty), 2))
    wider = Predicted(np.concatenate([given.score, empty])[order], np.concatenate([given.rows, none])[order])
    with np.errstate(invalid="raise", divide="raise"):
        found = STATISTICS[name](Labelled(wider, np.concatenate([positives, none])[order]))
    assert found == pytest.approx(STATISTICS[name](Labelled(given, positives)))


@pytest.mark.parametrize("move", MOVES)
def test_estimates_are_those_of_nannyml_within_the_error_of_bins(move):
    """Its own CBPE, with its own calibration of the same rows: `golden/nannyml.py` has asked it."""
    told = json.loads((Path(__file__).parent / "golden" / "nannyml.json").read_text(encoding="utf-8"))
    before, now = drawn(0.0, REFERENCE, 1), drawn(move, ROWS, 2)
    assert before[1].sum() == told["positives"]
    theirs = told["moved"][str(move)]
    assert now[0].sum() == pytest.approx(theirs.pop("total"))
    assert theirs.pop("calibrated")
    expected = Expected(predicted(*now)[0], calibrated(before))
    for name, value in theirs.items():
        found = expected.estimated(NANNYMLS.get(name, name))
        assert found.value == pytest.approx(value, abs=0.0015), name
        assert found.low <= value <= found.high
