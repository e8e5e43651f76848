import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.profile import arrays
from obs_dagster.profile.grids.asinh_grid import AsinhGrid, Zone
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.loops.kernels import Numbers
from obs_dagster.profile.loops.number_keys import keying

SPIKES = AsinhGrid(
    centre=5e5,
    scale=2.5e5,
    zones=(
        Zone(-900.0, 700.0, 0.0, 1e-3),
        Zone(0.5, 8.0, 3.0, 1e-6),
        Zone(999_000.0, 1_001_000.0, 1e6, 1e-3),
    ),
)


def keys_of(grid, values):
    column = pa.array(values, pa.float64())
    return keying(grid)(Numbers(arrays.values(column), arrays.validity(column), 0)).keys.astype(np.int64)


@st.composite
def zoned(draw):
    """A grid with zones beside and within one another."""
    zones = []
    low = draw(st.floats(-1e3, 0))
    for _ in range(draw(st.integers(0, 4))):
        high = low + draw(st.floats(1e-3, 1e3))
        inner = [low, high]
        for _ in range(draw(st.integers(1, 3))):
            width = inner[1] - inner[0]
            centre = inner[0] + width * draw(st.floats(0.1, 0.9))
            zones.append(Zone(*inner, centre, width * draw(st.floats(1e-6, 0.3))))
            inner = [centre - width * 0.09, centre + width * 0.09]
        low = high + draw(st.sampled_from([0.0, 5.0]))
    return AsinhGrid(draw(st.floats(-1e3, 1e3)), draw(st.floats(1e-3, 1e3)), 0.05, zones=tuple(zones))


@settings(max_examples=80, deadline=None)
@given(
    grid=zoned(), values=st.lists(st.floats(-3e3, 3e3) | st.floats(-1e140, 1e140), min_size=2, max_size=60)
)
def test_bins_ascend_and_hold_their_values(grid, values):
    bounds = [end for zone in grid.zones for end in (zone.low, zone.high)]
    values = np.array(sorted({*values, *bounds, *np.nextafter(bounds, -np.inf).tolist()}))
    keys = keys_of(grid, values)
    assert (np.diff(keys) >= 0).all()
    for found, bins in ((grid, keys), (grid.joined, keys >> JOINED_BITS)):
        low, high = found.edges(bins)
        slack = 1e-9 * np.maximum(1e-3, np.abs(values))
        assert (low <= values + slack).all()
        assert (values <= high + slack).all()
        low, high = found.edges(np.unique(bins))
        assert (low <= high).all()
        assert (high[:-1] <= low[1:] + 1e-9 * np.abs(low[1:])).all()


@pytest.mark.parametrize("grid", [SPIKES, SPIKES.joined], ids=["own bins", "joined"])
def test_engines_find_the_same_bins(grid):
    rng = np.random.default_rng(5)
    values = np.concatenate(
        [
            rng.normal(0, 1e-3, 500),
            rng.normal(3, 1e-6, 500),
            rng.normal(1e6, 1e-3, 500),
            rng.normal(0, 1e7, 9),
        ]
    )
    rows = nw.from_native(duckdb.connect().from_arrow(pa.table({"x": values})))
    found = rows.select(bin=grid.bin(nw.col("x"))).collect("pyarrow")["bin"].to_numpy()
    own = keys_of(SPIKES, values)
    np.testing.assert_array_equal(found, own if grid is SPIKES else own >> JOINED_BITS)
    assert len(np.unique(own)) > 1_000


def test_every_spike_has_narrow_bins():
    for centre, scale in ((0.0, 1e-3), (3.0, 1e-6), (1e6, 1e-3)):
        [low], [high] = SPIKES.edges(keys_of(SPIKES, [centre]))
        assert high - low == pytest.approx(scale * SPIKES.step, rel=1e-3)
    [low], [high] = SPIKES.edges(keys_of(SPIKES, [5e5]))
    assert high - low == pytest.approx(2.5e5 * SPIKES.step, rel=1e-3)
