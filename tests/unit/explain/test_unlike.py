"""Rows that a version knows little like of."""

import numpy as np
import pandas as pd

from obs_dagster.explain.neighbours import Neighbourhood
from obs_dagster.explain.unlike import pairwise, unlike
from tests.unit.explain.conftest import make_rows


def test_distances_are_those_of_single_rows():
    known, rows = make_rows(80, seed=1), make_rows(12, seed=2)
    rows.iloc[3, 3] = None
    around = Neighbourhood.of(known)
    expected = [around.distances(rows.iloc[[at]]) for at in range(len(rows))]
    np.testing.assert_allclose(pairwise(around, rows), expected, atol=1e-12)


def test_about_one_row_of_twenty_is_unlike_where_nothing_has_changed():
    shares = []
    for seed in range(8):
        found = unlike(make_rows(200, seed=100 + seed), make_rows(500, seed=seed))
        assert found.rows == 200
        shares.append(found.far / found.rows)
    assert 0.02 < np.mean(shares) < 0.09


def test_rows_of_another_world_are_all_unlike():
    known = make_rows(300, seed=1)
    strange = make_rows(50, seed=2).assign(carrier="ZZ", origin="XXX", temp=4_000.0)
    assert unlike(strange, known).far == 50


def test_a_small_baseline_says_nothing():
    found = unlike(make_rows(50, seed=2), make_rows(19, seed=1))
    assert (found.rows, found.obstacle) == (0, "too few rows of the baseline")


def test_values_without_an_order_and_beyond_all_numbers():
    known = pd.DataFrame({"x": [1.0, np.inf, -np.inf, np.nan] * 10, "y": [None, "a", "b", "c"] * 10})
    assert unlike(known, known).far == 0
