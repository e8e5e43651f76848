"""What made the mean output move: features' parts add up to it, each with an interval."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift


def found(then, now, column=None, obstacle=""):
    return evaluate("explanation", AttributionShift(then, now, column, obstacle))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 50), st.integers(2, 50))
def test_parts_add_up_to_the_shift_of_the_output(seed, features, m, n):
    random = np.random.default_rng(seed)
    then, now = (random.normal(random.normal(size=features), 2.0, (rows, features)) for rows in (m, n))
    whole = found(then, now)["output_shift"].value
    parts = [found(then, now, column)["shap_shift"].value for column in range(features)]
    assert math.fsum(parts) == pytest.approx(whole, abs=1e-12)
    assert whole == pytest.approx(now.sum(axis=1).mean() - then.sum(axis=1).mean())


def test_the_interval_is_welchs():
    random = np.random.default_rng(3)
    then, now = random.normal(size=(400, 3)), random.normal(0.2, 1.5, (90, 3))
    expected = ttest_ind(now[:, 1], then[:, 1], equal_var=False).confidence_interval(0.95)
    part = found(then, now, 1)["shap_shift"]
    assert (part.low, part.high) == pytest.approx((expected.low, expected.high))
    assert part.n == 90


def test_what_never_varies_is_known_for_sure_and_what_is_not_there_is_not():
    still = np.zeros((20, 2))
    part = found(still, still + np.array([0.5, 0.0]), 0)["shap_shift"]
    assert (part.value, part.low, part.high) == (0.5, 0.5, 0.5)
    assert found(still, still[:1])["output_shift"].low is None
    assert found(still, np.full((5, 2), np.nan))["output_shift"].reason == "no explained rows"
    assert "too large" in found(still, np.full((5, 2), 1e308))["output_shift"].reason
    assert found(np.zeros((0, 0)), still, 1, "no baseline")["shap_shift"].reason == "no baseline"
    assert found(still, still, 1, "by another method")["shap_shift"].reason == "by another method"
