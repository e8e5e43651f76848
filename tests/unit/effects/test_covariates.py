"""Features as numbers: finite whatever they are, and the same whatever the order of rows."""

import numpy as np
import pyarrow as pa

from obs_dagster.effects.covariates import MOST, covariates, telling


def test_what_is_missing_or_infinite_is_marked():
    rows = pa.table({"x": [1.0, 2.0, None, np.inf, np.nan, 5.0], "c": ["a", None, "a", "b", "a", "a"]})
    found = covariates(rows, ["x"], ["c"])
    assert np.isfinite(found).all()
    assert found[:, 1].tolist() == [0, 0, 1, 1, 1, 0]
    assert found[2, 0] == 0


def test_columns_that_say_nothing_are_left_out():
    rows = pa.table({"x": [3.0] * 40, "gone": pa.nulls(40, pa.float64()), "c": ["a"] * 40})
    assert covariates(rows, ["x", "gone"], ["c"]).shape == (40, 0)
    assert covariates(rows.slice(0, 0), ["x"], ["c"]).shape == (0, 0)


def test_frequent_values_have_columns_of_their_own():
    values = [*["a"] * 50, *["b"] * 30, *[f"rare {number}" for number in range(20)]]
    found = covariates(pa.table({"c": values}), [], ["c"])
    assert found.shape == (100, 3)
    assert found[:, 0].sum() == 50
    assert found[:50, 2].tolist() == [0.5] * 50
    order = np.random.default_rng(0).permutation(100)
    assert (covariates(pa.table({"c": np.array(values)[order]}), [], ["c"]) == found[order]).all()


def test_of_very_many_those_are_kept_that_tell_routing_or_outcome():
    rng = np.random.default_rng(0)
    known = rng.normal(size=(500, 3 * MOST))
    served, outcome = known[:, 7] + rng.normal(size=500), known[:, 250] + rng.normal(size=500)
    kept = telling(known, served, outcome)
    assert MOST // 2 <= kept.shape[1] <= MOST
    assert all(any(np.array_equal(known[:, each], column) for column in kept.T) for each in (7, 250))
    few = known[:, :MOST]
    assert telling(few, served) is few
