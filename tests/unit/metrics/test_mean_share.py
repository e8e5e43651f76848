"""The score interval of a mean of shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from obs_dagster.metrics.mean_share import mean_share

_GROUPS = st.lists(
    st.integers(1, 3_000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (999_999, 1_000_000)])
def test_of_one_group_it_is_wilsons(hits, rows):
    low, high = mean_share(np.array([hits]), np.array([rows]), np.array([1.0]))
    wilson = binomtest(hits, rows).proportion_ci(method="wilson")
    assert low == pytest.approx(wilson.low, abs=1e-9)
    assert high == pytest.approx(wilson.high, abs=1e-9)


@given(_GROUPS)
def test_it_holds_the_observed_mean_and_mirrors_with_its_complement(groups):
    hits, rows = (np.array(each) for each in zip(*groups, strict=True))
    weights = np.full(len(rows), 1 / len(rows))
    low, high = mean_share(hits, rows, weights)
    assert -1e-9 <= low <= float(weights @ (hits / rows)) <= high <= 1 + 1e-9
    assert high > low
    mirrored = mean_share(rows - hits, rows, weights)
    assert np.allclose(mirrored, (1 - high, 1 - low), atol=1e-7)


def test_groups_of_one_share_and_weights_by_rows_are_as_one_group():
    rows = np.array([100, 400, 1_500])
    low, high = mean_share(rows // 10, rows, rows / rows.sum())
    wilson = binomtest(200, 2_000).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((wilson.low, wilson.high), abs=1e-9)


@pytest.mark.parametrize("mistakes", [(0.002, 0.003, 0.003, 0.004), (0.0005, 0.001, 0.003, 0.008)])
def test_it_holds_the_truth_where_groups_have_hardly_a_mistake(mistakes):
    random, chances = np.random.default_rng(5), np.array(mistakes)
    rows, weights = np.array([339, 271, 217, 173]), np.full(4, 0.25)
    truth, samples = 1 - chances.mean(), 600
    held = 0
    for _ in range(samples):
        low, high = mean_share(rows - random.binomial(rows, chances), rows, weights)
        held += low <= truth <= high
    assert 0.935 <= held / samples <= 0.985


def test_groups_without_a_mistake_of_any_size_have_an_interval():
    random = np.random.default_rng(3)
    for _ in range(300):
        rows = random.integers(1, 40, 4)
        low, high = mean_share(rows - (random.random(4) < 0.2), rows, np.full(4, 0.25))
        assert 0.0 < low < high <= 1.0
