"""Scikit-learn classifiers and pipelines: linear, tree and any other final estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import lightgbm_booster, xgboost_booster
from obs_dagster.explain.column_origins import IntArray, column_origins
from obs_dagster.explain.explainable import Attribute, Attribution, ExplainableModel, FloatArray
from obs_dagster.explain.permutation import log_odds, permutation_attribution
from obs_dagster.explain.text_columns import text_columns

if TYPE_CHECKING:
    import pandas as pd

_LINEAR = frozenset({"LogisticRegression", "LogisticRegressionCV"})
_FORESTS = frozenset(
    {"DecisionTreeClassifier", "ExtraTreeClassifier", "ExtraTreesClassifier", "RandomForestClassifier"}
)
_BOOSTED = frozenset({"GradientBoostingClassifier", "HistGradientBoostingClassifier"})


@dataclass(frozen=True)
class SklearnClassifier:
    """Adapts a fitted binary classifier: a bare estimator, or a pipeline that ends in one.

    A linear or tree estimator is explained on the preprocessed matrix, and the SHAP values of the columns
    that one raw feature was turned into are added up. LightGBM and XGBoost do it themselves, with what shap
    would give. Where the preprocessing mixes features, or there is no exact method for the estimator, the
    whole pipeline is explained by permutation of raw features.
    """

    classifier: Any

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the classifier was fitted on; None if they had no names."""
        names = getattr(self.classifier, "feature_names_in_", None)
        return None if names is None else tuple(str(name) for name in names)

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the second class, shape (n,)."""
        return np.asarray(self.classifier.predict_proba(self._given(rows))[:, 1], dtype=np.float64)

    def attribution(self, background: pd.DataFrame, largest: int) -> Attribute:
        """SHAP values of the raw features, by the fastest exact method that the estimator allows."""
        origins = self._origins(tuple(background.columns))
        exact = None if origins is None else self._exact(background)
        if origins is None or exact is None:
            return permutation_attribution(self.predict, background, largest)
        return partial(self._summed_up, exact, origins)

    def _exact(self, background: pd.DataFrame) -> Callable[[pd.DataFrame], Attribution] | None:
        """An exact attribution to the columns that the estimator is given; None if there is none."""
        estimator, kind = self._estimator, type(self._estimator).__name__
        if kind in _LINEAR:
            return partial(self._linear, _dense(self._prepared(background)).mean(axis=0))
        if kind == "LGBMClassifier":
            lightgbm = lightgbm_booster.tree_shap(estimator.booster_)
            return None if lightgbm is None else lambda rows: lightgbm(_dense(self._prepared(rows)))
        if kind == "XGBClassifier":
            trees = xgboost_booster.rounds_of(estimator)
            xgboost = xgboost_booster.tree_shap(estimator.get_booster(), trees)
            return None if xgboost is None else lambda rows: xgboost(self._dmatrix(rows))
        if kind in _FORESTS | _BOOSTED:
            import shap

            return partial(self._trees, shap.TreeExplainer(estimator))
        return None

    @cached_property
    def _estimator(self) -> Any:
        steps = getattr(self.classifier, "steps", None)
        return self.classifier if steps is None else steps[-1][1]

    @cached_property
    def _preprocessing(self) -> Any:
        """What comes before the estimator; None if nothing does."""
        steps = getattr(self.classifier, "steps", ())
        return self.classifier[:-1] if len(steps) > 1 else None

    @cached_property
    def _text(self) -> frozenset[str]:
        return frozenset() if self._preprocessing is None else text_columns(self._preprocessing)

    def _origins(self, inputs: tuple[str, ...]) -> IntArray | None:
        if self._preprocessing is None:
            return np.arange(len(inputs))
        return column_origins(self._preprocessing, inputs)

    def _summed_up(
        self, exact: Callable[[pd.DataFrame], Attribution], origins: IntArray, rows: pd.DataFrame
    ) -> Attribution:
        """The attribution with the columns of each raw feature added up."""
        found = exact(rows)
        return replace(found, contributions=_summed(found.contributions, origins, rows.shape[1]))

    def _linear(self, mean: FloatArray, rows: pd.DataFrame) -> Attribution:
        """Coefficient times distance from the background's mean (Lundberg and Lee 2017, corollary 1)."""
        coefficients = np.ravel(self._estimator.coef_)
        prepared = self._prepared(rows)
        return Attribution(
            contributions=(_dense(prepared) - mean) * coefficients,
            base_value=float(mean @ coefficients + np.ravel(self._estimator.intercept_)[0]),
            output=np.asarray(self._estimator.decision_function(prepared), dtype=np.float64),
            unit="log-odds",
            method="linear: coefficient x distance from the background's mean (interventional)",
        )

    def _trees(self, explainer: Any, rows: pd.DataFrame) -> Attribution:
        # check_additivity raises; the residual, which is recorded, says by how much.
        values = np.asarray(explainer.shap_values(_dense(self._prepared(rows)), check_additivity=False))
        # (n, f, classes) or (n, f): which of the two differs by model.
        by_class = values.ndim == 3  # noqa: PLR2004
        probability = self.predict(rows)
        forest = type(self._estimator).__name__ in _FORESTS
        return Attribution(
            contributions=values[:, :, 1] if by_class else values,
            base_value=float(np.ravel(explainer.expected_value)[-1]),
            output=probability if forest else log_odds(probability),
            unit="probability" if forest else "log-odds",
            method="shap.TreeExplainer (path-dependent)",
        )

    def _dmatrix(self, rows: pd.DataFrame) -> Any:
        """What XGBoost is given: of a sparse matrix, the zeros that are left out are missing values to it."""
        import xgboost

        prepared = self._prepared(rows)
        given = prepared if hasattr(prepared, "toarray") else _dense(prepared)
        names = self._estimator.get_booster().feature_names
        return xgboost.DMatrix(given, missing=self._estimator.missing, feature_names=names)

    def _prepared(self, rows: pd.DataFrame) -> Any:
        """What the estimator is given for the rows."""
        given = self._given(rows)
        return given if self._preprocessing is None else self._preprocessing.transform(given)

    def _given(self, rows: pd.DataFrame) -> Any:
        """The rows in the form that the classifier was fitted on.

        A column without any value gets the type that the preprocessing expects, whatever the log gave it.
        """
        empty = [name for name in rows.columns if rows[name].isna().all()]
        kinds = {name: object if name in self._text else np.float64 for name in empty}
        typed = rows.assign(**{name: np.full(len(rows), np.nan, dtype=kind) for name, kind in kinds.items()})
        return typed if self.feature_names is not None else typed.to_numpy()


def _dense(prepared: Any) -> FloatArray:
    """A prepared matrix without gaps, shape (n, columns)."""
    filled = prepared.toarray() if hasattr(prepared, "toarray") else prepared
    return np.asarray(filled, dtype=np.float64)


def _summed(values: FloatArray, origins: IntArray, inputs: int) -> FloatArray:
    """Add up the columns of each origin: shape (n, columns) to (n, inputs)."""
    total = np.zeros((len(values), inputs))
    for column, origin in enumerate(origins):
        total[:, origin] += values[:, column]
    return total


def adapt_classifier(classifier: Any, *, place: str) -> ExplainableModel:
    """The adapter of a fitted classifier; that of its booster, where it is nothing but a booster.

    Args:
        classifier: an estimator or a pipeline.
        place: the version it came from, for the error.

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
    return SklearnClassifier(classifier)
