import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from obs_dagster.errors import LakeError
from obs_dagster.metrics.drift.alignment import align_points
from obs_dagster.metrics.drift.ks import ks
from obs_dagster.profile.distribution import OTHER
from obs_dagster.profile.grids.fit import MOST_FIRST_CELLS, fit_grids, with_new_cells
from obs_dagster.profile.grids.grid import AsinhGrid, CategoryGrid, Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows
from tests.evaluated import evaluate_drift

COLUMNS = ("temp", "hour", "carrier", "vip")
CHANGES = {
    "features": {
        "temp": {"type": "number"},
        "hour": {"type": "integer"},
        "carrier": {"type": "category"},
        "vip": {"type": "boolean"},
    },
    "segments": ["carrier", "vip", ["carrier", "vip"]],
}


def lazy(frame):
    table = (
        frame
        if isinstance(frame, pa.Table)
        else pa.Table.from_pandas(frame, preserve_index=False, safe=False)
    )
    connection = duckdb.connect()
    return nw.from_native(connection.from_arrow(table))


def rows_of(n, seed, *, dirt=True):
    rng = np.random.default_rng(seed)
    temp = rng.normal(10, 5, n)
    if dirt:
        for value in (np.nan, np.inf, -np.inf, -0.0, 0.0):
            temp[rng.integers(0, n, n // 20 + 1)] = value
    nulls = rng.random(n) < 0.1
    return pa.table(
        {
            "model": pa.array(rng.choice(["1", "2"], n)),
            "score": pa.array(rng.uniform(size=n)),
            "prediction": pa.array(rng.random(n) < 0.5),
            "temp": pa.array(temp, mask=nulls if dirt else None),
            "hour": pa.array(rng.integers(0, 24, n), mask=nulls),
            "carrier": pa.array(
                rng.choice(["AA", "ü=,%", "", "日本"], n).astype(object), mask=~nulls & (temp > 15)
            ),
            "vip": pa.array(rng.random(n) < 0.3),
        }
    )


@pytest.fixture
def monitor(small):
    return small(**CHANGES).monitor


@pytest.fixture
def grids(monitor):
    return fit_grids(lazy(rows_of(2000, 99, dirt=False)), monitor)


def cells(rows):
    """Every cell by name, with its rows."""
    carrier = [None if value is None else value for value in rows["carrier"].to_pylist()]
    vip = rows["vip"].to_pylist()
    names = {None: "(null)", "ü=,%": "ü%3D%2C%25"}
    found = {}
    for number, (one, two) in enumerate(zip(carrier, vip, strict=True)):
        first, second = f"carrier={names.get(one, one)}", f"vip={str(two).lower()}"
        for name in ("*", first, second, f"{first},{second}"):
            found.setdefault(name, []).append(number)
    return {name: rows.take(numbers) for name, numbers in found.items()}


def test_counts_and_sums_are_those_of_numpy(monitor, grids):
    rows = rows_of(3000, 1)
    profile = reduce_rows(lazy(rows), monitor, grids)
    assert profile.versions() == ["1", "2"]
    for version in ("1", "2"):
        mine = rows.filter(pa.compute.equal(rows["model"], version))
        expected = cells(mine)
        assert profile.segments(version) == sorted(expected)
        for segment, part in expected.items():
            assert profile.rows(version, segment) == len(part)
            raw = part["temp"].drop_null().to_numpy()
            finite = raw[np.isfinite(raw)]
            counts = profile.counts(version, segment, "temp")
            assert (counts.nulls, counts.nans) == (part["temp"].null_count, np.isnan(raw).sum())
            assert (counts.infinite, counts.n) == (np.isinf(raw).sum(), len(finite))
            assert counts.rows == len(part)
            if len(finite):
                assert (counts.minimum, counts.maximum) == (finite.min(), finite.max())
                np.testing.assert_allclose(counts.total, finite.sum(), atol=1e-9)
                np.testing.assert_allclose(counts.total_sq, (finite**2).sum())
            assert (np.diff(counts.points) > 0).all()
            edges = counts.points[:, None] + counts.widths[:, None] * [-0.5, 0.5]
            slack = 1e-9 * (1 + np.abs(edges))
            inside = [
                int(((finite >= low - tiny) & (finite <= high + tiny)).sum())
                for (low, high), (tiny, _) in zip(edges, slack, strict=True)
            ]
            np.testing.assert_array_equal(counts.counts, inside)


def test_few_values_are_counted_by_value(monitor, grids):
    rows = rows_of(3000, 2)
    counts = reduce_rows(lazy(rows), monitor, grids).counts("1", "*", "hour")
    mine = rows.filter(pa.compute.equal(rows["model"], "1"))["hour"]
    values, n = np.unique(mine.drop_null().to_numpy(), return_counts=True)
    np.testing.assert_array_equal(counts.points, values)
    np.testing.assert_array_equal(counts.counts, n)
    assert (counts.widths == 0).all()


def test_categories_are_counted_by_value(monitor, grids):
    rows = rows_of(3000, 3)
    profile = reduce_rows(lazy(rows), monitor, grids)
    mine = rows.filter(pa.compute.equal(rows["model"], "2")).to_pandas()
    counts = profile.counts("2", "*", "carrier")
    assert dict(counts.counts) == mine["carrier"].value_counts().to_dict()
    assert counts.nulls == mine["carrier"].isna().sum()
    assert dict(profile.counts("2", "*", "vip").counts) == {
        str(value).lower(): n for value, n in mine["vip"].value_counts().items()
    }


def test_categories_are_counted_by_value_also_if_the_baseline_has_not_seen_them(small):
    monitor = small(**CHANGES).monitor
    names = [f"c{number:03d}" for number in range(MOST_FIRST_CELLS + 50) for _ in range(300 - number)]
    base = rows_of(len(names), 4).set_column(5, "carrier", pa.array(names))
    grids = fit_grids(lazy(base), monitor)
    assert grids.columns["carrier"].top == tuple(f"c{number:03d}" for number in range(MOST_FIRST_CELLS))
    today = rows_of(5, 4).set_column(5, "carrier", pa.array(["c000", "c240", "new", OTHER, None]))
    today = today.set_column(0, "model", pa.array(["1"] * 5))
    profile = reduce_rows(lazy(today), monitor, grids)
    counts = profile.counts("1", "*", "carrier")
    assert (dict(counts.counts), counts.nulls) == ({"c000": 1, "c240": 1, "new": 1, OTHER: 1}, 1)
    assert profile.rows("1", f"carrier={OTHER}") == 3
    grown = with_new_cells(grids, lazy(today), monitor)
    assert grown.ids == grids.ids
    profile = reduce_rows(lazy(today), monitor, grown)
    assert (profile.rows("1", "carrier=new"), profile.rows("1", f"carrier={OTHER}")) == (1, 1)


def numbers(values):
    table = rows_of(len(values), 5).set_column(3, "temp", pa.array(values, pa.float64()))
    return table.set_column(0, "model", pa.array(["1"] * len(values)))


@pytest.mark.parametrize(
    "values",
    [
        [1.0] * 50,
        [0.0] * 50,
        [3.5],
        [None] * 20,
        [float("nan")] * 20,
        [None, float("nan"), float("inf"), 1.0],
        [*([0.0] * 900), *np.linspace(1, 2, 400)],
        [1e-300, 2e-300, 3e-300, 4e-300] * 100,
        [*np.linspace(0, 1, 999), 1e300, -1e300, 1.7e308],
    ],
    ids=["constant", "zero", "one row", "null", "nan", "mixed", "half zero", "tiny", "huge"],
)
def test_odd_columns_keep_every_row(monitor, values):
    rows = lazy(numbers(values))
    grids = fit_grids(rows, monitor)
    grid = grids.columns["temp"]
    assert np.isfinite([grid.centre, grid.scale]).all()
    assert grid.scale > 0
    profile = reduce_rows(rows, monitor, grids)
    counts = profile.counts("1", "*", "temp")
    finite = [value for value in values if value is not None and np.isfinite(value)]
    assert (counts.n, counts.rows) == (len(finite), len(values))
    assert np.isfinite(counts.points).all()
    if finite:
        assert (counts.minimum, counts.maximum) == (min(finite), max(finite))
        assert (
            np.abs(counts.points - counts.points.clip(min(finite), max(finite))).max() <= counts.widths.max()
        )


def test_two_narrow_spikes_far_apart_are_told_apart(monitor):
    rng = np.random.default_rng(3)
    base = np.concatenate([rng.normal(0, 1e-3, 1000), rng.normal(1e6, 1e-3, 1000)])
    grids = fit_grids(lazy(numbers(base)), monitor)
    counts = reduce_rows(lazy(numbers(base)), monitor, grids).counts("1", "*", "temp")
    assert counts.counts[counts.points < 5e5].sum() == 1000
    np.testing.assert_allclose(counts.total, base.sum())


@pytest.mark.parametrize(("far", "deviation"), [(1e6, 1e-3), (1000.0, 0.3)])
def test_drift_inside_one_of_two_spikes_is_seen(monitor, far, deviation):
    rng = np.random.default_rng(4)
    n = 4_000
    base = np.concatenate([rng.normal(0, deviation, n), rng.normal(far, deviation, n)])
    moved = np.concatenate([rng.normal(0, deviation, n), rng.normal(far + 3 * deviation, deviation, n)])
    grids = fit_grids(lazy(numbers(base)), monitor)
    before, after = (
        reduce_rows(lazy(numbers(values)), monitor, grids).counts("1", "*", "temp")
        for values in (base, moved)
    )
    found = evaluate_drift(before, after, seed=1)
    edges = np.quantile(base, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(edges, values), minlength=10) / (2 * n) for values in (base, moved))
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    assert found["psi"].value == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=0.05)
    assert found["ks"].value == pytest.approx(ks_2samp(base, moved).statistic, abs=0.005)


