"""Noise of differential privacy: its distribution, how far counts are off, and what is made of them."""

import math

import numpy as np
import opendp.prelude as dp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from obs_dagster.federation.noise import Noise, consistent, drawn_noise

#: One run in a billion finds a fault where there is none: this noise cannot be seeded.
_SURE = 1e-9


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 1.0, 3.0])
def test_the_noise_is_distributed_as_scipy_has_it(epsilon):
    noise = Noise(epsilon)
    expected = stats.dlaplace(epsilon)
    assert noise.variance == pytest.approx(expected.var(), rel=1e-9)
    drawn = drawn_noise(np.full(20_000, 1_000, dtype=np.int64), noise) - 1_000
    most = noise.within(0.98)
    places = np.clip(drawn, -most - 1, most + 1)
    values = np.arange(-most - 1, most + 2)
    odds = expected.pmf(values)
    odds[0], odds[-1] = expected.cdf(-most - 1), expected.sf(most)
    counts = np.array([(places == value).sum() for value in values])
    # bins of few expected counts together
    group = np.minimum(np.cumsum(odds * len(drawn)) // 50, 40).astype(int)
    observed, wanted = (np.bincount(group, weights=each) for each in (counts, odds * len(drawn)))
    kept = wanted > 5
    assert (
        stats.chisquare(observed[kept], wanted[kept] * observed[kept].sum() / wanted[kept].sum()).pvalue
        > _SURE
    )


@given(st.floats(0.01, 8.0), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_a_share_of_counts_is_off_by_no_more_than_it_says(epsilon, share):
    law, within = stats.dlaplace(epsilon), Noise(epsilon).within(share)

    def covered(k):
        return law.cdf(k) - law.cdf(-k - 1)

    assert covered(within) >= share - 1e-9
    assert within == 0 or covered(within - 1) < share + 1e-9


@pytest.mark.parametrize("epsilon", [0.01, 0.2, 1.0])
def test_opendp_states_the_same_accuracy_and_privacy(epsilon):
    noise = Noise(epsilon)
    accuracy = dp.discrete_laplacian_scale_to_accuracy(noise.scale, 0.05)
    # that counts are less off than the accuracy, of whole numbers
    assert math.ceil(accuracy) - 1 == noise.within(0.95)
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    assert dp.m.make_laplace(*space, scale=noise.scale).map(1) == pytest.approx(epsilon, rel=1e-9)


@given(st.lists(st.integers(-60, 400), min_size=1, max_size=30), st.integers(0, 2_000))
def test_counts_are_made_to_fit_as_near_as_can_be(noised, total):
    counts = np.array(noised, dtype=np.int64)
    found = consistent(counts, total)
    assert found.sum() == total
    assert (found >= 0).all()
    if total and len(counts) > 1:
        # the exact projection: the level below which everything is cut off
        level = optimize.brentq(
            lambda each: np.maximum(counts - each, 0).sum() - total,
            counts.min() - total - 1.0,
            counts.max() + 1.0,
        )
        assert (np.abs(found - np.maximum(counts - level, 0)) < 1.0 + 1e-6).all()


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_counts_that_fit_stay_what_they_are(counts):
    assert consistent(np.array(counts), sum(counts)).tolist() == counts
