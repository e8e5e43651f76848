import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.profile import arrays
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.kernels import Numbers
from obs_dagster.profile.loops.number_keys import keying

GRID = ScoreGrid()
JOINED = GRID.joined
rare = st.floats(-25, -4).map(np.exp)
scores = st.floats(0, 1) | rare | rare.map(lambda distance: 1 - distance)
ANY = [-1e308, -0.1, -1e-12, -0.0, 0.0, 5e-324, 1e-9, 5e-5, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]
ANY += [0.999, 1 - 1e-9, 1.0, 1 + 1e-12, 1.1, 1e308]


def numbers_of(values):
    column = pa.array(values, pa.float64(), from_pandas=False)
    return Numbers(arrays.values(column), arrays.validity(column), column.offset)


def keys_of(values):
    return keying(GRID)(numbers_of(values)).keys.tolist()


@given(values=st.lists(scores, min_size=1, max_size=50))
@settings(deadline=None)
def test_a_score_lies_within_its_bin(values):
    keys = np.array(keys_of(values))
    for grid, bins in ((GRID, keys), (JOINED, keys >> 3)):
        low, high = grid.edges(bins)
        # on an edge, rounding decides between two bins
        slack = 1e-15 + 1e-13 * np.minimum(values, 1 - np.array(values))
        assert (low - slack <= values).all()
        assert (values <= high + slack).all()


@given(values=st.lists(scores | st.floats(allow_nan=False, allow_infinity=False), min_size=2).map(sorted))
@settings(deadline=None)
def test_keys_ascend_with_the_scores_from_0(values):
    keyed = keying(GRID)(numbers_of(values))
    assert (np.diff(keyed.keys) >= 0).all()
    assert 0 <= keyed.low == keyed.keys[0] <= keyed.keys[-1] == keyed.high < GRID.bins


@given(values=st.lists(scores | st.sampled_from(ANY), min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_every_engine_gives_the_bins_that_the_loop_gives(values):
    keys = keys_of(values)
    rows, score = pa.table({"score": pa.array(values, pa.float64())}), nw.col("score")
    for native in (rows, duckdb.connect().from_arrow(rows)):
        found = nw.from_native(native).lazy().select(bin=GRID.bin(score), joined=JOINED.bin(score))
        table = found.collect("pyarrow").to_native()
        for value, key, expected in zip(values, table["bin"].to_pylist(), keys, strict=True):
            assert key == expected or (abs(key - expected) == 1 and on_an_edge(value, max(key, expected)))
        assert table["joined"].to_pylist() == [key >> 3 for key in table["bin"].to_pylist()]


def on_an_edge(value, bin_above):
    [edge] = GRID.edges(np.array([bin_above]))[0]
    return value == pytest.approx(edge, rel=1e-12, abs=0) or 1 - value == pytest.approx(1 - edge, rel=1e-12)


def test_the_bins_cover_0_to_1_and_narrow_towards_the_ends():
    for grid in (GRID, JOINED):
        low, high = grid.edges(np.arange(grid.bins))
        assert (low[0], high[-1]) == (0, 1)
        np.testing.assert_array_equal(low[1:], high[:-1])
        middle = np.minimum(low, 1 - high)
        near, width = (middle > 2e-9) & (middle < 0.009), high - low
        joined = GRID.bins // grid.bins
        np.testing.assert_allclose(width[near] / middle[near], 1.01005**joined - 1, rtol=1e-4)
        np.testing.assert_allclose(width[middle >= 0.0101], 1e-4 * joined)
    assert high[0] < 1.1e-9


def test_bins_of_a_segment_cell_join_eight():
    assert JOINED.bins * 8 == GRID.bins
    low, high = GRID.edges(np.arange(GRID.bins))
    np.testing.assert_array_equal(JOINED.edges(np.arange(JOINED.bins)), (low[::8], high[7::8]))


@pytest.mark.parametrize("grid", [GRID, JOINED], ids=["whole", "segment"])
def test_every_tenth_begins_with_a_bin(grid):
    np.testing.assert_array_equal(grid.edges(grid.tenths)[0], np.arange(10) / 10)


def test_numbers_outside_are_in_the_outermost_bins():
    assert keys_of([-1e308, -1.0, 0.0, 1.0, 2.0, 1e308]) == [0] * 3 + [GRID.bins - 1] * 3
