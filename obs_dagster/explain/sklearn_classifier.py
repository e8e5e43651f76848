"""Scikit-learn classifiers and pipelines: linear, tree and any other final estimator."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.column_origins import IntArray, column_origins
from obs_dagster.explain.explainable import Attribution, FloatArray
from obs_dagster.explain.permutation import attribute_by_permutation, log_odds
from obs_dagster.explain.text_columns import text_columns

if TYPE_CHECKING:
    import pandas as pd

_LINEAR = frozenset({"LogisticRegression", "LogisticRegressionCV"})
_FORESTS = frozenset(
    {"DecisionTreeClassifier", "ExtraTreeClassifier", "ExtraTreesClassifier", "RandomForestClassifier"}
)
_BOOSTED = frozenset({"GradientBoostingClassifier", "HistGradientBoostingClassifier", "LGBMClassifier"})


@dataclass(frozen=True)
class SklearnClassifier:
    """Adapts a fitted binary classifier: a bare estimator, or a pipeline that ends in one.

    A linear or tree estimator is explained on the preprocessed matrix, and the SHAP values of the columns
    that one raw feature was turned into are added up. Where the preprocessing mixes features, or the
    estimator is of another kind, the whole pipeline is explained by permutation of raw features.
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

    def attribute(self, rows: pd.DataFrame, background: pd.DataFrame) -> Attribution:
        """SHAP values of the raw features, by the fastest exact method that the estimator allows."""
        origins = self._origins(tuple(rows.columns))
        kind = type(self._estimator).__name__
        if origins is not None and kind in _LINEAR:
            return self._linear(rows, background, origins)
        if origins is not None and kind in _FORESTS | _BOOSTED:
            return self._trees(rows, origins)
        return attribute_by_permutation(self.predict, rows, background)

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

    def _linear(self, rows: pd.DataFrame, background: pd.DataFrame, origins: IntArray) -> Attribution:
        import shap

        matrix, reference = self._matrix(rows), self._matrix(background)
        masker = shap.maskers.Independent(reference, max_samples=len(reference))
        explainer = shap.LinearExplainer(self._estimator, masker)
        return Attribution(
            contributions=_summed(np.asarray(explainer.shap_values(matrix)), origins, rows.shape[1]),
            base_value=float(explainer.expected_value),
            output=np.asarray(self.classifier.decision_function(self._given(rows)), dtype=np.float64),
            unit="log-odds",
            method="shap.LinearExplainer (interventional)",
        )

    def _trees(self, rows: pd.DataFrame, origins: IntArray) -> Attribution:
        import shap

        explainer = shap.TreeExplainer(self._estimator)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="LightGBM binary classifier", category=UserWarning)
            # check_additivity raises; the residual, which is recorded, says by how much.
            values = np.asarray(explainer.shap_values(self._matrix(rows), check_additivity=False))
        # (n, f, classes) or (n, f): which of the two differs by model.
        by_class = values.ndim == 3  # noqa: PLR2004
        probability = self.predict(rows)
        forest = type(self._estimator).__name__ in _FORESTS
        return Attribution(
            contributions=_summed(values[:, :, 1] if by_class else values, origins, rows.shape[1]),
            base_value=float(np.ravel(explainer.expected_value)[-1]),
            output=probability if forest else log_odds(probability),
            unit="probability" if forest else "log-odds",
            method="shap.TreeExplainer (path-dependent)",
        )

    def _matrix(self, rows: pd.DataFrame) -> FloatArray:
        """What the estimator is given for the rows, dense, shape (n, columns)."""
        given = self._given(rows)
        if self._preprocessing is not None:
            given = self._preprocessing.transform(given)
        dense = given.toarray() if hasattr(given, "toarray") else given
        return np.asarray(dense, dtype=np.float64)

    def _given(self, rows: pd.DataFrame) -> Any:
        """The rows in the form that the classifier was fitted on.

        A column without any value gets the type that the preprocessing expects, whatever the log gave it.
        """
        empty = [name for name in rows.columns if rows[name].isna().all()]
        kinds = {name: object if name in self._text else np.float64 for name in empty}
        typed = rows.assign(**{name: np.full(len(rows), np.nan, dtype=kind) for name, kind in kinds.items()})
        return typed if self.feature_names is not None else typed.to_numpy()


def _summed(values: FloatArray, origins: IntArray, inputs: int) -> FloatArray:
    """Add up the columns of each origin: shape (n, columns) to (n, inputs)."""
    total = np.zeros((len(values), inputs))
    for column, origin in enumerate(origins):
        total[:, origin] += values[:, column]
    return total


def adapt_classifier(classifier: Any, *, place: str) -> SklearnClassifier:
    """The adapter of a fitted classifier.

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
    return SklearnClassifier(classifier)
