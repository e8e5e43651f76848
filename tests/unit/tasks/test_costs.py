"""What errors cost per row: the sum of their prices, and how sure it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.tasks.costs import NO_PRICES, cost_of_errors


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=5),
    st.lists(st.floats(0, 1e3), min_size=5, max_size=5),
    st.integers(0, 2_000),
)
def test_it_is_the_mean_of_the_rows_prices(errors, prices, right):
    counts, prices = np.array(errors), np.array(prices[: len(errors)])
    n = int(counts.sum()) + right
    found = cost_of_errors(counts, prices, n)
    if n == 0 or not prices.any():
        assert found.value is None
        assert found.reason == ("no labels" if n == 0 else NO_PRICES)
        return
    rows = np.concatenate([np.repeat(prices, counts), np.zeros(right)])
    assert found.value == pytest.approx(rows.mean())
    assert 0 <= found.low <= found.value <= found.high
    assert found.n == n


@pytest.mark.parametrize("rows", [100, 1_000])
@pytest.mark.parametrize(
    ("shares", "prices"), [((0.1, 0.05), (1, 10)), ((0.3, 0.2, 0.1), (5, 1, 2)), ((0.02, 0.2), (20, 1))]
)
def test_its_interval_covers_the_true_cost_as_often_as_it_says(rows, shares, prices):
    random = np.random.default_rng(1)
    prices = np.array(prices, dtype=float)
    true = float(prices @ np.array(shares))
    drawn = random.multinomial(rows, [*shares, 1 - sum(shares)], size=2_000)[:, :-1]
    held = [each.low <= true <= each.high for each in (cost_of_errors(row, prices, rows) for row in drawn)]
    assert 0.93 <= np.mean(held) <= 0.975
