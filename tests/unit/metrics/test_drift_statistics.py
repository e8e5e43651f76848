"""Every drift statistic against scipy on the raw rows."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import chebyshev, jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from obs_dagster.metrics.drift.alignment import align_points, deciles
from obs_dagster.metrics.drift.chi_square import chi_square, p_value
from obs_dagster.metrics.drift.comparison import shares
from obs_dagster.metrics.drift.jensen_shannon import jensen_shannon_divergence
from obs_dagster.metrics.drift.ks import ks, largest_gap
from obs_dagster.metrics.drift.l_infinity import l_infinity
from obs_dagster.metrics.drift.psi import psi
from obs_dagster.metrics.drift.wasserstein import wasserstein
from obs_dagster.metrics.registry import MetricError
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import SCHEMA, Profile
from tests.evaluated import evaluate_drift


def profiled_scores(values):
    """The counts of scores as a profile of them has them."""
    edges = ScoreGrid().edges(np.arange(ScoreGrid().bins))[0]
    bins = np.maximum(np.searchsorted(edges, values, side="right") - 1, 0)
    rows = [
        {"kind": "bin", "key": float(key), "n": len(held), "minimum": held.min(), "maximum": held.max()}
        for key in np.unique(bins)
        for held in [values[bins == key]]
    ]
    shared = {"version": "1", "segment": "*", "column": "score"}
    table = pa.Table.from_pylist([shared | row for row in rows], schema=SCHEMA)
    return Profile(table, Grids({"score": ScoreGrid()})).counts("1", "*", "score")


SHAPES = {
    "normal": lambda g, n, moved: g.normal(0.2 * moved, 1 + 0.1 * moved, n),
    "lognormal": lambda g, n, moved: g.lognormal(0.1 * moved, 1, n),
    "pareto": lambda g, n, moved: g.pareto(2.5, n) * (1 + 0.2 * moved) + 1,
    "uniform": lambda g, n, moved: g.uniform(0.05 * moved, 1, n),
    "narrow far from zero": lambda g, n, moved: 1e6 + g.normal(0.1 * moved, 1, n),
    "two spikes": lambda g, n, moved: (
        g.choice([0.0, 1000.0], n, p=[0.6 - 0.1 * moved, 0.4 + 0.1 * moved]) + g.normal(0, 0.1, n)
    ),
}


@pytest.fixture(params=sorted(SHAPES), scope="module")
def pair(request):
    generator = np.random.default_rng(7)
    make = SHAPES[request.param]
    return make(generator, 20_000, 0), make(generator, 5_000, 1)


def drift(raw, baseline, current, **options):
    return evaluate_drift(raw.on_grid(baseline, baseline), raw.on_grid(current, baseline), seed=1, **options)


def test_ks_is_scipys_within_its_error(raw, pair):
    estimate = drift(raw, *pair)["ks"]
    exact = ks_2samp(*pair).statistic
    assert abs(estimate.value - exact) <= estimate.error + 1e-12
    assert estimate.low <= exact <= estimate.high


def test_wasserstein_is_scipys_within_its_error(raw, pair):
    estimate = drift(raw, *pair)["wasserstein"]
    exact = wasserstein_distance(*pair) / pair[0].std()
    assert abs(estimate.value - exact) <= estimate.error
    assert estimate.error < 0.02
    assert estimate.low <= exact <= estimate.high


def test_values_counted_exactly_have_no_error(raw):
    generator = np.random.default_rng(3)
    baseline, current = generator.poisson(4, 3_000) * 1.0, generator.poisson(4.3, 700) * 1.0
    found = evaluate_drift(raw.by_value(baseline), raw.by_value(current), seed=0)
    assert found["ks"].value == pytest.approx(ks_2samp(baseline, current).statistic, abs=1e-12)
    exact = wasserstein_distance(baseline, current) / baseline.std()
    assert found["wasserstein"].value == pytest.approx(exact)
    assert all(estimate.error == 0 for estimate in found.values())


def test_bin_statistics_are_those_of_the_raw_rows_on_exact_deciles(raw):
    generator = np.random.default_rng(5)
    baseline, current = generator.lognormal(size=10_000), generator.lognormal(0.1, 1.1, 4_000)
    edges = np.quantile(baseline, np.linspace(0, 1, 11))
    edges[[0, -1]] = -np.inf, np.inf
    b, c = np.histogram(baseline, edges)[0], np.histogram(current, edges)[0]
    p, q = b / b.sum(), c / c.sum()
    found = drift(raw, baseline, current)
    assert found["psi"].value == pytest.approx(((q - p) * np.log(q / p)).sum(), abs=2e-3)
    assert found["jensen_shannon"].value == pytest.approx(jensenshannon(p, q, base=2), abs=3e-3)
    assert found["l_infinity"].value == pytest.approx(np.abs(q - p).max(), abs=3e-3)
    assert all(0 < found[name].error < 0.02 for name in ("psi", "jensen_shannon", "l_infinity"))


def test_categories_are_compared_value_by_value(raw):
    baseline = ["a"] * 500 + ["b"] * 300 + ["c"] * 200 + [None] * 50
    current = ["a"] * 40 + ["b"] * 50 + ["d"] * 10 + [None] * 100
    found = evaluate_drift(raw.categories(baseline), raw.categories(current), seed=0)
    table = np.array([[500, 300, 200, 0], [40, 50, 0, 10]])
    p, q = table / table.sum(axis=1, keepdims=True)
    filled_p, filled_q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    # what peers compute has tests of its own
    assert {name for name in found if "." not in name} == {
        "psi",
        "jensen_shannon",
        "chi_square",
        "l_infinity",
        "missing_share",
        "missing_drift",
        "mode_share",
        "new_value_share",
        "design_effect",
        "drift_p_value",
        "drift_evidence",
        "break_evidence",
    }
    assert found["psi"].value == pytest.approx(((filled_q - filled_p) * np.log(filled_q / filled_p)).sum())
    assert found["jensen_shannon"].value == pytest.approx(jensenshannon(p, q, base=2))
    assert found["l_infinity"].value == pytest.approx(chebyshev(p, q))
    assert found["chi_square"].value == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert found["missing_share"].value == pytest.approx(0.5)
    assert found["mode_share"].value == pytest.approx(0.5)
    assert found["missing_drift"].value == pytest.approx(0.5 - 50 / 1050)
    assert found["psi"].n == 100
    assert found["missing_drift"].n == 200


def test_chi_square_is_scipys():
    table = np.array([[12, 40, 3, 0, 9], [30, 35, 1, 0, 22]])
    used = table[:, [0, 1, 2, 4]]
    expected = chi2_contingency(used, correction=False)
    statistic, degrees = chi_square(*table)
    assert (statistic, degrees) == (pytest.approx(expected.statistic), expected.dof)
    assert p_value(statistic, degrees) == pytest.approx(expected.pvalue)


def test_psi_is_evidentlys_share_fill():
    # 0.0001 in place of an empty share: (0.5 - 0.0001) ln(0.5 / 0.0001), on both sides.
    assert psi(np.array([10, 0]), np.array([5, 5])) == pytest.approx(
        0.5 * np.log(2) + (0.5 - 1e-4) * np.log(0.5 / 1e-4)
    )


def test_deciles_hold_a_tenth_each_and_everything_beyond_the_range(raw):
    baseline = np.random.default_rng(0).normal(size=50_000)
    current = np.concatenate([np.full(30, -1e6), np.full(20, 1e6), baseline[:100]])
    bins = deciles(align_points(raw.on_grid(baseline, baseline), raw.on_grid(current, baseline)))
    assert len(bins.baseline) == 10
    assert np.abs(bins.baseline / 50_000 - 0.1).max() < 0.005
    assert bins.current[0] >= 30
    assert bins.current[-1] >= 20
    assert bins.current.sum() == 150


def test_a_heavy_value_is_a_bin_of_its_own(raw):
    generator = np.random.default_rng(0)
    baseline = np.where(generator.random(10_000) < 0.3, 0.0, generator.integers(-50, 50, 10_000))
    zeros = int((baseline == 0).sum())
    bins = deciles(align_points(raw.by_value(baseline), raw.by_value(baseline)))
    assert zeros in bins.baseline
    assert sorted(bins.baseline)[-2] < 1_500


def test_a_value_between_two_heavy_ones_that_is_new_is_seen(raw):
    bins = deciles(
        align_points(
            raw.by_value([0.0] * 50 + [1.0] * 50), raw.by_value([0.0] * 40 + [0.5] * 10 + [1.0] * 50)
        )
    )
    assert bins.baseline.tolist() == [50, 0, 50]
    assert bins.current.tolist() == [40, 10, 50]


def test_a_huge_range_does_not_overflow(raw):
    baseline = np.array([-1.5e308, -1.0, 0.0, 1.0, 1.5e308])
    counts = raw.by_value(np.array([0.0, 1.0]))
    with np.errstate(over="ignore"):
        wide = raw.by_value(baseline)
    found = evaluate_drift(wide, counts, seed=0)
    assert 0 < found["wasserstein"].value < 1
    assert found["ks"].value == pytest.approx(ks_2samp(baseline, [0.0, 1.0]).statistic)


counts = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any).map(np.array)


@given(counts, counts)
def test_symmetry_bounds_and_zero_on_the_same(b, c):
    points = np.array([0.0, 1.0, 5.0, 6.0])
    for statistic, largest in [
        (psi, np.inf),
        (jensen_shannon_divergence, 1),
        (lambda x, y: largest_gap(shares(y) - shares(x)), 1),
        (l_infinity, 1),
        (lambda x, y: wasserstein(x, y, points), 6),
    ]:
        value = float(statistic(b, c))
        assert 0 <= value <= largest + 1e-12
        assert value == pytest.approx(float(statistic(c, b)), abs=1e-12)
        assert float(statistic(b, b)) == pytest.approx(0, abs=1e-12)
        assert float(statistic(7 * b, 3 * b)) == pytest.approx(0, abs=1e-12)


@given(counts, counts)
def test_a_batch_is_its_rows(b, c):
    for statistic in (psi, jensen_shannon_divergence):
        batch = statistic(np.stack([b, c, b]), np.stack([c, c, b]))
        assert batch == pytest.approx([float(statistic(b, c)), 0.0, 0.0], abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_values_is_irrelevant(order):
    sizes = {"a": 5, "b": 50, "c": 20, "d": 25}
    baseline = CategoryCounts({"a": 100, "b": 400, "c": 200, "e": 10})
    shuffled = CategoryCounts({value: sizes[value] for value in order})
    assert evaluate_drift(baseline, shuffled, seed=5) == evaluate_drift(
        baseline, CategoryCounts(sizes), seed=5
    )


def test_the_same_seed_gives_the_same_night_whatever_else_is_asked_for(raw, pair):
    everything = drift(raw, *pair)
    assert everything == drift(raw, *pair)
    for name, estimate in everything.items():
        assert drift(raw, *pair, statistics=[name]) == {name: estimate}


def test_an_unknown_statistic_names_the_nearest(raw):
    with pytest.raises(MetricError, match="wasserstein"):
        evaluate_drift(None, raw.by_value([1.0]), seed=0, statistics=["wassertein"])
    with pytest.raises(MetricError, match="precision"):
        evaluate_drift(None, raw.by_value([1.0]), seed=0, statistics=["precision"])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 5, 30]), st.booleans())
def test_ks_is_right_within_its_error_where_bins_hold_values_counted_exactly(seed, width, swapped):
    rng = np.random.default_rng(seed)
    # rows of one side are counted by value, of the other in bins around these values
    levels = np.arange(8) * 10.0
    rows = [rng.choice(levels, 60), rng.choice(levels, 40) + rng.uniform(-width / 2, width / 2, 40)]
    edges = np.arange(-40, 120, width) - width / 2
    found = np.searchsorted(edges, rows[1], side="right") - 1
    bins, counted = np.unique(found, return_counts=True)
    values, n = np.unique(rows[0], return_counts=True)
    sides = [
        NumericCounts(values, np.zeros(len(values)), n),
        NumericCounts((edges[bins] + edges[bins + 1]) / 2, np.full(len(bins), float(width)), counted),
    ]
    seen, error = ks(align_points(*(sides[::-1] if swapped else sides)))
    exact = ks_2samp(*rows).statistic
    assert seen - 1e-9 <= exact <= seen + error + 1e-9


def test_ks_knows_that_rows_near_a_value_may_lie_on_either_side_of_it():
    baseline = NumericCounts(np.array([0.1, 0.2]), np.zeros(2), np.array([50, 50]))
    current = NumericCounts(
        np.array([0.1, 0.2]),
        np.zeros(2),
        np.array([50, 50]),
        near=np.array([30, 0]),
        reach=np.array([1e-8, 0.0]),
    )
    assert ks(align_points(baseline, current)) == pytest.approx((0.0, 0.3))
    assert evaluate_drift(baseline, current, seed=0)["psi"].value == 0


def test_a_value_counted_exactly_stays_apart_from_a_bin_that_it_is_the_centre_of():
    baseline = NumericCounts(np.array([1.0, 1.0, 3.0]), np.array([2.0, 0.0, 2.0]), np.array([4, 5, 6]))
    current = NumericCounts(np.array([1.0, 3.0]), np.array([0.0, 2.0]), np.array([7, 8]))
    aligned = align_points(baseline, current)
    assert (aligned.points * aligned.scale).tolist() == [1.0, 1.0, 3.0]
    assert (aligned.widths * aligned.scale).tolist() == [0.0, 2.0, 2.0]
    assert aligned.baseline.tolist() == [5, 4, 6]
    assert aligned.current.tolist() == [7, 0, 8]


def category_psi(baseline, current):
    values = sorted({*baseline, *current})
    p, q = (
        np.array([list(side).count(value) for value in values]) / len(side) for side in (baseline, current)
    )
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return float(((q - p) * np.log(q / p)).sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_what_too_many_categories_could_change_is_the_stated_error(seed, kept, moved):
    rng = np.random.default_rng(seed)
    words = [f"w{number:02d}" for number in range(40)]
    shares = rng.dirichlet(np.ones(40))
    base = rng.choice(words, 500, p=shares).tolist()
    today = rng.choice(words, 300, p=np.roll(shares, 7) if moved else shares).tolist()

    def counts(rows):
        most = Counter(rows).most_common()
        left = [n for _, n in most[kept:]]
        return CategoryCounts(dict(most[:kept]), rest=sum(left), most=max(left, default=0))

    sides = counts(base), counts(today)
    assert [side.n for side in sides] == [500, 300]
    found = evaluate_drift(*sides, seed=0)
    assert abs(found["psi"].value - category_psi(base, today)) <= found["psi"].error + 1e-9
    p, q = (np.array([rows.count(word) for word in words]) / len(rows) for rows in (base, today))
    expected = {"jensen_shannon": jensenshannon(p, q, base=2), "l_infinity": chebyshev(p, q)}
    for name, value in expected.items():
        assert abs(found[name].value - value) <= found[name].error + 1e-9
    if any(side.rest for side in sides):
        assert "too many values" in found["chi_square"].reason


@pytest.mark.parametrize("statistic", ["psi", "jensen_shannon", "l_infinity", "ks"])
def test_no_error_reaches_beyond_what_the_statistic_can_be(raw, statistic):
    rng = np.random.default_rng(3)
    baseline = rng.normal(size=400)
    found = drift(raw, baseline, np.concatenate([rng.normal(5, 0.01, 300)]))[statistic]
    largest = {"psi": 2 * (1 - 1e-4) * np.log(1e4)}.get(statistic, 1.0)
    assert found.value + found.error <= max(largest, 2 * found.value) + 1e-9
    assert found.high <= largest + 1e-9


@pytest.mark.parametrize("levels", [(0.1, 0.25, 0.5, 0.75, 0.9), (0.0, 0.5, 1.0), (0.2,)])
@pytest.mark.parametrize("noisy", [(False, True), (True, False), (True, True)])
def test_noise_does_not_make_other_scores_of_a_few_levels(levels, noisy):
    rng = np.random.default_rng(3)
    rows = [rng.choice(levels, 4000) for _ in noisy]
    noise = [rng.normal(0, 1e-9, 4000) if has else 0.0 for has in noisy]
    found = evaluate_drift(
        *(profiled_scores(np.clip(kept + off, 0, 1)) for kept, off in zip(rows, noise, strict=True)), seed=0
    )
    expected = evaluate_drift(*(profiled_scores(kept) for kept in rows), seed=0)
    for name in ("psi", "jensen_shannon", "l_infinity"):
        assert found[name].value == pytest.approx(expected[name].value, abs=1e-9)
        assert found[name].error < 0.01


def test_scores_in_32_bits_are_those_in_64_bits():
    rng = np.random.default_rng(8)
    values = np.arange(1, 100) / 100
    n = [rng.integers(1, 50, len(values)) for _ in range(2)]
    stored = values.astype(np.float32).astype(float)
    sides = [NumericCounts(kept, np.zeros(99), rows) for kept, rows in zip((values, stored), n, strict=True)]
    equal = [NumericCounts(values, np.zeros(99), rows) for rows in n]
    for pair, same in ((sides, equal), (sides[::-1], equal[::-1])):
        found, expected = evaluate_drift(*pair, seed=0), evaluate_drift(*same, seed=0)
        for name in ("psi", "ks", "jensen_shannon", "l_infinity", "chi_square"):
            assert found[name].value == pytest.approx(expected[name].value, rel=1e-9)
        on_rows = ks_2samp(*(np.repeat(side.points, side.counts) for side in pair)).statistic
        assert found["ks"].value - 1e-9 <= on_rows <= found["ks"].value + found["ks"].error + 1e-9
