"""Fitted estimators with scikit-learn's interface, as what the monitor's model puts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.sklearn_classifier import adapt_classifier
from obs_dagster.explain.sklearn_regressor import adapt_regressor


def adapt_estimator(
    found: Any, logged: LoggedModel, declared: Mapping[str, Kind] | None = None
) -> ExplainableModel:
    """The adapter of a fitted estimator or pipeline.

    Args:
        found: the estimator.
        logged: the version that it is.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it is none that can be explained.
    """
    adapt = adapt_regressor if logged.puts == "number" else adapt_classifier
    return adapt(found, place=logged.place, declared=declared)
