"""How right a model of several classes is expected to be, against rows and what labels turn out to be."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

from obs_dagster.estimate.expected_classes import STATISTICS
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.tasks.multiclass.outcomes import OUTCOMES
from obs_dagster.tasks.outcomes import Expecting, OutcomeProfile

CLASSES = 3


def world(raw, seed, n, *, shift=0.0):
    """Scores that are too sharp; a shift makes the last class's scores larger, and its rows more."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, CLASSES)) + np.array([0.5, 0.0, shift])
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = (rng.random((n, 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    scores = np.exp(1.6 * logits)
    names = [f"class {place}" for place in range(CLASSES)]
    return raw.Rows(names, label, scores / scores.sum(axis=1, keepdims=True))


def row_wise(before, now):
    """Confidence-based estimation one row after the other, each class against the rest."""
    chance = np.stack(
        [
            IsotonicRegression(out_of_bounds="clip")
            .fit(before.scores[:, place], before.label == place)
            .predict(now.scores[:, place])
            for place in range(CLASSES)
        ],
        axis=1,
    )
    predicted = now.scores.argmax(axis=1)
    served = np.eye(CLASSES)[predicted]
    right, labels, called = (served * chance).sum(axis=0), chance.sum(axis=0), served.sum(axis=0)
    recall, precision, f1 = right / labels, right / called, 2 * right / (labels + called)
    share = labels / labels.sum()
    area = []
    for own, score in zip(chance.T, now.scores.T, strict=True):
        both = np.concatenate([np.ones(len(score)), np.zeros(len(score))])
        area.append(metrics.roc_auc_score(both, np.tile(score, 2), sample_weight=np.append(own, 1 - own)))
    found = {
        "accuracy": right.sum() / len(chance),
        "log_loss": -(chance * np.log(now.scores)).sum() / len(chance),
        "brier": (now.scores**2 - 2 * now.scores * chance + chance).sum() / len(chance),
    }
    for name, values in {
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "roc_auc": np.array(area),
    }.items():
        found |= {f"macro_{name}": values.mean(), f"weighted_{name}": share @ values}
    return found


@pytest.fixture
def expectation(raw, reduced, monitor):
    def part(rows, labels, segment):
        table = rows.table(carrier=["AA"] * len(rows.label))
        place = table.schema.get_field_index("_obs_label")
        table = table.set_column(place, "_obs_label", labels)
        return OutcomeProfile(reduced(table, rows.names), OUTCOMES).cell("1", segment)

    def expectation(before, now, *, known=None, segment="*"):
        monitored = monitor(before.names)
        taught = OUTCOMES.calibration([part(before, pa.array(before.labels), "*")], monitored, 1)
        known = np.zeros(len(now.label), bool) if known is None else known
        cell = part(now, pa.array(now.labels, pa.string(), mask=~known), segment)
        ((_, found),) = OUTCOMES.expected(cell, taught, monitored, Expecting(segment, 1, 2))
        return found

    return expectation


def test_bins_say_what_rows_say_by_scikit_learns_calibration(raw, expectation):
    before, now = world(raw, 1, 20_000), world(raw, 2, 8_000, shift=-0.3)
    found, reference = expectation(before, now), row_wise(before, now)
    assert reference.keys() == STATISTICS.keys()
    for name, value in reference.items():
        estimate = found.estimated(name)
        assert estimate.value == pytest.approx(value, abs=0.003), name
        assert estimate.low <= value <= estimate.high, name


@pytest.mark.parametrize("segment", ["*", "carrier=AA"])
def test_intervals_hold_what_labels_turn_out_to_be(raw, expectation, segment):
    held = []
    for draw in range(6):
        before, now = world(raw, (3, draw), 6_000), world(raw, (4, draw), 1_500)
        guessed = expectation(before, now, segment=segment)
        # what labels say of rows that are all labelled
        measured = evaluate(
            "performance", raw.outcomes(now), task="multiclass_classification", only=STATISTICS
        )
        estimates = {name: guessed.estimated(name) for name in measured}
        held += [estimates[name].low <= each.value <= estimates[name].high for name, each in measured.items()]
    assert np.mean(held) > 0.85


def test_labels_say_how_far_that_was(raw, expectation):
    before, now = world(raw, 5, 10_000), world(raw, 6, 4_000)
    known = np.random.default_rng(7).random(4_000) < 0.5
    found = expectation(before, now, known=known)
    assert found.n == known.sum()
    shift = found.shift("accuracy")
    exact = (now.scores.argmax(axis=1) == now.label)[known].mean()
    assert shift.value == pytest.approx(exact - found.labelled.estimated("accuracy").value)
    assert shift.low < 0 < shift.high
    assert found.concept_shift().low == 0
    now.label[:] = (now.label + 1) % CLASSES
    moved = expectation(before, now, known=known)
    assert moved.shift("accuracy").high < -0.1
    assert moved.concept_shift().low > 0.1
    assert expectation(before, now).shift("accuracy").reason == "no labels"
    assert expectation(before, now).concept_shift().reason == "no labels"


def test_the_concept_shift_of_two_classes_is_what_it_is_of_one_against_the_other(raw, expectation):
    before, now = world(raw, 5, 10_000), world(raw, 6, 4_000)
    now.label[now.label == 0] = 2
    found = expectation(before, now, known=np.ones(4_000, bool))
    gaps = [one.gaps(own)[0] for one, own in zip(found.labelled.each, found.own, strict=True)]
    assert found.concept_shift().value == pytest.approx(sum(gaps) / 2)
    # all rows of one class have become another's
    assert found.concept_shift().value == pytest.approx((world(raw, 6, 4_000).label == 0).mean(), abs=0.03)


@pytest.mark.parametrize("mix", [(0.4, 0.3, 0.3), (0.2, 0.3, 0.5)])
def test_intervals_hold_what_labels_turn_out_to_be_where_the_mix_of_classes_moved(raw, expectation, mix):
    def drawn(seed, n, shares):
        rng = np.random.default_rng(seed)
        label = rng.choice(CLASSES, n, p=shares)
        logits = rng.normal(size=(n, CLASSES)) + np.log([0.5, 0.3, 0.2])
        logits[np.arange(n), label] += 1.5
        scores = np.exp(logits)
        return raw.Rows(
            [f"class {k}" for k in range(CLASSES)], label, scores / scores.sum(axis=1, keepdims=True)
        )

    held, unmoved = [], []
    for draw in range(4):
        before, now = drawn((10, draw), 8_000, (0.5, 0.3, 0.2)), drawn((11, draw), 4_000, mix)
        guessed = expectation(before, now).every
        measured = evaluate(
            "performance", raw.outcomes(now), task="multiclass_classification", only=STATISTICS
        )
        for name, each in measured.items():
            wide, narrow = guessed.estimated(name), guessed.if_unmoved(name)
            held.append(wide.low <= each.value <= wide.high)
            unmoved.append(narrow.low <= each.value <= narrow.high)
    assert np.mean(held) > 0.85
    assert np.mean(unmoved) < 0.6


def test_what_cannot_be_known_is_refused(raw, expectation):
    before, now = world(raw, 8, 200), world(raw, 9, 500)
    assert "too few labels on the baseline" in expectation(before, now).estimated("accuracy").reason
    nobody = world(raw, 9, 0)
    assert expectation(world(raw, 8, 3_000), nobody).estimated("accuracy").reason == "no rows"
    assert expectation(nobody, now).estimated("accuracy").reason == "no labels on the baseline"
