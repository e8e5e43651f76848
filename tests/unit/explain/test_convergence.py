from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.explain.convergence import is_settled, sizes

TRUE_SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])


def drawn(n, seed, shares=TRUE_SHARES):
    """SHAP values whose sizes are skewed, and of rows that differ in how much they are moved."""
    draw = np.random.default_rng(seed)
    sizes = draw.exponential(size=(n, len(shares))) * shares * draw.gamma(4, 0.25, size=(n, 1))
    return sizes * draw.choice([-1, 1], size=sizes.shape)


def looked_at(values, tolerance):
    """The first size at which the ranking is settled; None if it never is."""
    steps = sizes(len(values))
    return next((n for n in steps if is_settled(values[:n], looks=len(steps), tolerance=tolerance)), None)


@given(st.integers(1, 100_000))
def test_sizes_grow_to_the_largest_and_at_most_double(largest):
    found = sizes(largest)
    assert found[-1] == largest
    assert all(a < b <= 2 * a for a, b in pairwise(found))
    assert len(found) <= 11


def test_a_wider_tolerance_needs_no_more_rows():
    values = drawn(12_800, seed=1)
    needed = [looked_at(values, tolerance) for tolerance in (0.2, 0.1, 0.05, 0.02)]
    assert needed == sorted(needed)
    assert needed[0] < needed[-1]


def test_equal_features_tie_and_do_not_take_for_ever():
    values = drawn(6_400, seed=2, shares=np.array([0.5, 0.5]))
    assert looked_at(values, 0.05) is not None
    assert looked_at(values[:200], 0.001) is None


def test_an_order_that_is_called_is_right():
    """Of 200 days, at most 5 % stop with two features in the wrong order that are not a tie."""
    wrong = 0
    for seed in range(200):
        values = drawn(1600, seed=1000 + seed)
        n = looked_at(values, 0.05) or len(values)
        share = np.abs(values[:n]).sum(axis=0) / np.abs(values[:n]).sum()
        off = np.abs(share - TRUE_SHARES).max() > 0.05
        swapped = any(
            (share[a] < share[b]) and TRUE_SHARES[a] - TRUE_SHARES[b] > 0.05
            for a in range(5)
            for b in range(a + 1, 5)
        )
        wrong += off or swapped
    assert wrong <= 10


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_unit_does_not_matter(factor):
    values = drawn(400, seed=3)
    for n in sizes(400):
        settled = is_settled(values[:n], looks=3, tolerance=0.05)
        assert is_settled(values[:n] * factor, looks=3, tolerance=0.05) == settled


def test_one_row_says_nothing_and_one_feature_has_it_all():
    assert not is_settled(np.ones((1, 3)), looks=1, tolerance=0.5)
    assert is_settled(np.ones((2, 1)), looks=1, tolerance=0.01)


def test_a_model_that_nothing_moves_is_settled():
    assert is_settled(np.zeros((100, 3)), looks=1, tolerance=0.01)


def test_values_that_are_not_finite_count_as_nothing():
    values = drawn(400, seed=3)
    holes = values.copy()
    holes[5, 0], holes[6, 1] = np.nan, np.inf
    values[5, 0] = values[6, 1] = 0
    assert is_settled(holes, looks=1, tolerance=0.1) == is_settled(values, looks=1, tolerance=0.1)
