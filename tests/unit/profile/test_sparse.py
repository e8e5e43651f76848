"""Numbers that few rows have."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.profile.sparse import Sparse

NUMBERS = st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), max_size=20)


@given(NUMBERS, st.data())
def test_any_part_is_the_column_itself(values, data):
    column = pa.chunked_array([pa.array(values, pa.float64())])
    start = data.draw(st.integers(0, len(values)))
    length = data.draw(st.integers(0, len(values) - start))
    expected = [np.nan if value is None else value for value in values[start : start + length]]
    np.testing.assert_array_equal(Sparse.of(column).part(start, length), expected)
