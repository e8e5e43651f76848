import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.profile import arrays
from obs_dagster.profile.grids.asinh_grid import FARTHEST, AsinhGrid
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.kernels import MISSING, SPECIAL, Numbers
from obs_dagster.profile.loops.number_keys import keying

finite = st.floats(allow_nan=False, allow_infinity=False)


def numbers_of(values):
    column = pa.array(values, pa.float64(), from_pandas=False)
    return Numbers(arrays.values(column), arrays.validity(column), column.offset)


def bin_of(grid, value):
    scaled = min(abs((value - grid.centre) / grid.scale), FARTHEST)
    position = math.asinh(scaled) / grid.step
    return math.floor(-position if value < grid.centre else position), position % 1


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(finite | st.floats(-50, 50), min_size=1, max_size=50),
    centre=st.floats(-1e6, 1e6),
    scale=st.floats(1e-6, 1e6),
    step=st.sampled_from([0.0007, 0.005, 0.04, 0.5, 1.5]),
)
def test_a_number_is_in_the_bin_that_asinh_gives(values, centre, scale, step):
    grid = AsinhGrid(centre=centre, scale=scale, step=step)
    keyed = keying(grid)(numbers_of(values))
    for value, key in zip(values, keyed.keys.tolist(), strict=True):
        expected, part = bin_of(grid, value)
        # on an edge, rounding decides between two bins
        assert key == expected or (min(part, 1 - part) < 1e-6 and abs(key - expected) == 1)
    assert (keyed.low, keyed.high) == (keyed.keys.min(), keyed.keys.max())


@given(
    exact=st.lists(finite, min_size=1, max_size=256, unique=True).map(sorted),
    others=st.lists(finite, max_size=20),
)
@settings(deadline=None)
def test_listed_values_are_counted_by_value_and_nothing_else_is_but_what_is_near(exact, others):
    grid = AsinhGrid(centre=0.0, scale=1.0, exact=tuple(exact))
    keys = keying(grid)(numbers_of([*exact, *others])).keys.tolist()
    assert keys[: len(exact)] == [SPECIAL - MISSING - place for place in range(len(exact))]
    for value, key in zip(others, keys[len(exact) :], strict=True):
        place = SPECIAL - MISSING - key
        if place >= len(exact):
            assert value not in exact
            assert abs(value - exact[place - len(exact)]) <= 2e-6 * max(abs(value), 1)
        else:
            assert (key <= SPECIAL) == (value in exact)


@pytest.mark.parametrize("grid", [AsinhGrid(0.0, 1.0), ScoreGrid()], ids=["asinh", "score"])
def test_rows_without_a_finite_value_say_why(grid):
    column = pa.array([7.0, None, float("nan"), float("inf"), -float("inf"), 0.5], pa.float64()).slice(1)
    keyed = keying(grid)(Numbers(arrays.values(column), arrays.validity(column), column.offset))
    assert keyed.keys[:4].tolist() == [SPECIAL, SPECIAL - 1, SPECIAL - 2, SPECIAL - 2]
    assert keyed.low == keyed.high == keyed.keys[4] > SPECIAL


def test_minus_zero_is_zero():
    keyed = keying(AsinhGrid(centre=1.0, scale=1.0, exact=(0.0, 1.0)))(numbers_of([0.0, -0.0]))
    assert keyed.keys[0] == keyed.keys[1] == SPECIAL - MISSING


def test_a_column_of_nulls_alone_has_no_bin():
    keyed = keying(ScoreGrid())(numbers_of([None, None]))
    assert keyed.low > keyed.high
