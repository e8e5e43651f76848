import datetime as dt
import runpy
from pathlib import Path

import pytest

from obs_dagster.reports.mlflow.naming import LONGEST, metric_name, night_metrics

SEASON = runpy.run_path(str(Path(__file__).parents[2] / "season.py"))
DAY = dt.date(2013, 7, 4)


def name(metric="recall", **subject):
    return metric_name(SEASON["record"](metric, "1", DAY, 0.5, **subject))


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({}, "performance/7d/recall"),
        ({"metric": "psi", "column": "temp"}, "variable_drift/7d/psi/temp"),
        ({"metric": "psi", "column": "user.age"}, "variable_drift/7d/psi/user.age"),
        ({"metric": "volume", "window": 1}, "service/1d/volume"),
        ({"metric": "quarantined_share", "window": 1}, "quality/1d/quarantined_share"),
        ({"metric": "shap_importance", "column": "temp"}, "variable_importance/7d/shap_importance/temp"),
        ({"metric": "of_a_third_party"}, "other/7d/of_a_third_party"),
    ],
)
def test_names(subject, expected):
    assert name(**subject) == expected


HOSTILE = [
    "São",
    "Sao",
    "S[o",
    "S]o",
    "a/b",
    "a/../b",
    "..",
    ".",
    " ",
    "a=b",
    "a b",
    "a,b",
    "日本",
    "x" * 400,
]


def test_names_of_different_columns_differ_and_mlflow_takes_them():
    from mlflow.utils.validation import _validate_metric_name

    names = [name("psi", column=value) for value in HOSTILE]
    assert len(set(names)) == len(names)
    for each in names:
        _validate_metric_name(each)
        assert len(each) <= LONGEST
        assert each.isascii()


def test_what_depends_on_labels_is_withheld_until_they_are_settled():
    records = [
        SEASON["record"]("recall", "1", DAY, 0.5),
        SEASON["record"]("label_coverage", "1", DAY, 0.7),
        SEASON["record"]("volume", "1", DAY, 900.0),
    ]
    assert set(night_metrics(records, settled=False)) == {"service/7d/volume"}
    assert len(night_metrics(records, settled=True)) == 3
