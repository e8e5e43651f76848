import numpy as np
import pytest

from obs_dagster.metrics.explanation import shap_importance
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.quality import evaluate_quality


def test_quality_in_numbers():
    found = evaluate_quality(200, quarantined=10, duplicates=3, schema_changes=2)
    assert found["quarantined_share"].value == 0.05
    assert (found["duplicate_share"].low, found["duplicate_share"].high) == wilson(3, 200)
    assert (found["schema_changes"].value, found["schema_changes"].n) == (2, 200)


def test_an_empty_day_still_has_schema_changes():
    found = evaluate_quality(0, quarantined=0, duplicates=0, schema_changes=1)
    assert found["quarantined_share"].reason == "no rows"
    assert found["schema_changes"].value == 1


def test_importance_is_the_mean_absolute_shap_value():
    values = np.random.default_rng(0).normal(size=(400, 3)) * [1, 5, 0]
    found = shap_importance(values)
    assert [estimate.value for estimate in found] == pytest.approx(np.abs(values).mean(axis=0))
    half = 1.959963984540054 * np.abs(values[:, 1]).std(ddof=1) / 20
    assert found[1].high == pytest.approx(found[1].value + half)
    assert (found[2].low, found[2].high) == (0, 0)


def test_importance_leaves_out_what_is_not_finite():
    found = shap_importance(np.array([[1.0, np.nan], [np.inf, np.nan], [-3.0, np.nan]]))
    assert (found[0].value, found[0].n) == (2, 2)
    assert found[1].reason == "no explained rows"


def test_importance_of_one_row_has_no_interval():
    assert shap_importance(np.array([[-2.0]]))[0].low is None


def test_importance_without_rows():
    assert [estimate.reason for estimate in shap_importance(np.empty((0, 2)))] == ["no explained rows"] * 2