def test_reordered_rows_give_the_same_table(monitor, grids):
    rows = rows_of(2000, 6)
    expected = reduce_rows(lazy(rows), monitor, grids).table
    shuffled = rows.take(np.random.default_rng(0).permutation(len(rows)))
    again = reduce_rows(lazy(shuffled), monitor, grids).table
    for name in expected.column_names:
        if name in ("total", "total_sq"):
            np.testing.assert_allclose(
                again[name].to_pandas(), expected[name].to_pandas(), rtol=1e-9, atol=1e-9
            )
        else:
            assert again[name].equals(expected[name]), name


@given(st.lists(st.integers(0, 2), min_size=60, max_size=60))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merged_parts_are_the_whole(monitor, grids, owner):
    rows = rows_of(60, 7)
    whole = reduce_rows(lazy(rows), monitor, grids).table
    parts = [
        reduce_rows(lazy(rows.filter(pa.array(np.array(owner) == part))), monitor, grids) for part in range(3)
    ]
    merged = Profile.merged(parts, grids).table
    for name in whole.column_names:
        if name in ("total", "total_sq"):
            np.testing.assert_allclose(
                merged[name].to_pandas(), whole[name].to_pandas(), rtol=1e-9, atol=1e-9
            )
        else:
            assert merged[name].equals(whole[name]), name


