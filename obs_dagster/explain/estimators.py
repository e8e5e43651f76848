"""Fitted estimators with scikit-learn's interface, as what the monitor's model puts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from obs_dagster.explain.explainable import ClassModel, ExplainableModel, Puts
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.sklearn_classes import adapt_classes
from obs_dagster.explain.sklearn_classifier import adapt_classifier
from obs_dagster.explain.sklearn_detector import adapt_detector, is_detector
from obs_dagster.explain.sklearn_regressor import adapt_regressor


def adapt_estimator(
    found: Any, logged: LoggedModel, declared: Mapping[str, Kind] | None = None
) -> ExplainableModel | ClassModel:
    """The adapter of a fitted estimator or pipeline.

    Args:
        found: the estimator.
        logged: the version that it is.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it is none that can be explained.
    """
    if logged.puts == "number" and is_detector(found):
        return adapt_detector(found, place=logged.place, declared=declared)
    return _ADAPT[logged.puts](found, place=logged.place, declared=declared)


_ADAPT: Mapping[Puts, Callable[..., ExplainableModel | ClassModel]] = {
    "score": adapt_classifier,
    "number": adapt_regressor,
    "classes": adapt_classes,
}
