"""Draws of what labels may be, against the laws that they are of."""

import numpy as np
import pytest
from scipy import stats

from obs_dagster.estimate.draws import binomials, poissons, reach, reaches

MEANS = np.array([0.0, 0.4, 3.0, 9.0, 40.0, 2_500.0])


def test_rows_that_happen_to_be_have_the_moments_of_poisson():
    found = poissons(np.random.default_rng(1), MEANS, 4_000)
    assert found.min() >= 0
    np.testing.assert_allclose(found.mean(axis=0), MEANS, rtol=0.05)
    np.testing.assert_allclose(found.var(axis=0), MEANS, rtol=0.1)
    few = found[:, MEANS < 10]
    np.testing.assert_array_equal(few, np.round(few))
    # where many are expected, the ends are those of the normal law, which is as near as draws tell
    assert stats.kstest(found[:, -1], stats.poisson(2_500).cdf).statistic < 0.03


def test_labels_that_happen_to_be_have_the_moments_of_binomial():
    rows, chance = np.array([5.0, 60.0, 10_000.0]), 0.3
    found = binomials(np.random.default_rng(2), rows, np.full((4_000, 3), chance))
    np.testing.assert_allclose(found.mean(axis=0), rows * chance, rtol=0.02)
    np.testing.assert_allclose(found.var(axis=0), rows * chance * (1 - chance), rtol=0.1)
    assert (found <= rows).all()


def test_reach_is_that_of_quantiles_or_of_the_normal_law_if_that_is_wider():
    rng = np.random.default_rng(3)
    draws = np.stack([rng.normal(size=200), rng.exponential(size=200), np.full(200, 0.5)])
    below, above = reaches(draws, np.median(draws, axis=1))
    for each, down, up in zip(draws, below, above, strict=True):
        low, middle, high = np.quantile(each, (0.025, 0.5, 0.975))
        spread = stats.norm.ppf(0.975) * each.std()
        assert down == pytest.approx(max(middle - low, spread), abs=1e-12)
        assert up == pytest.approx(max(high - middle, spread), abs=1e-12)
        assert reach(each, float(np.median(each))) == pytest.approx((down, up), abs=1e-12)
    # what is drawn off the centre counts, too
    assert reach(draws[2], 0.2) == pytest.approx((0.3, 0.3))


def test_draws_without_a_value_are_left_out_and_nothing_reaches_everywhere():
    draws = np.array([np.nan, 0.4, 0.5, 0.6])
    assert reach(draws, 0.5) == reach(draws[1:], 0.5)
    assert reach(np.full(3, np.nan), 0.5) == (1.0, 1.0)
