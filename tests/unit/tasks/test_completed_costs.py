"""What errors will cost once labels are complete: the price of what other completed metrics say."""

from dataclasses import replace

import numpy as np
import pytest

from obs_dagster.estimate.completed_losses import CompletedLosses
from obs_dagster.estimate.losses import SIGNED, ExpectedLosses, Loss, Losses
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.binary.estimates import completed, late
from obs_dagster.tasks.outcomes import Expecting, Lacking
from obs_dagster.tasks.regression.estimates import RegressionCompleted

ROWS, DAYS = 3_000, 12


@pytest.fixture(scope="module")
def cell():
    """Outcomes of a classifier on which each score has its chance; `known` is the share with a label."""

    def cell(seed, known=1.0):
        random = np.random.default_rng(seed)
        bins = random.integers(0, 10_000, ROWS)
        score = bins / 10_000
        label = (random.random(ROWS) < score).astype(float)
        label[random.random(ROWS) >= known] = np.nan
        return {"bin": bins, "decision": score >= 0.5, "label": label, "n": np.ones(ROWS, int)}

    return cell


def binary(cell, costs, days=DAYS):
    now = cell(1, known=0.5)
    awaited = {name: column[np.isnan(now["label"])] for name, column in now.items()}
    learned = late([cell(10 + day) for day in range(days)], 1)
    return completed(now, [Lacking(awaited, learned)], Expecting(WHOLE, 1, 3), costs)


def test_of_a_classifier_whose_errors_cost_the_same_it_is_their_share(cell):
    found = binary(cell, Costs(false_positive=3, false_negative=3))
    cost, accuracy = found.completed("cost_per_row"), found.completed("accuracy")
    assert cost.value == pytest.approx(3 * (1 - accuracy.value))
    assert cost.low == pytest.approx(3 * (1 - accuracy.high))
    assert cost.high == pytest.approx(3 * (1 - accuracy.low))
    dear = binary(cell, Costs(false_positive=3, false_negative=30)).completed("cost_per_row")
    assert dear.low > cost.high


def test_without_enough_history_it_lies_between_all_right_and_all_wrong(cell):
    found = binary(cell, Costs(false_positive=1, false_negative=1), days=3)
    told, other = found.completed("cost_per_row").reason, found.completed("accuracy").reason
    bounds, shares = (
        [float(end) for end in each.split("between ")[1].split(",")[0].split(" and ")]
        for each in (told, other)
    )
    assert bounds == pytest.approx([1 - shares[1], 1 - shares[0]], abs=2e-3)


def test_what_has_no_price_has_no_cost(cell):
    for costs, has in ((Costs(), False), (Costs(false_negative=2), True)):
        found = evaluate("estimate", binary(cell, costs), task="binary_classification")
        assert ("completed_cost_per_row" in found) == has
        assert "completed_recall" in found


def regression(places, spread=2.0):
    """Days that all lack labels, of a regressor whose complete days are alike."""
    random = np.random.default_rng(2)
    rows = np.full((20, 1), 400.0)
    errors = random.normal(1, spread, (20, 400))
    sums = {"absolute": np.abs(errors), "square": errors**2, SIGNED: errors}
    losses = {
        name: Loss(rows, of.sum(axis=1, keepdims=True), (of**2).sum(axis=1, keepdims=True))
        for name, of in sums.items()
    }
    known = Losses(np.array([10.0]), losses, seed=1)
    lacks = [ExpectedLosses(np.array([10.0]), np.array([900.0]), known, 1, 5, place) for place in places]
    return CompletedLosses(dict.fromkeys(sums, (100.0, 120.0)), lacks)


def test_of_a_regressor_it_is_the_price_of_its_mean_error():
    found = RegressionCompleted(regression(range(3)), 2.0, Costs(unit=7))
    cost, mae = found.completed("cost_per_row"), found.completed("mae")
    assert found.priced
    assert not replace(found, costs=Costs()).priced
    assert (cost.value, cost.low, cost.high) == pytest.approx((7 * mae.value, 7 * mae.low, 7 * mae.high))


def test_the_rows_of_several_days_err_independently():
    """The interval of three days of labels to come is that of as many rows on one day."""
    together = regression([0])
    one = replace(together, lacks=[replace(together.lacks[0], rows=3 * together.lacks[0].rows)])
    apart = regression(range(3))
    for name in ("absolute", SIGNED):
        whole, parts = one.mean(name), apart.mean(name)
        assert parts.value == pytest.approx(whole.value)
        assert parts.high - parts.low == pytest.approx(whole.high - whole.low, rel=0.1)
