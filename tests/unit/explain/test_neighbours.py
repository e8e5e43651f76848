"""Rows that are most like another."""

import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.neighbours import Neighbourhood, plain

ROWS = pd.DataFrame(
    {
        "temp": [0.0, 5.0, 10.0, np.nan],
        "carrier": ["AA", "AA", "UA", None],
        "late": [True, False, True, True],
    }
)


def row(**values):
    return pd.DataFrame({name: [value] for name, value in values.items()})


def test_distances_are_gowers():
    found = Neighbourhood.of(ROWS)
    span = found.ranges["temp"]
    assert span == pytest.approx(9.0)
    near = found.distances(row(temp=5.0, carrier="AA", late=True))
    np.testing.assert_allclose(near, [5 / span / 3, 1 / 3, (5 / span + 1) / 3, 2 / 3])


def test_a_missing_value_is_like_another_and_what_is_no_number_is_far_from_all():
    found = Neighbourhood.of(ROWS)
    np.testing.assert_allclose(found.distances(row(temp=np.nan, carrier=None, late=True))[3], 0.0)
    assert found.distances(row(temp="hot", carrier="AA", late=True))[0] == pytest.approx(1 / 3)
    assert found.distances(row(temp=np.inf, carrier="AA", late=True))[0] == pytest.approx(1 / 3)


def test_how_unlike_a_row_is_follows_from_how_far_rows_are_from_each_other():
    rng = np.random.default_rng(1)
    found = Neighbourhood.of(pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc")))
    inside = float(found.distances(row(a=0.0, b=0.0, c=0.0)).min())
    outside = float(found.distances(row(a=4.0, b=-4.0, c=4.0)).min())
    assert found.unlike(inside) < 0.6
    assert found.unlike(outside) > 0.95
    assert Neighbourhood.of(ROWS.iloc[:1]).unlike(0.5) == 0


def test_constant_and_empty_columns_have_distances():
    found = Neighbourhood.of(pd.DataFrame({"one": [1.0, 1.0], "none": [np.nan, np.nan]}))
    np.testing.assert_allclose(found.distances(row(one=1.0, none=np.nan)), [0, 0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.float64(1.5), 1.5), (np.nan, None), (pd.NA, None), (pd.NaT, None), (np.True_, True), ("a", "a")],
)
def test_values_are_plain(value, expected):
    assert plain(value) == expected
