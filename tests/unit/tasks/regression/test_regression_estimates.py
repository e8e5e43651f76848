"""How far off a regressor is expected to be before labels come, against what labels turn out to be."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.tasks.outcomes import Expecting
from obs_dagster.tasks.regression.estimates import STATISTICS
from obs_dagster.tasks.regression.outcomes import OUTCOMES
from tests.regressor import table

SCIKIT = {
    "mae": metrics.mean_absolute_error,
    "rmse": metrics.root_mean_squared_error,
    "mse": metrics.mean_squared_error,
    "bias": lambda label, prediction: np.mean(prediction - label),
    "mape": metrics.mean_absolute_percentage_error,
    "smape": lambda label, prediction: np.mean(
        2 * np.abs(prediction - label) / (np.abs(prediction) + np.abs(label))
    ),
}


def world(rng, n, *, shift=0.0, noise=1.0):
    """Predictions whose errors grow with them, and are too low at both ends."""
    prediction = 50 + 10 * rng.normal(shift, 1, n)
    spread = noise * (2 + 0.1 * np.abs(prediction - 40))
    label = prediction + 0.01 * (prediction - 50) ** 2 + spread * rng.standard_t(8, n)
    return prediction, np.maximum(label, 1.0)


@pytest.fixture
def expectation(regressor):
    def expectation(baseline, now, *, known=None, segment="*", days=1):
        model = regressor(baseline[0][0])
        parts = [model.profile(table(*part)).cell("1", "*") for part in baseline]
        taught = OUTCOMES.calibration(parts, model.monitor, 1)
        prediction, label = now
        masked = pa.array(label, mask=~known if known is not None else np.ones(len(label), bool))
        cell = model.profile(table(prediction, masked)).cell("1", segment)
        ((_, found),) = OUTCOMES.expected(cell, taught, model.monitor, Expecting(segment, days, 2))
        return found

    return expectation


@pytest.mark.parametrize("segment", ["*", "carrier=AA"])
def test_bins_say_what_rows_of_like_predictions_lost(expectation, segment):
    rng = np.random.default_rng(1)
    before, now = world(rng, 40_000), world(rng, 5_000, shift=0.5)
    found = expectation([before], now, segment=segment)
    # what a large sample of the same concept loses where the predictions are
    truth = world(np.random.default_rng(2), 400_000, shift=0.5)
    for name, exact in SCIKIT.items():
        estimate = found.estimated(name)
        assert estimate.value == pytest.approx(exact(truth[1], truth[0]), rel=0.05, abs=0.05), name
        assert estimate.low < estimate.value < estimate.high
    unmoved = SCIKIT["mae"](before[1], before[0])
    assert found.estimated("mae").value > 1.05 * unmoved
    assert SCIKIT.keys() == STATISTICS.keys()


def test_intervals_hold_what_labels_turn_out_to_be(expectation):
    rng = np.random.default_rng(13)
    held = {name: [] for name in SCIKIT}
    for rows in (100, 1_000) * 12:
        prediction, label = world(rng, rows, shift=0.3)
        found = expectation([world(rng, 4_000)], (prediction, label))
        for name, exact in SCIKIT.items():
            estimate = found.estimated(name)
            held[name].append(estimate.low <= exact(label, prediction) <= estimate.high)
    assert np.mean(list(held.values())) > 0.88, {name: np.mean(each) for name, each in held.items()}


def test_errors_that_grew_are_what_measured_and_estimated_differ_by(expectation):
    rng = np.random.default_rng(4)
    before = world(rng, 20_000)
    known = rng.random(3_000) < 0.6
    same, moved = world(rng, 3_000), world(rng, 3_000, noise=2.0)
    found = expectation([before], moved, known=known)
    measured = SCIKIT["mae"](moved[1][known], moved[0][known])
    assert found.n == known.sum()
    assert found.shift("mae").value == pytest.approx(measured - found.estimated("mae").value, rel=0.03)
    assert found.shift("mae").low > 0 < found.concept_shift().low
    found = expectation([before], same, known=known)
    assert found.shift("mae").low < 0 < found.shift("mae").high
    assert found.concept_shift().low == 0
    assert expectation([before], same).shift("mae").reason == "no labels"


def test_days_that_differ_are_known_to(expectation):
    rng = np.random.default_rng(5)
    alike = [world(rng, 500) for _ in range(20)]
    other = [world(rng, 500, noise=np.exp(0.4 * rng.normal())) for _ in range(20)]
    now = world(rng, 2_000)
    sure, unsure = (expectation(days, now).estimated("mae") for days in (alike, other))
    assert unsure.high - unsure.low > 2 * (sure.high - sure.low)
    week = expectation(other, now, days=7).estimated("mae")
    assert unsure.high - unsure.low > 1.5 * (week.high - week.low)


def test_what_cannot_be_known_is_refused(expectation):
    rng = np.random.default_rng(6)
    before, far = world(rng, 1_000), world(rng, 100, shift=9)
    assert "outside of those" in expectation([before], far).estimated("mae").reason
    few = tuple(each[:50] for each in before)
    assert expectation([few], before).estimated("mae").reason.startswith("too few labels")
    nobody = expectation([before], tuple(each[:0] for each in before))
    assert nobody.estimated("mae").reason == "no rows"
    zeros = (before[0], np.zeros(1_000))
    found = evaluate("estimate", expectation([zeros], before), task="regression")
    assert found["estimated_mape"].reason == "no targets other than zero are expected"
    assert all(each.value is None or np.isfinite(each.value) for each in found.values())
