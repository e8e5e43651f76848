"""Permutation importance, held against scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

from obs_dagster.explain.label_loss import loss_growth, row_loss
from obs_dagster.explain.sklearn_classes import SklearnClasses
from obs_dagster.explain.sklearn_classifier import SklearnClassifier
from obs_dagster.explain.sklearn_regressor import SklearnRegressor

REPEATS = 4


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(5)
    return pd.DataFrame(
        draw.normal(size=(300, 3)), columns=["a", "b", "c"], index=[f"id-{at}" for at in range(300)]
    )


def drawn(rows, k):
    noise = np.random.default_rng(6).gumbel(size=(len(rows), k))
    return (np.column_stack([rows["a"] * at + rows["b"] * (at == 1) for at in range(k)]) + noise).argmax(1)


def peers(model, rows, labels, scoring):
    return permutation_importance(
        model, rows, labels, scoring=scoring, n_repeats=REPEATS, random_state=0
    ).importances_mean


def test_a_score(rows):
    labels = drawn(rows, 2)
    model = LogisticRegression().fit(rows, labels)
    growth = loss_growth(SklearnClassifier(model), "score", rows, labels.astype(float), REPEATS)
    assert growth.shape == (300, 3)
    np.testing.assert_allclose(growth.mean(axis=0), peers(model, rows, labels, "neg_log_loss"), rtol=1e-9)


def test_classes(rows):
    labels = drawn(rows, 3)
    model = LogisticRegression().fit(rows, labels)
    growth = loss_growth(SklearnClasses(model), "classes", rows, labels.astype(float), REPEATS)
    np.testing.assert_allclose(growth.mean(axis=0), peers(model, rows, labels, "neg_log_loss"), rtol=1e-9)


def test_a_number(rows):
    target = 3 * rows["a"].to_numpy() - rows["c"].to_numpy()
    model = LinearRegression().fit(rows, target + 0.1)
    growth = loss_growth(SklearnRegressor(model), "number", rows, target, REPEATS)
    expected = peers(model, rows, target, "neg_mean_absolute_error")
    np.testing.assert_allclose(growth.mean(axis=0), expected, rtol=1e-9, atol=1e-12)


def test_a_certain_mistake_has_a_finite_loss():
    loss = row_loss(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0]), "score")
    assert np.isfinite(loss).all()
    assert loss[1] == pytest.approx(0, abs=1e-12)
    assert loss[0] > 30
