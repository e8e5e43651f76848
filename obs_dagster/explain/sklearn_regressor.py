"""Regressors of scikit-learn's kind, bare or at the end of a pipeline, in the unit of their target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import lightgbm_booster, xgboost_booster
from obs_dagster.explain.explainable import Attribution, ExplainableModel, FloatArray, Unit
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.explain.sklearn_classifier import SklearnClassifier

if TYPE_CHECKING:
    import pandas as pd

#: Losses of histogram gradient boosting whose trees add up to the logarithm of the prediction.
_WITH_A_LOGARITHM = ("gamma", "poisson")


@dataclass(frozen=True)
class SklearnRegressor(SklearnClassifier):
    """Adapts a fitted regressor as `SklearnClassifier` does a classifier."""

    linear: ClassVar[frozenset[str]] = frozenset(
        {
            "ElasticNet",
            "ElasticNetCV",
            "HuberRegressor",
            "Lars",
            "LarsCV",
            "Lasso",
            "LassoCV",
            "LassoLars",
            "LassoLarsCV",
            "LassoLarsIC",
            "LinearRegression",
            "LinearSVR",
            "QuantileRegressor",
            "Ridge",
            "RidgeCV",
            "SGDRegressor",
        }
    )
    trees: ClassVar[frozenset[str]] = frozenset(
        {
            "DecisionTreeRegressor",
            "ExtraTreeRegressor",
            "ExtraTreesRegressor",
            "GradientBoostingRegressor",
            "HistGradientBoostingRegressor",
            "RandomForestRegressor",
        }
    )
    lightgbm: ClassVar[str] = "LGBMRegressor"
    xgboost: ClassVar[str] = "XGBRegressor"

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The predicted number, shape (n,)."""
        return np.ravel(np.asarray(self.classifier.predict(self._given(rows)), dtype=np.float64))

    @cached_property
    def unit(self) -> Unit:
        """That of what it predicts."""
        return "unit of the target"

    def _exact(self, background: pd.DataFrame) -> Callable[[pd.DataFrame], Attribution] | None:
        if getattr(self._estimator, "loss", "") in _WITH_A_LOGARITHM:
            return None
        return super()._exact(background)

    def _margin(self, prepared: Any) -> FloatArray:
        return np.ravel(np.asarray(self._estimator.predict(prepared), dtype=np.float64))


def adapt_regressor(
    regressor: Any, *, place: str, declared: Mapping[str, Kind] | None = None
) -> ExplainableModel:
    """The adapter of a fitted regressor; that of its booster, where it is nothing but a booster.

    Args:
        regressor: an estimator or a pipeline.
        place: the version it came from, for the error.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it does not predict one number.
    """
    kind = type(regressor).__name__
    if not hasattr(regressor, "predict") or hasattr(regressor, "classes_"):
        raise ModelLoadError(
            f"{place} is a {kind}, which does not predict numbers.",
            remedy="Register a regressor, or choose another `task` in the monitor.",
        )
    if getattr(regressor, "n_outputs_", 1) != 1:
        raise ModelLoadError(
            f"{place} is a {kind} that predicts {regressor.n_outputs_} numbers.",
            remedy="Register a regressor of one target.",
        )
    if kind == "LGBMRegressor":
        return lightgbm_booster.adapt_booster(regressor.booster_, place=place, puts="number")
    if kind == "XGBRegressor" and np.isnan(regressor.missing):
        trees = xgboost_booster.rounds_of(regressor)
        booster = regressor.get_booster()
        return xgboost_booster.adapt_booster(booster, place=place, trees=trees, puts="number")
    return SklearnRegressor(regressor, declared or {})
