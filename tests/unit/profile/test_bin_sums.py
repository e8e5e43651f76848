"""Profiles added up in place are what a GROUP BY over their rows makes of them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.profile import bin_sums
from obs_dagster.profile.coding import coded, one_coding
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import SCHEMA, TEXTS, Profile, merge_rows

NO_GRIDS = Grids({})
NAMES = st.tuples(
    st.sampled_from(["1", "2", "10"]), st.sampled_from(["*", "a=b", "c"]), st.sampled_from(["", "score", "x"])
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
COUNTS = st.integers(0, 2**40)


@st.composite
def entries(draw):
    """A row of a profile; its values are not those of a real one, but of their kinds."""
    version, segment, column = draw(NAMES)
    kind = draw(
        st.sampled_from(["bin", "bin", "bin", "category", "moments", "near", "null", "rows", "value"])
    )
    row = {"version": version, "segment": segment, "column": column, "kind": kind, "n": draw(COUNTS)}
    if kind == "bin":
        row |= {"key": float(draw(st.integers(-300, 300)))}
        if draw(st.booleans()):
            row |= dict(zip(("minimum", "maximum"), sorted(draw(st.tuples(NUMBERS, NUMBERS))), strict=True))
    if kind in {"near", "value"}:
        row |= {"key": draw(NUMBERS)}
    if kind == "category":
        row |= {"category": draw(st.sampled_from(["", "é", "z"]))}
    if kind == "moments":
        row |= {name: draw(NUMBERS) for name in ("total", "total_sq", "minimum", "maximum")}
    return row


PROFILES = st.lists(entries(), max_size=30).map(
    lambda rows: Profile(merge_rows(pa.Table.from_pylist(rows, schema=SCHEMA)), NO_GRIDS)
)


def by_query(profiles: list[Profile]) -> pa.Table:
    rows = pa.concat_tables(profile.table for profile in profiles)
    return coded(merge_rows(one_coding(rows)), TEXTS)


@given(st.lists(PROFILES, min_size=2, max_size=4))
def test_sums_are_those_of_a_query(profiles):
    merged = Profile.merged(profiles, NO_GRIDS)

    assert merged.table.combine_chunks().equals(by_query(profiles).combine_chunks())


@pytest.mark.parametrize("far", [1, 1 << 28])
def test_bins_that_lie_too_far_apart_for_a_place_each_are_added_up_all_the_same(far, monkeypatch):
    monkeypatch.setattr(bin_sums, "_FEWEST_PLACES", 16)
    name = {"version": "1", "segment": "*", "column": "x", "kind": "bin"}
    rows = [{**name, "key": float(key), "n": 1 + key % 2} for key in (-far, 0, far)]
    one = Profile(pa.Table.from_pylist(rows, schema=SCHEMA), NO_GRIDS)

    merged = Profile.merged([one, one], NO_GRIDS)

    assert merged.table["key"].to_pylist() == [-far, 0, far]
    assert merged.table["n"].to_pylist() == [2 * row["n"] for row in rows]
    assert (bin_sums.summed_bins([one.table], one.table.schema) is None) == (far > 1)
