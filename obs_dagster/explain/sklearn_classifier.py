"""Scikit-learn classifiers and pipelines: linear, tree and any other final estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import lightgbm_booster, xgboost_booster
from obs_dagster.explain.column_origins import IntArray, column_origins
from obs_dagster.explain.explainable import (
    Attribute,
    Attribution,
    ExplainableModel,
    FloatArray,
    Interactions,
    Unit,
)
from obs_dagster.explain.hist_gradient_boosting import CategoricalBoosting, has_categories
from obs_dagster.explain.input_kinds import Kind, input_kinds, typed
from obs_dagster.explain.sklearn_interactions import summed_pairs, tree_interactions

if TYPE_CHECKING:
    import pandas as pd

_FORESTS = frozenset(
    {"DecisionTreeClassifier", "ExtraTreeClassifier", "ExtraTreesClassifier", "RandomForestClassifier"}
)


@dataclass(frozen=True)
class SklearnClassifier:
    """Adapts a fitted binary classifier: a bare estimator, or a pipeline that ends in one.

    A linear or tree estimator is explained on the preprocessed matrix, and the SHAP values of the columns
    that one raw feature was turned into are added up. LightGBM and XGBoost do it themselves, with what shap
    would give. Where the preprocessing mixes features, or there is no exact method for the estimator, the
    whole pipeline is explained by permutation of raw features.

    It is given the values of the log in the types that it was fitted on, as far as it says which these are.

    Attributes:
        classifier: the estimator or pipeline.
        declared: the kinds of inputs that were logged with it; what it has learned itself counts first.
    """

    classifier: Any
    declared: Mapping[str, Kind] = field(default_factory=dict)

    linear: ClassVar[frozenset[str]] = frozenset({"LogisticRegression", "LogisticRegressionCV"})
    trees: ClassVar[frozenset[str]] = _FORESTS | {
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
    }
    lightgbm: ClassVar[str] = "LGBMClassifier"
    xgboost: ClassVar[str] = "XGBClassifier"

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the classifier was fitted on; None if they had no names."""
        names = getattr(self.classifier, "feature_names_in_", None)
        return None if names is None else tuple(str(name) for name in names)

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the second class, shape (n,)."""
        return np.asarray(self.classifier.predict_proba(self._given(rows))[:, 1], dtype=np.float64)

    def attribution(self, background: pd.DataFrame) -> Attribute | None:
        """SHAP values of the raw features, by the fastest exact method that the estimator allows, if any."""
        origins = self._origins(tuple(background.columns))
        exact = None if origins is None else self._exact(background)
        if origins is None or exact is None:
            return None
        return partial(self._summed_up, exact, origins)

    @cached_property
    def unit(self) -> Unit:
        """Trees of forests average probabilities, of which many are 0 or 1 and have no log-odds."""
        return "probability" if type(self._estimator).__name__ in _FORESTS else "log-odds"

    def _exact(self, background: pd.DataFrame) -> Callable[[pd.DataFrame], Attribution] | None:
        """An exact attribution to the columns that the estimator is given; None if there is none."""
        estimator, kind = self._estimator, type(self._estimator).__name__
        if kind in self.linear:
            return partial(self._linear, dense(self._prepared(background)).mean(axis=0))
        if kind == self.lightgbm:
            lightgbm = lightgbm_booster.tree_shap(estimator.booster_, self.unit)
            return None if lightgbm is None else lambda rows: lightgbm(_matrix(self._prepared(rows)))
        if kind == self.xgboost:
            trees = xgboost_booster.rounds_of(estimator)
            xgboost = xgboost_booster.tree_shap(estimator.get_booster(), trees, self.unit)
            return None if xgboost is None else lambda rows: xgboost(self._dmatrix(rows))
        if kind not in self.trees:
            return None
        if has_categories(estimator):
            boosting = CategoricalBoosting(estimator, self._margin, self.unit)
            return lambda rows: boosting(self._prepared(rows))
        import shap

        return partial(self._of_trees, shap.TreeExplainer(estimator))

    def interactions(self, background: pd.DataFrame) -> Interactions | None:
        """SHAP interaction values of the raw features, where the estimator is one of trees."""
        origins = self._origins(tuple(background.columns))
        pairs = None if origins is None or self.attribution(background) is None else self._pairs()
        if origins is None or pairs is None:
            return None
        return lambda rows: summed_pairs(pairs(rows), origins, rows.shape[1])

    def _pairs(self) -> Callable[[pd.DataFrame], FloatArray] | None:
        """Interaction values of the columns that the estimator is given; None if it is not of trees."""
        estimator, kind = self._estimator, type(self._estimator).__name__
        if kind == self.xgboost:
            trees = xgboost_booster.rounds_of(estimator)
            xgboost = xgboost_booster.tree_interactions(estimator.get_booster(), trees, self.unit)
            return None if xgboost is None else lambda rows: xgboost(self._dmatrix(rows))
        if kind not in self.trees:
            return None
        if has_categories(estimator):
            boosting = CategoricalBoosting(estimator, self._margin, self.unit)
            return lambda rows: boosting.interactions(self._prepared(rows))
        native = tree_interactions(estimator, scale=self._doubled)
        return lambda rows: native(dense(self._prepared(rows)))

    @property
    def _doubled(self) -> float:
        """Half of the log-odds is what trees add up to under the exponential loss."""
        return 2.0 if getattr(self._estimator, "loss", "") == "exponential" else 1.0

    def _margin(self, prepared: Any) -> FloatArray:
        """What the estimator's own sum is for what it is given: log-odds, or half of them."""
        return np.asarray(self._estimator.decision_function(prepared), dtype=np.float64)

    @cached_property
    def _estimator(self) -> Any:
        steps = getattr(self.classifier, "steps", None)
        return self.classifier if steps is None else steps[-1][1]

    @cached_property
    def _preprocessing(self) -> Any:
        """What comes before the estimator; None if nothing does."""
        steps = getattr(self.classifier, "steps", ())
        return self.classifier[:-1] if len(steps) > 1 else None

    def _origins(self, inputs: tuple[str, ...]) -> IntArray | None:
        if self._preprocessing is None:
            return np.arange(len(inputs))
        return column_origins(self._preprocessing, inputs)

    def _summed_up(
        self, exact: Callable[[pd.DataFrame], Attribution], origins: IntArray, rows: pd.DataFrame
    ) -> Attribution:
        """The attribution with the columns of each raw feature added up."""
        found = exact(rows)
        return replace(found, contributions=summed(found.contributions, origins, rows.shape[1]))

    def _linear(self, mean: FloatArray, rows: pd.DataFrame) -> Attribution:
        """Coefficient times distance from the background's mean (Lundberg and Lee 2017, corollary 1)."""
        coefficients = np.ravel(self._estimator.coef_)
        prepared = self._prepared(rows)
        return Attribution(
            contributions=(dense(prepared) - mean) * coefficients,
            base_value=float(mean @ coefficients + np.ravel(self._estimator.intercept_)[0]),
            output=self._margin(prepared),
            unit=self.unit,
            method="linear: coefficient x distance from the background's mean (interventional)",
        )

    def _of_trees(self, explainer: Any, rows: pd.DataFrame) -> Attribution:
        # check_additivity raises; the residual, which is recorded, says by how much.
        values = np.asarray(explainer.shap_values(dense(self._prepared(rows)), check_additivity=False))
        # (n, f, classes) or (n, f): which of the two differs by model.
        by_class = values.ndim == 3  # noqa: PLR2004
        scale = self._doubled
        forest = self.unit == "probability"
        output = self.predict(rows) if forest else scale * self._margin(self._prepared(rows))
        return Attribution(
            contributions=scale * (values[:, :, 1] if by_class else values),
            base_value=scale * float(np.ravel(explainer.expected_value)[-1]),
            output=np.asarray(output, dtype=np.float64),
            unit=self.unit,
            method="shap.TreeExplainer (path-dependent)",
        )

    def _dmatrix(self, rows: pd.DataFrame) -> Any:
        """What XGBoost is given: of a sparse matrix, the zeros that are left out are missing values to it."""
        import xgboost

        prepared, missing = self._prepared(rows), self._estimator.missing
        if _has_categories(prepared):
            return xgboost.DMatrix(prepared, missing=missing, enable_categorical=True)
        given = prepared if hasattr(prepared, "toarray") else dense(prepared)
        booster = self._estimator.get_booster()
        return xgboost.DMatrix(
            given,
            missing=missing,
            feature_names=booster.feature_names,
            feature_types=booster.feature_types,
            enable_categorical=True,
        )

    def _prepared(self, rows: pd.DataFrame) -> Any:
        """What the estimator is given for the rows."""
        given = self._given(rows)
        return given if self._preprocessing is None else self._preprocessing.transform(given)

    def _given(self, rows: pd.DataFrame) -> Any:
        """The rows in the form that the classifier was fitted on."""
        given = typed(rows, self._kinds(tuple(rows.columns)))
        return given if self.feature_names is not None else given.to_numpy()

    def _kinds(self, inputs: tuple[str, ...]) -> Mapping[str, Kind]:
        if inputs not in self._found:
            self._found[inputs] = {**self.declared, **input_kinds(self.classifier, inputs)}
        return self._found[inputs]

    @cached_property
    def _found(self) -> dict[tuple[str, ...], Mapping[str, Kind]]:
        return {}


