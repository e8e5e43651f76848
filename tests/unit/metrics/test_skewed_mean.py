"""Means of losses of which rare large ones decide."""

import numpy as np
import pytest

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
        low, high = skewed_mean(counts, total, total_sq, seed)
        below, above = normal_mean(total.sum(), total_sq.sum(), 100, lowest=0.0)
        held.append((low <= truth <= high, below <= truth <= above))
    ours, normal = np.mean(held, axis=0)
    assert normal < 0.92
    assert normal + 0.02 < ours <= 0.98


def test_of_many_rows_it_is_the_normal_interval():
    counts, total, total_sq = cells(losses(np.random.default_rng(2), MANY))
    assert skewed_mean(counts, total, total_sq, 1) == normal_mean(
        total.sum(), total_sq.sum(), MANY, lowest=0.0
    )


@pytest.mark.parametrize(("values", "ends"), [([0.5], None), ([0.5, 0.5], (0.5, 0.5))])
def test_what_does_not_vary(values, ends):
    assert skewed_mean(*cells(np.array(values)), 1) == ends


def test_the_same_counts_give_the_same_interval():
    given = cells(losses(np.random.default_rng(3), 200))
    assert skewed_mean(*given, 1) == skewed_mean(*given, 1) != skewed_mean(*given, 2)
