"""What predictions of numbers miss by where features moved, by trees that are kept with the baseline."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.estimate.likeness import Likeness
from obs_dagster.estimate.losses import SIGNED, ExpectedLosses, Loss, Losses, Move
from obs_dagster.estimate.losses_by_features import NO_BETTER, LossesByFeatures, LossRows
from obs_dagster.metrics.multivariate.samples import Samples

EDGES = np.linspace(0, 100, 201)
MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2
SAMPLE = slice(0, 5_000)


def world(rng, n, *, shift=0.0, hidden=1.0):
    """Predictions, a feature on which their errors depend, and the errors."""
    prediction, feature = np.clip(50 + 10 * rng.normal(size=n), 1, 99), rng.normal(shift, 1, n)
    error = 0.5 * hidden * feature + np.exp(0.5 + 0.4 * hidden * feature) * rng.normal(size=n)
    return prediction, feature, error


def lost(error):
    return {SIGNED: error, "absolute": np.abs(error)}


def taught(prediction, error):
    having, bins = np.unique(np.digitize(prediction, EDGES) - 1, return_inverse=True)

    def by_bin(of):
        return np.bincount(bins, weights=of)[np.newaxis]

    found = {
        name: Loss(by_bin(np.ones(len(of))), by_bin(of), by_bin(of**2)) for name, of in lost(error).items()
    }
    return Losses(MIDDLES[having], found)


def expected(before, now, learned=None):
    (known, feature, error), (predicted, moved, _) = before, now
    losses = taught(known, error)
    sides = (pa.table({"feature": each[SAMPLE]}) for each in (feature, moved))
    samples = Samples(["feature"], [], *sides, 1)
    columns = [
        np.column_stack([features[SAMPLE], prediction[SAMPLE]])
        for features, prediction in ((feature, known), (moved, predicted))
    ]
    like = LossRows(
        known=columns[0],
        prediction=known[SAMPLE],
        losses=lost(error[SAMPLE]),
        day=np.zeros(5_000, int),
        now=columns[1],
        now_prediction=predicted[SAMPLE],
        likeness=Likeness.of(samples),
        seed=1,
        remembered=learned or (lambda learn: learn()),
    )
    rows = np.histogram(predicted, EDGES)[0].astype(float)
    return [ExpectedLosses(MIDDLES, rows, each) for each in (losses, LossesByFeatures.of(losses, like))]


def test_errors_that_grow_with_a_feature_are_expected_where_it_moved():
    held = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        before, now = world(rng, 20_000), world(rng, 10_000, shift=0.8)
        plain, moved = expected(before, now)
        for name, values in lost(now[2]).items():
            exact, narrow, found = values.mean(), plain.mean(name), moved.mean(name)
            if found.value is None:
                # the mean error is known less well than its size
                assert (name, found.reason) == (SIGNED, NO_BETTER)
                continue
            held.append(found.low <= exact <= found.high)
            assert found.value == pytest.approx(exact, abs=0.2)
            assert narrow.value < exact - 0.3
    assert np.mean(held) >= 0.7


def test_where_features_say_nothing_of_errors_nothing_is_adapted():
    rng = np.random.default_rng(5)
    _, moved = expected(world(rng, 20_000, hidden=0.0), world(rng, 5_000, hidden=0.0))
    assert moved.mean("absolute").reason == NO_BETTER
    _, far = expected(world(rng, 20_000), world(rng, 5_000, shift=5.0))
    assert far.mean("absolute").reason.startswith("features overlap too little")


def test_trees_are_grown_once():
    rng = np.random.default_rng(6)
    before, now = world(rng, 20_000), world(rng, 2_000, shift=0.5)
    kept = []

    def learned(learn):
        kept[:] = kept or [learn()]
        return kept[0]

    _, first = expected(before, now, learned)
    assert first.mean("absolute").value
    grown = kept[0]
    assert all(text.startswith("tree") for each in grown.values() for text in each)
    _, again = expected(before, now, lambda _: grown)
    assert first.mean("absolute") == again.mean("absolute")


@dataclass(frozen=True, kw_only=True)
class Moved(Losses):
    """Losses that are moved by what is given."""

    given: Move

    def move(self, name):
        del name
        return self.given


@pytest.mark.parametrize("name", ["absolute", SIGNED])
def test_what_features_tell_of_rows_is_no_chance_of_theirs(name):
    """The interval is that of what is left where features are known, and of rows that were not looked at."""
    random = np.random.default_rng(6)
    errors = random.normal(1, 3, 20_000)
    sums = {
        each: Loss(*(np.array([[of.sum()]]) for of in (np.ones(len(errors)), lost, lost**2)))
        for each, lost in {"absolute": np.abs(errors), SIGNED: errors}.items()
    }

    def width(rows, **move):
        learned = Moved(np.array([5.0]), sums, 1, given=Move(0.5, **move))
        found = ExpectedLosses(np.array([5.0]), np.array([float(rows)]), learned, seed=2).mean(name)
        return (found.high - found.low) / 2 / 1.96

    alone = width(4_000, variance=4.0, apart=5.0, sampled=4_000)
    assert alone == pytest.approx(np.sqrt(4 / 4_000), rel=0.1)
    some = width(4_000, variance=4.0, apart=5.0, sampled=1_000)
    assert some == pytest.approx(np.sqrt(4 / 4_000 + 0.75 * 5 / 1_000), rel=0.1)
    assert width(4_000, variance=4.0, unsure=0.1) == pytest.approx(np.hypot(0.1, alone), rel=0.1)
