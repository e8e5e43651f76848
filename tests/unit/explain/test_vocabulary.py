"""Which of training's values a value of the log is, whatever type the log has it in."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.explain.vocabulary import Vocabulary

FORMS = [
    ([10, 20, 30], ["10", "20.0", "30"]),
    ([10, 20, 30], [10.0, 20.0, 30.0]),
    ([False, True], ["false", "True"]),
    ([False, True], [0, 1]),
    ([0, 1], [False, True]),
    ([0.0, 1.0], ["false", "true"]),
    (["0", "1"], [False, True]),
    (["False", "True"], [False, True]),
    (["10", "20"], [10, 20]),
    (["10.0", "20.0"], ["10", "20"]),
    ([0.5, 0.1 + 0.2], ["0.5", "0.30000000000000004"]),
    ([float(np.float32(0.1)), 2.0], [0.1, 2]),
    ([2**60, 2**60 + 1], [str(2**60), str(2**60 + 1)]),
    (["01", "1"], ["01", "1"]),
    ([dt.date(2024, 1, 1), dt.date(2024, 2, 1)], ["2024-01-01", "2024-02-01 00:00:00"]),
    (pd.to_datetime(["2024-01-01", "2024-02-01"]), ["2024-01-01", "2024-02-01"]),
    (["a", 1, 2.5], ["a", "1", "2.5"]),
    ([np.int8(3), np.int8(4)], ["3", "4"]),
]


@pytest.mark.parametrize(("trained", "logged"), FORMS)
def test_a_value_is_found_in_every_form(trained, logged):
    positions = Vocabulary(trained).positions(pd.Series(logged, dtype=object))
    np.testing.assert_array_equal(positions, range(len(trained)))


@pytest.mark.parametrize(("trained", "logged"), FORMS)
def test_values_get_the_type_of_training(trained, logged):
    vocabulary = Vocabulary(trained)
    found = vocabulary.typed(pd.Series(logged, dtype=object))
    for value, expected in zip(found.tolist(), vocabulary.values, strict=True):
        assert value == expected
        assert isinstance(value, bool) == isinstance(expected, bool)
        assert isinstance(value, str) == isinstance(expected, str)


@pytest.mark.parametrize(
    ("trained", "logged"),
    [(["1", "2"], "001"), ([10, 20], "ten"), (["a"], "A"), (["yes", "no"], True), ([1], "")],
)
def test_what_training_did_not_have_is_no_other_value(trained, logged):
    assert Vocabulary(trained).positions(pd.Series([logged], dtype=object))[0] == -1


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_value_is_that_of_training(missing):
    typed = Vocabulary(["a", missing]).typed(pd.Series(["a", None, np.nan, "b"], dtype=object))
    assert typed.iloc[1] is missing or (typed.iloc[1] != typed.iloc[1] and missing is not None)
    assert typed.iloc[3] == "b"
    assert list(Vocabulary(["a", missing]).positions(typed)) == [0, -1, -1, -1]


scalars = st.one_of(
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=6),
)


@given(st.lists(scalars, min_size=1, max_size=8, unique_by=lambda value: (type(value), value)))
def test_a_value_as_it_stands_is_itself(values):
    if len({(value if not isinstance(value, bool) else ("b", value)) for value in values}) < len(values):
        return
    kinds = {type(value) for value in values}
    if len(kinds) > 1:
        return
    np.testing.assert_array_equal(
        Vocabulary(values).positions(pd.Series(values, dtype=object)), range(len(values))
    )
