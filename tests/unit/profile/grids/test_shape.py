import numpy as np
import pytest

from obs_dagster.profile.grids.asinh_grid import AsinhGrid, bins_around
from obs_dagster.profile.grids.shape import fit_shape
from obs_dagster.profile.loops.kernels import Numbers
from obs_dagster.profile.loops.number_keys import keying

N = 40_000


def drawn(name):
    rng = np.random.default_rng(11)
    half = N // 2
    shapes = {
        "normal": lambda: rng.normal(40, 12, N),
        "heavy tails": lambda: rng.standard_t(1.1, N),
        "two spikes": lambda: np.concatenate([rng.normal(0, 1e-3, half), rng.normal(1e6, 1e-3, half)]),
        "two near spikes": lambda: np.concatenate([rng.normal(20, 0.3, half), rng.normal(1000, 0.3, half)]),
        "spikes within spikes": lambda: rng.normal(rng.choice([0, 1, 1e4, 1e8], N), 1e-5),
        "spike on a plain": lambda: np.concatenate([rng.normal(7, 1e-4, half), rng.uniform(-1e3, 1e3, half)]),
        "many spikes": lambda: rng.normal(rng.integers(0, 20, N) * 1e5, 0.1),
        "half zeros": lambda: np.concatenate([np.zeros(half), rng.exponential(3, half)]),
        "a default far away": lambda: np.concatenate([np.full(half, -999.0), rng.normal(0, 1, half)]),
    }
    return shapes[name]()


@pytest.mark.parametrize(
    "name",
    [
        "normal",
        "heavy tails",
        "two spikes",
        "two near spikes",
        "spikes within spikes",
        "spike on a plain",
        "many spikes",
        "half zeros",
        "a default far away",
    ],
)
def test_no_bin_holds_many_rows(name):
    values = drawn(name)
    grid = fit_shape(values)
    keys = keying(grid)(Numbers(values, np.zeros(0, np.uint8), 0)).keys
    _, counts = np.unique(keys[~np.isin(values, grid.exact)], return_counts=True)
    assert counts.max() <= 0.01 * N


def test_what_has_one_density_needs_no_zone():
    for name in ("normal", "heavy tails", "half zeros", "a default far away"):
        assert fit_shape(drawn(name)).zones == (), name


def test_frequent_values_are_counted_by_value():
    assert fit_shape(drawn("half zeros")).exact == (0.0,)
    grid = fit_shape(drawn("a default far away"))
    assert grid.exact == (-999.0,)
    # and leave the centre and the scale to the others
    assert (grid.centre, grid.scale) == (pytest.approx(0, abs=0.03), pytest.approx(0.6745, abs=0.03))


def test_without_zones_the_same_spikes_would_share_bins():
    values = drawn("two spikes")
    grid = fit_shape(values)
    _, counts = np.unique(bins_around(values, grid, grid.step), return_counts=True)
    assert counts.max() > 0.1 * N


@pytest.mark.parametrize("values", [[], [3.5], [1e-300, 3e-300], [0.0] * 9, [-1.7e308, 0, 1.7e308]], ids=str)
def test_odd_values_have_a_grid(values):
    grid = fit_shape(np.array(values, dtype=np.float64))
    assert isinstance(grid, AsinhGrid)
    assert np.isfinite([grid.centre, grid.scale]).all()
    assert grid.scale > 0
