"""Intervals on rows that nobody drew from a formula: tumours of scikit-learn's data are the population."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.real_rows import Held, changes, fairness, groups_of, shrunk, versions
from obs_dagster.metrics.evaluation import evaluate


@pytest.fixture(scope="module")
def tumours():
    """Each with two middling scores of being malignant, and a number that is predicted."""
    data = load_breast_cancer(as_frame=True)
    seen, late = data.data, 1 - data.target
    scored = {
        name: make_pipeline(StandardScaler(), LogisticRegression())
        .fit(seen[features], late)
        .predict_proba(seen[features])[:, 1]
        for name, features in (
            ("one", ["mean texture", "mean smoothness"]),
            ("two", ["mean texture", "mean symmetry"]),
        )
    }
    few = seen[["mean texture", "mean concavity"]]
    return pd.DataFrame(
        {
            **scored,
            "late": late,
            "delay": seen["mean area"],
            "minutes": LinearRegression().fit(few, seen["mean area"]).predict(few),
            "morning": np.where(seen["mean symmetry"] > seen["mean symmetry"].median(), "high", "low"),
            "origin": pd.cut(seen["texture error"], 3, labels=["a", "b", "c"]).astype(str),
            "dest": pd.qcut(seen["smoothness error"], 8).astype(str),
            "autumn": seen["fractal dimension error"] > seen["fractal dimension error"].median(),
        }
    )


def test_groups_are_counted_as_their_metrics_are_defined(tumours):
    said = evaluate("fairness", groups_of(tumours, "morning"), task="binary_classification")
    chosen = (tumours["one"] >= 0.3).groupby(tumours["morning"]).mean()
    assert said["demographic_parity_difference"].value == pytest.approx(chosen.max() - chosen.min())


def test_between_two_groups_intervals_hold(tumours):
    found = fairness(tumours, 800, 150, "morning")
    assert found.keys() >= {
        "demographic_parity_ratio",
        "equal_opportunity_difference",
        "group_calibration_gap",
    }
    assert all(each.draws > 140 for each in found.values())
    assert sum((each for each in found.values()), Held(0, 0)).share == pytest.approx(0.955, abs=0.025)


def test_intervals_of_changes_hold_also_of_errors_with_tails(tumours):
    found = changes(tumours, 500, 120)
    assert found.keys() >= {"recall", "precision", "f1", "mae", "rmse", "bias"}
    assert sum((each for each in found.values()), Held(0, 0)).share == pytest.approx(0.95, abs=0.03)


def test_shares_of_segments_and_versions_over_nights_hold(tumours):
    assert shrunk(tumours, 600, 60, "dest")["by itself"].share == pytest.approx(0.95, abs=0.03)
    of_versions = versions(tumours, 8)
    assert sum((each for each in of_versions.values()), Held(0, 0)).share >= 0.93


def test_what_is_out_of_what_is_promised_is_bold():
    assert (Held(95, 100).said, Held(40, 100).said, Held(0, 0).said) == ("95.0%", "**40.0%**", "too few")
