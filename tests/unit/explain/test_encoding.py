import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.encoding import EncodingError, encode
from obs_dagster.explain.vocabulary import Vocabulary


def test_categories_are_their_positions_and_what_training_did_not_have_is_missing():
    rows = pd.DataFrame({"n": [1, 2, 3, 4], "c": ["b", "a", "ZZ", None]})
    expected = [[1, 1], [2, 0], [3, np.nan], [4, np.nan]]
    np.testing.assert_array_equal(encode(rows, {"c": Vocabulary(["a", "b"])}), expected)


@pytest.mark.parametrize(
    "column",
    [[1.0, None], pd.array([1, None], dtype="Int64"), pd.array([True, None], dtype="boolean"), ["1", None]],
)
def test_every_kind_of_number_and_of_missing_value_is_read(column):
    np.testing.assert_array_equal(encode(pd.DataFrame({"n": column}), {}), [[1.0], [np.nan]])


def test_categories_may_be_numbers():
    rows = pd.DataFrame({"c": [30, 10, 20.0, np.nan]})
    np.testing.assert_array_equal(encode(rows, {"c": Vocabulary([10, 20, 30])})[:, 0], [2, 0, 1, np.nan])


def test_text_in_a_number_is_named():
    with pytest.raises(EncodingError, match="reads carrier as a number"):
        encode(pd.DataFrame({"carrier": ["UA"]}), {})
