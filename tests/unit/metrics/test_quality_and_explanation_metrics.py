import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from obs_dagster.metrics.intervals import wilson
from tests.evaluated import evaluate_explanation, evaluate_quality


def test_quality_in_numbers():
    found = evaluate_quality(200, quarantined=10, duplicates=3, schema_changes=2)
    assert found["quarantined_share"].value == 0.05
    assert (found["duplicate_share"].low, found["duplicate_share"].high) == wilson(3, 200)
    assert (found["schema_changes"].value, found["schema_changes"].n) == (2, 200)


@given(st.integers(0, 50), st.lists(st.integers(0, 9), max_size=50))
def test_duplicates_are_counted_as_pandas_does(quarantined, keys):
    pandas = pytest.importorskip("pandas")
    repeated = pandas.Series(keys, dtype=int).duplicated(keep="last")
    found = evaluate_quality(
        len(keys),
        quarantined=min(quarantined, len(set(keys))),
        duplicates=int(repeated.sum()),
        schema_changes=0,
    )
    if keys:
        assert found["duplicate_share"].value == pytest.approx(repeated.mean())
        assert found["quarantined_share"].value + found["duplicate_share"].value <= 1 + 1e-12
    else:
        assert found["duplicate_share"].reason == "no rows"


def test_an_empty_day_still_has_schema_changes():
    found = evaluate_quality(0, quarantined=0, duplicates=0, schema_changes=1)
    assert found["quarantined_share"].reason == "no rows"
    assert found["schema_changes"].value == 1


def estimates(metric, values):
    """The metric of each feature."""
    return [found[metric] for found in evaluate_explanation(values)]


def test_importance_is_the_mean_absolute_shap_value():
    values = np.random.default_rng(0).normal(size=(400, 3)) * [1, 5, 0]
    found = estimates("shap_importance", values)
    assert [estimate.value for estimate in found] == pytest.approx(np.abs(values).mean(axis=0))
    half = 1.959963984540054 * np.abs(values[:, 1]).std(ddof=1) / 20
    assert found[1].high == pytest.approx(found[1].value + half)
    assert (found[2].low, found[2].high) == (0, 0)


def test_importance_leaves_out_what_is_not_finite():
    found = estimates("shap_importance", np.array([[1.0, np.nan], [np.inf, np.nan], [-3.0, np.nan]]))
    assert (found[0].value, found[0].n) == (2, 2)
    assert found[1].reason == "no explained rows"


@pytest.mark.parametrize("metric", ["shap_importance", "shap_share"])
def test_one_row_has_no_interval(metric):
    found = estimates(metric, np.array([[-2.0]]))[0]
    assert (found.low, found.high, found.n) == (None, None, 1)


@pytest.mark.parametrize("metric", ["shap_importance", "shap_share"])
def test_explanations_without_rows(metric):
    found = estimates(metric, np.empty((0, 2)))
    assert [estimate.reason for estimate in found] == ["no explained rows"] * 2


@given(
    values=arrays(
        np.float64, st.tuples(st.integers(1, 30), st.integers(1, 5)), elements=st.floats(-1e6, 1e6)
    ),
    factor=st.sampled_from([-8.0, 0.5, 1024.0]),
)
def test_shares_add_up_to_one_and_have_no_unit(values, factor):
    shares, scaled = (estimates("shap_share", each) for each in (values, values * factor))
    if np.abs(values).max() == 0:
        assert {estimate.reason for estimate in shares} == {"no feature moves the output"}
        return
    assert sum(estimate.value for estimate in shares) == pytest.approx(1)
    assert [estimate.value for estimate in scaled] == pytest.approx([each.value for each in shares])


def test_the_interval_of_a_share_covers_it():
    draw = np.random.default_rng(4)
    inside = 0
    for _ in range(400):
        values = draw.exponential(size=(150, 3)) * [3, 2, 1] * draw.exponential(size=(150, 1))
        share = estimates("shap_share", values)[1]
        inside += share.low <= 1 / 3 <= share.high
    assert 0.92 <= inside / 400 <= 0.98


def test_rows_that_are_not_finite_are_left_out_of_shares():
    found = estimates("shap_share", np.array([[1.0, 3.0], [np.nan, 5.0], [2.0, 2.0]]))
    assert [(estimate.value, estimate.n) for estimate in found] == [(0.375, 2), (0.625, 2)]
