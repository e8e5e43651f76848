import numpy as np
import pandas as pd
import pytest

from obs_dagster.monitor.data import Labels
from obs_dagster.reports.evidently import EvidentlyReport
from obs_dagster.reports.quality_pages.classification import classification_report
from obs_dagster.reports.training_labels import classes_of


def labels(positive):
    return Labels.model_validate(
        {
            "source": "parquet",
            "path": "x",
            "columns": {"prediction_id": "id", "label": "y"},
            "positive": positive,
        }
    )


@pytest.mark.parametrize(
    ("positive", "yes", "no"),
    [
        (True, True, False),
        (True, 1, 0),
        (True, "1", "0"),
        (True, "1.0", "0.0"),
        (True, "Yes", "no"),
        (0, 0, 1),
        (0, 0.0, 1.0),
        (0, False, True),
        (False, "false", "true"),
        (-1, -1, 1),
        (2, 2, 1),
        ("late", "late", "on time"),
        ("late", " Late", "on time"),
    ],
)
def test_labels_become_classes(positive, yes, no):
    column = pd.Series([yes, no, None, yes], dtype=object)
    np.testing.assert_array_equal(classes_of(column, labels(positive)), [1, 0, np.nan, 1])


def test_what_is_neither_class_is_none():
    column = pd.Series(["yes", "no", "pending"])
    np.testing.assert_array_equal(classes_of(column, labels(True)), [1, 0, np.nan])  # noqa: FBT003
    column = pd.Series(["late", "on time", "pending"])
    np.testing.assert_array_equal(classes_of(column, labels("late")), [1, 0, np.nan])
    column = pd.Series(["late", "on time", "early"])
    np.testing.assert_array_equal(classes_of(column, labels("late")), [1, np.nan, np.nan])


def test_minus_one_is_the_negative_class_where_the_monitor_says_so():
    # to many programs it means that there is no label
    column = pd.Series([1, -1, 1])
    np.testing.assert_array_equal(classes_of(column, labels(True)), [1, np.nan, 1])  # noqa: FBT003
    named = labels(True).model_copy(update={"negative": -1})  # noqa: FBT003
    np.testing.assert_array_equal(classes_of(column, named), [1, 0, 1])


def test_rows_without_a_score_a_decision_or_a_label_are_no_fault():
    score = np.linspace(0, 1, 200)
    whole = pd.DataFrame({"score": score, "prediction": score > 0.5, "label": score > 0.4})
    gaps = whole.astype(object)
    gaps.loc[::7, "score"] = None
    gaps.loc[1::7, "label"] = None
    gaps.loc[2::7, "prediction"] = None
    for reference in (gaps, gaps.drop(columns="prediction")):
        found = classification_report(whole, reference, threshold=0.5)
        assert isinstance(found, EvidentlyReport)
        assert "142 of the baseline" in found.html
