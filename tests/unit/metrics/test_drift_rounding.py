"""The error of statistics on binned deciles, against the exact deciles of the raw rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import chebyshev, jensenshannon
from scipy.stats import chi2_contingency

from obs_dagster.metrics.drift.chi_square import UNKNOWABLE
from obs_dagster.profile.distribution import NumericCounts
from tests.evaluated import evaluate_drift

STATISTICS = ("psi", "jensen_shannon", "l_infinity", "chi_square")
CLOSE = 1e-9


def binned(values, width, exact=()):
    """Counts on equal bins, save for the values that are counted exactly."""
    values = np.asarray(values, float)
    single = np.isin(values, exact)
    keys, rows = np.unique(np.floor(values[~single] / width), return_counts=True)
    points, single_rows = np.unique(values[single], return_counts=True)
    points = np.concatenate([(keys + 0.5) * width, points])
    order = np.argsort(points)
    widths = np.where(np.arange(len(points)) < len(keys), width, 0.0)
    return NumericCounts(points[order], widths[order], np.concatenate([rows, single_rows])[order])


def evaluate(baseline, current):
    return evaluate_drift(baseline, current, seed=1, statistics=STATISTICS)


def on_exact_deciles(baseline, current):
    """The statistics by numpy and scipy; the baseline has 20, 30 … distinct values."""
    edges = np.sort(baseline)[len(baseline) // 10 * np.arange(1, 10) - 1]
    table = np.array(
        [np.bincount(np.searchsorted(edges, side), minlength=10) for side in (baseline, current)]
    )
    p, q = table / table.sum(axis=1, keepdims=True)
    filled_p, filled_q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return {
        "psi": ((filled_q - filled_p) * np.log(filled_q / filled_p)).sum(),
        "jensen_shannon": jensenshannon(p, q, base=2),
        "l_infinity": chebyshev(p, q),
        "chi_square": chi2_contingency(table, correction=False).pvalue,
    }


def check(found, exact):
    for name, estimate in found.items():
        if estimate.value is None:
            assert (name, estimate.reason) == ("chi_square", UNKNOWABLE)
        else:
            assert abs(estimate.value - exact[name]) <= estimate.error + CLOSE, name


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.tuples(st.integers(2, 60), st.integers(1, 600)),
    moved=st.floats(-2, 2),
    spread=st.floats(0.1, 3),
    width=st.floats(0.001, 3),
)
def test_exact_deciles_lie_within_the_error(seed, sizes, moved, spread, width):
    generator = np.random.default_rng(seed)
    baseline, current = generator.normal(size=10 * sizes[0]), generator.normal(moved, spread, sizes[1])
    check(evaluate(binned(baseline, width), binned(current, width)), on_exact_deciles(baseline, current))


values = st.lists(st.sampled_from([k / 8 for k in range(-24, 25)]), min_size=1, max_size=80)


@settings(max_examples=100, deadline=None)
@given(values, values, st.sets(st.sampled_from([k / 8 for k in range(-24, 25)])), st.floats(0.05, 4))
def test_ties_and_values_inside_of_bins_lie_within_the_error(raw, baseline, current, exact, width):
    found = evaluate(binned(baseline, width, list(exact)), binned(current, width, list(exact)))
    counted = evaluate(raw.by_value(baseline), raw.by_value(current))
    check(found, {name: estimate.value for name, estimate in counted.items()})


@pytest.mark.parametrize("lies", [1.01, 1.99])
def test_the_error_is_what_rows_at_one_end_of_a_bin_would_change(raw, lies):
    # The first decile ends in the middle of the bin from 1 to 2, with half of the bin's baseline; all of its
    # current rows lie on one side of that.
    baseline = np.concatenate([np.linspace(0.1, 0.9, 90), np.linspace(1.1, 1.9, 20), 2 + np.arange(890) / 10])
    current = np.concatenate([np.linspace(0.1, 0.9, 90), np.full(80, lies), 2 + np.arange(830) / 10])
    found = evaluate(binned(baseline, 1.0), binned(current, 1.0))["l_infinity"]
    exact = evaluate(raw.by_value(baseline), raw.by_value(current))["l_infinity"]
    assert 0.005 < abs(found.value - exact.value) <= found.error < 0.1


def test_a_tie_that_its_middle_takes_across_the_cut_is_within_the_error(raw):
    # Eight rows lie in the bin from 1 to 2, of which the first decile ends after five. Six of them are one
    # value, whose middle is beyond that: no more than two stay below, and the error is not a row too large.
    rest = 2 + np.arange(87) / 10
    baseline = np.concatenate([np.linspace(0.1, 0.9, 5), [1.1, 1.2], np.full(6, 1.5), rest])
    current = np.concatenate([np.linspace(0.1, 0.9, 87), rest])
    found = evaluate(binned(baseline, 1.0, rest), binned(current, 1.0, rest))["l_infinity"]
    exact = evaluate(raw.by_value(baseline), raw.by_value(current))["l_infinity"]
    assert found.value == pytest.approx(0.5 - 0.13)
    assert exact.value == pytest.approx(0.5 - 0.07)
    assert found.error == pytest.approx(0.06)


def test_the_rows_of_a_bin_may_be_on_either_side_of_a_value_inside_of_it(raw):
    # 0.9 is counted exactly and comes after the bin from 0 to 1, whose rows are all beyond it: by rows, the
    # value is in the first decile and the bin's rows are in the second, by bins it is the other way round.
    rest = 2 + np.arange(86) / 10
    baseline = np.concatenate([np.full(5, -1.5), np.full(3, 0.9), np.full(6, 0.95), rest])
    current = np.concatenate([np.full(60, 0.9), rest])
    single = [0.9, *rest]
    found = evaluate(binned(baseline, 1.0, single), binned(current, 1.0, single))
    exact = evaluate(raw.by_value(baseline), raw.by_value(current))
    check(found, {name: estimate.value for name, estimate in exact.items()})
    assert abs(found["psi"].value - exact["psi"].value) > 0.1


@pytest.mark.parametrize("moved", [0, 0.1, 0.4])
def test_intervals_hold_those_of_the_exact_deciles(raw, moved):
    generator = np.random.default_rng(3)
    baseline, current = generator.lognormal(size=5_000), generator.lognormal(moved, 1, 2_000)
    found = evaluate(binned(baseline, 0.02), binned(current, 0.02))
    exact = on_exact_deciles(baseline, current)
    check(found, exact)
    for name in ("psi", "jensen_shannon", "l_infinity"):
        bare = evaluate(raw.by_value(baseline), raw.by_value(current))[name]
        assert found[name].high - found[name].low > bare.high - bare.low
        assert found[name].low <= exact[name] <= found[name].high


def test_finer_bins_have_a_smaller_error():
    generator = np.random.default_rng(4)
    baseline, current = generator.normal(size=10_000), generator.normal(0.2, 1, 5_000)
    coarse, fine = (evaluate(binned(baseline, width), binned(current, width)) for width in (0.05, 0.005))
    for name in ("psi", "jensen_shannon", "l_infinity"):
        assert 0 < fine[name].error < coarse[name].error / 4
    assert fine["psi"].error < 0.25 * fine["psi"].value


def test_no_error_where_the_deciles_end_at_edges_of_bins():
    # Bins of one row each, with the current rows in other bins than those at the cuts.
    baseline = np.arange(100) + 0.5
    current = np.concatenate([np.arange(10 * k + 2, 10 * k + 8) + 0.5 for k in range(10)])
    found = evaluate(binned(baseline, 1.0), binned(current, 1.0))
    assert all(estimate.value is not None for estimate in found.values())
    assert {name: estimate.error for name, estimate in found.items()} == dict.fromkeys(STATISTICS, 0.0)


def test_no_error_by_value_and_of_categories(raw):
    generator = np.random.default_rng(5)
    numbers = evaluate(raw.by_value(generator.poisson(4, 3_000)), raw.by_value(generator.poisson(5, 700)))
    names = [
        generator.choice(list("abc"), n, p=p) for n, p in ((500, [0.5, 0.3, 0.2]), (90, [0.2, 0.4, 0.4]))
    ]
    categories = evaluate(*map(raw.categories, names))
    assert {estimate.error for found in (numbers, categories) for estimate in found.values()} == {0.0}


def test_a_heavy_value_inside_of_a_bin_keeps_its_bin():
    # Two fifths lie at 0.05, in the middle of a bin whose other rows may be on either side of it.
    generator = np.random.default_rng(6)
    sides = [np.where(generator.random(n) < 0.4, 0.05, generator.normal(size=n)) for n in (10_000, 4_000)]
    found = evaluate(*(binned(side, 0.02, [0.05]) for side in sides))
    assert 0 < found["psi"].error < 0.05
    assert found["l_infinity"].error < 0.05


def test_a_bin_that_holds_all_rows_says_that_nothing_is_known():
    found = evaluate(binned([0.1, 0.2], 1.0), binned([0.7, 0.8], 1.0))
    assert found["l_infinity"].error == found["jensen_shannon"].error == 1
    assert (found["chi_square"].value, found["chi_square"].reason) == (None, UNKNOWABLE)
    assert found["psi"].error > 10