def _matrix(prepared: Any) -> Any:
    """What LightGBM takes: categories of pandas as they are, for it knows their codes, else numbers."""
    return prepared if _has_categories(prepared) else dense(prepared)


def _has_categories(prepared: Any) -> bool:
    return any(str(kind) == "category" for kind in getattr(prepared, "dtypes", ()))


def dense(prepared: Any) -> FloatArray:
    """A prepared matrix without gaps, shape (n, columns)."""
    filled = prepared.toarray() if hasattr(prepared, "toarray") else prepared
    return np.asarray(filled, dtype=np.float64)


def summed(values: FloatArray, origins: IntArray, inputs: int) -> FloatArray:
    """Add up the columns of each origin: shape (n, columns) to (n, inputs)."""
    total = np.zeros((len(values), inputs))
    for column, origin in enumerate(origins):
        total[:, origin] += values[:, column]
    return total


def adapt_classifier(
    classifier: Any, *, place: str, declared: Mapping[str, Kind] | None = None
) -> ExplainableModel:
    """The adapter of a fitted classifier; that of its booster, where it is nothing but a booster.

    Args:
        classifier: an estimator or a pipeline.
        place: the version it came from, for the error.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it gives no probabilities of two classes.
    """
    classes = getattr(classifier, "classes_", ())
    if not hasattr(classifier, "predict_proba") or len(classes) != 2:  # noqa: PLR2004
        raise ModelLoadError(
            f"{place} is a {type(classifier).__name__} without probabilities of two classes.",
            remedy="Register a binary classifier with predict_proba.",
        )
    kind = type(classifier).__name__
    if kind == "LGBMClassifier":
        return lightgbm_booster.adapt_booster(classifier.booster_, place=place)
    if kind == "XGBClassifier" and np.isnan(classifier.missing):
        trees = xgboost_booster.rounds_of(classifier)
        return xgboost_booster.adapt_booster(classifier.get_booster(), place=place, trees=trees)
    return SklearnClassifier(classifier, declared or {})
