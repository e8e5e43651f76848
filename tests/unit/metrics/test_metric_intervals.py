import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from obs_dagster.metrics.bootstrap import REPLICATES, resample, sampling_noise
from obs_dagster.metrics.intervals import (
    distance_band,
    divergence_interval,
    newcombe,
    normal_mean,
    quantiles,
    share,
    wilson,
)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 50), (50, 50), (3, 10), (1, 1000), (123, 456)])
def test_wilson_is_scipys(k, n):
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 10**12), st.floats(0, 1))
def test_wilson_holds_the_share_and_stays_in_range(n, part):
    k = min(n, int(part * n))
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


COUNTS = st.integers(-3, 3) | st.integers(-(2**70), 2**70)
ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(COUNTS | ANY, COUNTS)
def test_wilson_gives_an_interval_for_any_counts(successes, n):
    low, high = wilson(successes, n)
    assert 0 <= low <= high <= 1


@given(COUNTS, COUNTS)
def test_a_share_is_one_or_says_why_not(successes, n):
    found = share(successes, n, reason="no rows")
    if n > 0 and 0 <= successes <= n:
        assert 0 <= found.low <= found.value <= found.high <= 1
    else:
        assert (found.value, found.low, found.high) == (None, None, None)
        assert found.reason
        assert found.n >= 0


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_newcombe_gives_an_interval_for_any_counts(successes, n, baseline_successes, baseline_n):
    low, high = newcombe(successes, n, baseline_successes, baseline_n)
    assert -1 <= low <= high <= 1


@given(ANY, ANY, COUNTS)
def test_a_mean_has_an_interval_or_none(total, total_sq, n):
    found = normal_mean(total, total_sq, n)
    assert found is None or not found[0] > found[1]


@given(st.floats(-1e9, 1e9), st.lists(st.floats(0, 1e9), min_size=2, max_size=5))
def test_a_divergence_has_an_interval_whatever_it_is(value, replicates):
    low, high = divergence_interval(value, np.array(replicates), np.array(replicates) / 2)
    assert not low > high


def test_share_without_rows_says_why():
    assert share(0, 0, reason="no rows").reason == "no rows"


def test_newcombe_gives_the_papers_example():
    # Newcombe 1998, table II, (a): 56/70 - 48/80.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_newcombe_at_the_ends_of_the_range():
    low, high = newcombe(10, 10, 0, 10)
    assert 0 < low < 1
    assert high == 1
    assert newcombe(0, 10, 0, 10) == pytest.approx((-high_of_zero(10), high_of_zero(10)))


def high_of_zero(n):
    return wilson(0, n)[1]


def test_normal_mean_is_the_standard_error_of_the_rows():
    rows = np.random.default_rng(0).exponential(size=500)
    half = 1.959963984540054 * rows.std(ddof=1) / math.sqrt(500)
    expected = (rows.mean() - half, rows.mean() + half)
    assert normal_mean(rows.sum(), (rows**2).sum(), 500) == pytest.approx(expected)


def test_normal_mean_of_one_row_is_unknown():
    assert normal_mean(3.0, 9.0, 1) is None


def test_normal_mean_stops_at_the_lowest_possible_mean():
    assert normal_mean(1.0, 1.0, 10, lowest=0.0)[0] == 0


def test_resampling_repeats_itself_and_keeps_the_size():
    counts = np.array([5, 0, 20, 75])
    first = resample(counts, (1, 2))
    assert first.shape == (REPLICATES, 4)
    assert (first.sum(axis=1) == 100).all()
    assert (first[:, 1] == 0).all()
    assert (first == resample(counts, (1, 2))).all()
    assert (first != resample(counts, (1, 3))).any()
    assert (resample(counts, (1, 2), size=7).sum(axis=1) == 7).all()


def test_resampling_has_the_multinomials_mean_and_variance():
    drawn = np.concatenate([resample(np.array([30, 70]), (seed,)) for seed in range(20)])[:, 0]
    assert drawn.mean() == pytest.approx(30, abs=0.3)
    assert drawn.var() == pytest.approx(21, rel=0.1)


@pytest.mark.parametrize("n", [40, 4_000])
def test_noise_has_the_multinomials_covariances(n):
    shares = np.array([0.1, 0.0, 0.3, 0.6])
    drawn = np.concatenate([sampling_noise((shares * n).astype(int), (seed,)) for seed in range(60)])
    np.testing.assert_allclose(drawn.sum(axis=1), 0, atol=1e-12)
    expected = (np.diag(shares) - np.outer(shares, shares)) / n
    np.testing.assert_allclose(np.cov(drawn.T, bias=True), expected, atol=0.05 / n * 0.25)


def test_noise_repeats_itself():
    counts = np.array([500, 0, 2_000, 7_500])
    first = sampling_noise(counts, (1, 2))
    assert first.shape == (REPLICATES, 4)
    assert (first == sampling_noise(counts, (1, 2))).all()
    assert (first != sampling_noise(counts, (1, 3))).any()


def test_a_band_is_as_wide_as_the_noise_and_the_error():
    noise = np.linspace(0, 1, 101)
    assert distance_band(3.0, noise, error=0.1) == pytest.approx((3 - 1.05, 3 + 1.05))
    assert distance_band(0.2, noise, largest=1.0) == (0, 1)


def test_a_divergence_within_its_noise_reaches_down_to_zero():
    generator = np.random.default_rng(0)
    unmoved = generator.chisquare(9, 4000)
    for value, positive in [(9.0, False), (18.0, False), (25.0, True)]:
        moved = generator.noncentral_chisquare(9, value, 4000)
        low, high = divergence_interval(value, moved, unmoved)
        assert (low > 0) == positive
        assert low <= value <= high


def test_a_divergence_interval_covers_a_noncentral_chi_square():
    generator = np.random.default_rng(0)
    unmoved = generator.chisquare(9, 2000)
    for truth in (0.0, 10.0, 100.0):
        hits = 0
        for value in generator.noncentral_chisquare(9, truth, 400):
            low, high = divergence_interval(value, generator.noncentral_chisquare(9, value, 300), unmoved)
            hits += low <= truth <= high
        assert hits / 400 > 0.9


def test_equal_shares_leave_room_above():
    assert divergence_interval(0.0, np.ones(10), np.ones(10)) == (0.0, 1.0)


@given(
    st.lists(st.floats(-1e300, 1e300) | st.just(float("inf")), min_size=1, max_size=40),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_quantiles_are_numpys_to_the_last_bit(values, levels):
    with np.errstate(all="ignore"):
        expected = np.quantile(np.array(values), levels)
    np.testing.assert_array_equal(quantiles(np.array(values), *levels), expected)


def test_quantiles_of_what_is_not_known_are_not():
    assert np.isnan(quantiles(np.array([1.0, np.nan, 2.0]), 0.1, 0.9)).all()


def test_draws_that_are_remembered_are_those_that_a_generator_of_the_seed_gives():
    counts = np.array([3, 0, 40, 7])
    drawn = resample(counts, (5, 1))
    expected = np.random.default_rng((5, 1)).multinomial(50, counts / 50, size=REPLICATES)
    np.testing.assert_array_equal(drawn, expected)
    assert resample(counts.astype(np.int32), (5, 1)) is drawn
    assert not np.array_equal(resample(counts, (5, 2)), drawn)
    assert resample(counts, (5, 1), size=10).sum(axis=1).tolist() == [10] * REPLICATES
    with pytest.raises(ValueError, match="read-only"):
        drawn[0, 0] = 1