def test_profiles_of_other_grids_do_not_merge(monitor, grids):
    other = Grids(grids.columns | {"temp": AsinhGrid(centre=0.0, scale=2.0)})
    with pytest.raises(LakeError, match=other.id):
        Profile.merged([Profile.empty(other), Profile.empty(grids)], grids)


def test_grids_come_back_from_json(monitor, grids):
    import json

    again = Grids.from_json(json.loads(json.dumps(grids.to_json())))
    assert again == grids
    assert again.id == grids.id
    assert Grids(grids.columns | {"temp": AsinhGrid(centre=0.0, scale=2.0)}).id != grids.id
    # categories are counted by value, whichever are known
    assert Grids(grids.columns | {"vip": CategoryGrid(top=("x",))}).id == grids.id


def test_features_may_be_called_like_our_own_columns(small):
    names = [
        "version",
        "segment",
        "n",
        "key",
        "kind",
        "category",
        "column",
        "code",
        "finite",
        "total",
        "rows",
        "label",
    ]
    names += ["decision", "bin", 'a"b', "c=d,e", "filename", "day"]
    monitor = small(
        features={
            name: {"type": "number" if number % 2 else "category"} for number, name in enumerate(names)
        },
        segments=names[::2],
    ).monitor
    rows = pa.table(
        {"model": ["1", "1", "2"], "score": [0.1, 0.2, 0.3], "prediction": [True, False, True]}
        | {name: [1.0, 2.0, 2.0] if number % 2 else ["x", "y", "y"] for number, name in enumerate(names)}
    )
    profile = reduce_rows(lazy(rows), monitor, fit_grids(lazy(rows), monitor))
    for number, name in enumerate(names):
        counts = profile.counts("1", "*", name)
        if number % 2:
            assert counts.points.tolist() == [1.0, 2.0], name
        else:
            assert dict(counts.counts) == {"x": 1, "y": 1}, name
            assert any(segment.endswith("=x") for segment in profile.segments("1"))
    assert len(profile.segments("1")) == 1 + 2 * len(names[::2])


