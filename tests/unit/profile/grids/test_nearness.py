"""Numbers that are as good as equal to one that is counted by value count as it."""

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.nearness import nearness, rounded, typical_values
from obs_dagster.profile.loops.kernels import MISSING, SPECIAL, Numbers
from obs_dagster.profile.loops.number_keys import keying
from obs_dagster.profile.reduction import reduce_rows

LEVELS = st.lists(
    st.one_of(
        st.sampled_from([0.0, 0.1, 0.3, 0.1 + 0.2, 1.0, -2.5, 1e7, 2.0**24 + 1, 1e17, 1e-300, 1e300, 3e37]),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=6,
    unique=True,
).map(lambda values: tuple(sorted(value + 0.0 for value in set(values))))


def keys_of(levels, numbers):
    grid = AsinhGrid(centre=0.0, scale=1.0, exact=levels)
    values = np.array(numbers, dtype=np.float64)
    return keying(grid)(Numbers(values, np.zeros(0, dtype=np.uint8), 0)).keys


def stands_for(levels, number):
    """The value that the compiled loop counts a number as, and whether it is equal to it."""
    [key] = keys_of(levels, [number])
    place = SPECIAL - MISSING - key
    if place < 0 or key > SPECIAL - MISSING:
        return None
    return levels[place % len(levels)], place < len(levels)


@settings(max_examples=100, deadline=None)
@given(LEVELS, st.data())
@example((0.1,), None)
def test_the_loop_and_the_expression_agree(levels, data):
    if data is None:
        numbers = [0.1, float(np.float32(0.1)), 0.1 + 1e-9, 0.1001]
    else:
        base = data.draw(st.sampled_from(levels))
        off = data.draw(st.sampled_from([0.0, 1e-16, 1e-9, 1e-7, 3e-7, 1e-6, 1e-3, 1.0]))
        numbers = [base * (1 + off), base - off, float(np.float32(base)) if abs(base) < 1e38 else base]
    near = nearness(levels, 1.0)
    frame = nw.from_native(pa.table({"v": pa.array(numbers, pa.float64())})).lazy()
    value = nw.col("v")
    found = frame.select(near=near.holds(value, rounded(value)), as_float=rounded(value)).collect()
    rows = zip(numbers, found["near"].to_list(), found["as_float"].to_list(), strict=True)
    for number, held, as_float in rows:
        if not np.isfinite(number):
            continue
        expected = stands_for(levels, number)
        if expected is not None and expected[1]:
            assert expected[0] == number
        elif held:
            assert expected == (near.value_of(np.array([as_float]))[0], False)
        else:
            assert expected is None


@pytest.mark.parametrize("level", [0.1, 0.3, -2.7, 123.45, 1e-6, 1e6 / 3])
def test_a_float_of_32_bits_and_a_sum_stand_for_the_value(level):
    others = [float(np.float32(level)), sum([level / 3] * 3), level * (1 + 1e-8), level * (1 - 1e-8)]
    assert [stands_for((level,), other)[0] for other in others] == [level] * len(others)


@pytest.mark.parametrize(
    ("level", "other"), [(1e7, 1e7 + 1), (1.7e9, 1.7e9 + 100), (0.1, 0.1001), (1e17, 1e17 + 64), (5.0, 6.0)]
)
def test_another_value_is_another_value(level, other):
    assert stands_for((level,), other) is None


def test_values_that_differ_in_the_last_place_alone_stay_apart_if_the_baseline_has_both():
    levels = (0.3, 0.1 + 0.2)
    assert [stands_for(levels, level) for level in levels] == [(0.3, True), (0.1 + 0.2, True)]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=50), st.integers(0, 2**32 - 1))
def test_noise_does_not_make_more_values_of_few(levels, seed):
    rng = np.random.default_rng(seed)
    values = np.array(levels) * 0.1
    noisy = values * (1 + rng.uniform(-5e-8, 5e-8, len(values)))
    assert len(typical_values(noisy)) == len(np.unique(values))


@pytest.mark.parametrize("noise", [0.0, 1e-9, 4e-9])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_few_levels_are_few_levels_on_either_side(small, noise, kind):
    monitor = small(features={"discount": {"type": "number"}}, segments=[]).monitor
    rng = np.random.default_rng(2)

    def rows(noise, kind):
        levels = rng.integers(1, 6, 4_000) * 0.1
        values = (levels + rng.normal(0, noise, len(levels))).astype(kind).astype(float)
        table = pa.table({"model": ["1"] * len(values), "score": values, "discount": values})
        return nw.from_native(duckdb.connect().from_arrow(table))

    grids = fit_grids(rows(noise, kind), monitor)
    assert sorted({round(level, 6) for level in grids.columns["discount"].exact}) == [0.1, 0.2, 0.3, 0.4, 0.5]
    for other, other_kind in ((0.0, "float64"), (0.0, "float32"), (1e-9, "float64")):
        counts = reduce_rows(rows(other, other_kind), monitor, grids).counts("1", "*", "discount")
        share = [counts.counts[np.isclose(counts.points, level)].sum() for level in (0.1, 0.2, 0.3, 0.4, 0.5)]
        assert sum(share) == counts.n
        assert counts.widths.max() == 0
        assert (counts.near <= counts.counts).all()
