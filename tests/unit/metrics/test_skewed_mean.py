"""Means of losses of which rare large ones decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.metrics.intervals import normal_mean
from obs_dagster.metrics.skewed_mean import MANY, skewed_mean


def cells(values):
    found, counts = np.unique(values, return_counts=True)
    return counts, counts * found, counts * found**2


def losses(rng, n):
    """Few large ones decide their mean."""
    return np.exp(1.3 * rng.normal(size=n))


def test_means_are_held_where_the_normal_interval_ends_too_low():
    rng = np.random.default_rng(1)
    truth, held = np.exp(1.3**2 / 2), []
    for seed in range(400):
        counts, total, total_sq = cells(losses(rng, 100))
        low, high = skewed_mean(counts, total, total_sq, seed, highest=np.inf)
        below, above = normal_mean(total.sum(), total_sq.sum(), 100, lowest=0.0)
        held.append((low <= truth <= high, below <= truth <= above))
    ours, normal = np.mean(held, axis=0)
    assert normal < 0.92
    assert normal + 0.02 < ours <= 0.98


def test_of_many_rows_it_is_the_normal_interval():
    counts, total, total_sq = cells(losses(np.random.default_rng(2), MANY))
    assert skewed_mean(counts, total, total_sq, 1, highest=np.inf) == normal_mean(
        total.sum(), total_sq.sum(), MANY, lowest=0.0
    )


@pytest.mark.parametrize(("values", "ends"), [([0.5], None), ([0.5, 0.5], (0.5, 0.5))])
def test_what_does_not_vary(values, ends):
    assert skewed_mean(*cells(np.array(values)), 1, highest=1) == ends


def test_the_same_counts_give_the_same_interval():
    few = cells(losses(np.random.default_rng(3), 200))
    first, again, other = (skewed_mean(*few, seed, highest=np.inf) for seed in (1, 1, 2))
    assert first == again != other


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9), st.integers(0, 9))
def test_no_end_is_beyond_what_the_numbers_can_be(values, seed):
    low, high = skewed_mean(*cells(np.array(values)), seed, highest=1.0)
    assert 0 <= low <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= high <= 1
