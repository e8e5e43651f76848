"""Scikit-learn classifiers of several classes, and pipelines that end in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import class_boosters, xgboost_booster
from obs_dagster.explain.explainable import (
    AttributeClasses,
    ClassAttribution,
    ClassModel,
    FloatArray,
    Interactions,
)
from obs_dagster.explain.hist_gradient_boosting import has_categories
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.explain.sklearn_classifier import SklearnClassifier, dense, summed
from obs_dagster.explain.sklearn_interactions import summed_pairs
from obs_dagster.monitor.multiclass import class_name

if TYPE_CHECKING:
    import pandas as pd

_FEWEST = 2


@dataclass(frozen=True)
class SklearnClasses(SklearnClassifier):
    """Adapts a fitted classifier of several classes: a bare estimator, or a pipeline that ends in one."""

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that it was fitted on, as labels are written."""
        return named_classes(self.classifier)

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        return np.asarray(self.classifier.predict_proba(self._given(rows)), dtype=np.float64)

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:
        """SHAP values of the raw features, of linear models and of trees; None for others."""
        origins = self._origins(tuple(background.columns))
        exact = None if origins is None else self._of_classes(background)
        if origins is None or exact is None:
            return None

        def attribute(rows: pd.DataFrame) -> ClassAttribution:
            found = exact(rows)
            by_class = [
                summed(found.contributions[:, :, place], origins, rows.shape[1])
                for place in range(found.output.shape[1])
            ]
            return replace(found, contributions=np.stack(by_class, axis=2))

        return attribute

    def interactions(self, background: pd.DataFrame) -> None:
        """None: pairs have values for each class, see `class_interactions`."""

    def class_interactions(self, background: pd.DataFrame) -> Interactions | None:
        """SHAP interaction values of the raw features, of forests and trees; None for others."""
        origins = self._origins(tuple(background.columns))
        of_trees = type(self._estimator).__name__ in self.trees
        if origins is None or not of_trees or self.class_attribution(background) is None:
            return None
        import shap

        explainer = shap.TreeExplainer(self._estimator)

        def of_rows(rows: pd.DataFrame) -> FloatArray:
            values = np.asarray(explainer.shap_interaction_values(dense(self._prepared(rows))), np.float64)
            by_class = [
                summed_pairs(values[..., place], origins, rows.shape[1]) for place in range(values.shape[3])
            ]
            return np.stack(by_class, axis=3)

        return of_rows

    def _of_classes(self, background: pd.DataFrame) -> Callable[[pd.DataFrame], ClassAttribution] | None:
        estimator, kind = self._estimator, type(self._estimator).__name__
        if kind in self.linear and len(estimator.coef_) == len(self.classes):
            return partial(self._linear_classes, dense(self._prepared(background)).mean(axis=0))
        if kind not in self.trees or has_categories(estimator):
            return None
        import shap

        return partial(self._tree_classes, shap.TreeExplainer(estimator))

    def _linear_classes(self, mean: FloatArray, rows: pd.DataFrame) -> ClassAttribution:
        """Coefficient times distance from the background's mean (Lundberg and Lee 2017, corollary 1)."""
        estimator, prepared = self._estimator, self._prepared(rows)
        coefficients = np.asarray(estimator.coef_, dtype=np.float64)
        return ClassAttribution(
            contributions=(dense(prepared) - mean)[:, :, np.newaxis] * coefficients.T[np.newaxis],
            base_value=coefficients @ mean + np.asarray(estimator.intercept_, dtype=np.float64),
            output=self._margin(prepared),
            unit="raw score",
            method="linear: coefficient x distance from the background's mean (interventional)",
        )

    def _tree_classes(self, explainer: Any, rows: pd.DataFrame) -> ClassAttribution:
        prepared = self._prepared(rows)
        values = np.asarray(explainer.shap_values(dense(prepared), check_additivity=False))
        forest = self.unit == "probability"
        return ClassAttribution(
            contributions=values,
            base_value=np.ravel(explainer.expected_value).astype(np.float64),
            output=self.predict(rows) if forest else self._margin(prepared),
            unit="probability" if forest else "raw score",
            method="shap.TreeExplainer (path-dependent)",
        )


def named_classes(classifier: Any) -> tuple[str, ...]:
    """The classes that a classifier was fitted on, as labels are written."""
    return tuple(str(class_name(value)) for value in np.asarray(classifier.classes_).tolist())


def adapt_classes(classifier: Any, *, place: str, declared: Mapping[str, Kind] | None = None) -> ClassModel:
    """The adapter of a fitted classifier; that of its booster, where it is nothing but a booster.

    Args:
        classifier: an estimator or a pipeline.
        place: the version it came from, for the error.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it gives no probabilities of several classes.
    """
    if not hasattr(classifier, "predict_proba") or len(getattr(classifier, "classes_", ())) <= _FEWEST:
        raise ModelLoadError(
            f"{place} is a {type(classifier).__name__} without probabilities of three classes or more.",
            remedy="Register a classifier of these classes with predict_proba.",
        )
    kind, classes = type(classifier).__name__, named_classes(classifier)
    if kind == "LGBMClassifier":
        return class_boosters.adapt_lightgbm(classifier.booster_, place=place, classes=classes)
    if kind == "XGBClassifier" and np.isnan(classifier.missing):
        trees = xgboost_booster.rounds_of(classifier)
        booster = classifier.get_booster()
        return class_boosters.adapt_xgboost(booster, place=place, trees=trees, classes=classes)
    return SklearnClasses(classifier, declared or {})
