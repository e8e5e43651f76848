"""Values that the baseline does not have."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.new_values import METRICS
from obs_dagster.metrics.intervals import wilson
from obs_dagster.profile.distribution import CategoryCounts

[METRIC] = METRICS
VALUES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=80)


def share(baseline, current, **kept):
    return METRIC.compute(Comparison(baseline, CategoryCounts(current, **kept), seed=0))


@given(VALUES, VALUES)
def test_it_is_what_pandas_says(baseline, current):
    before, now = pd.Series(baseline), pd.Series(current)
    found = share(CategoryCounts(before.value_counts().to_dict()), now.value_counts().to_dict())
    new = ~now.isin(before.unique())
    assert found.value == pytest.approx(new.mean())
    assert (found.low, found.high) == pytest.approx(wilson(int(new.sum()), len(now)))
    assert (found.error, found.n) == (0.0, len(now))


def test_a_value_that_had_no_row_is_new():
    assert share(CategoryCounts({"a": 10, "b": 0}), {"a": 5, "b": 5}).value == 0.5


def test_what_has_no_count_of_its_own_is_in_the_error():
    assert share(CategoryCounts({"a": 10}), {"a": 6, "b": 2}, rest=2).error == pytest.approx(0.2)
    assert share(CategoryCounts({"a": 10}, rest=5), {"a": 6, "b": 4}).error == pytest.approx(0.4)


def test_without_rows_it_is_not_known():
    assert share(None, {"a": 1}).reason == "no baseline"
    assert share(CategoryCounts({"a": 1}), {}, nulls=4).reason == "no rows"