def test_cells_of_hostile_values_are_told_apart(small):
    monitor = small(
        features={"a": {"type": "category"}, "b": {"type": "category"}}, segments=["a", ["a", "b"]]
    ).monitor
    values = [
        ("x,b=y", "z"),
        ("x", "y,b=z"),
        ("x%2C", "y"),
        ("x,", "y"),
        ("*", "'"),
        (None, "(null)"),
        ("(null)", None),
    ]
    rows = pa.table(
        {
            "model": ["1"] * len(values),
            "score": [0.5] * len(values),
            "prediction": [True] * len(values),
            "a": [a for a, _ in values],
            "b": [b for _, b in values],
        }
    )
    profile = reduce_rows(lazy(rows), monitor, fit_grids(lazy(rows), monitor))
    crossed = [segment for segment in profile.segments("1") if ",b=" in segment]
    assert sum(profile.rows("1", segment) for segment in crossed) == len(values)
    assert len(crossed) == len(values)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda rng, n: rng.normal(0, 1, n), lambda rng, n: rng.normal(0.1, 1, n)),
        (lambda rng, n: rng.lognormal(3, 1, n), lambda rng, n: rng.lognormal(3.1, 1, n)),
        (lambda rng, n: rng.pareto(1.5, n), lambda rng, n: rng.pareto(1.4, n)),
        (lambda rng, n: rng.uniform(1e6, 1e6 + 1, n), lambda rng, n: rng.uniform(1e6, 1e6 + 1.1, n)),
        (lambda rng, n: rng.exponential(30, n).round(2), lambda rng, n: rng.exponential(33, n).round(2)),
    ],
    ids=["normal", "lognormal", "pareto", "narrow", "money"],
)
def test_ks_on_the_grid_is_exact_within_the_stated_error(monitor, before, after):
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(11)
    base, today = before(rng, 20_000), after(rng, 10_000)
    grids = fit_grids(lazy(numbers(base)), monitor)
    sides = [
        reduce_rows(lazy(numbers(side)), monitor, grids).counts("1", "*", "temp") for side in (base, today)
    ]
    points = align_points(*sides)
    seen, error = ks(points)
    exact = ks_2samp(base, today).statistic
    assert seen - 1e-9 <= exact <= seen + error + 1e-9
    assert error < 0.02


def test_segment_cells_count_on_bins_that_join_eight(small):
    monitor = small(**CHANGES).monitor
    rows = lazy(rows_of(5_000, seed=11, dirt=False))
    grids = fit_grids(rows, monitor)
    profile = reduce_rows(rows, monitor, grids)
    whole = profile.counts("1", "*", "temp")
    parts = [profile.counts("1", f"vip={vip}", "temp") for vip in ("false", "true")]
    grid = grids.columns["temp"]
    bins = np.floor(np.arcsinh((whole.points - grid.centre) / grid.scale) / grid.step)
    assert sum(part.n for part in parts) == whole.n
    for part in parts:
        joined = np.arcsinh((part.points - grid.centre) / grid.scale) / (8 * grid.step)
        assert set(np.floor(joined)) <= set(bins // 8)
        assert part.widths.min() > 7.9 * whole.widths.min()
