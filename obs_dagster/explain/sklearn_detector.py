"""Outlier detectors of scikit-learn, isolation forests first, explained by their anomaly score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explainable import Attribution, ExplainableModel, FloatArray
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.explain.sklearn_classifier import dense
from obs_dagster.explain.sklearn_regressor import SklearnRegressor

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["anomaly score", "score_samples", "decision_function"]
"""Which score it is: the higher the more anomalous, its negative as scikit-learn has it, or that with 0 where
scikit-learn draws the line."""
_EULER = 0.5772156649015329


@dataclass(frozen=True)
class SklearnDetector(SklearnRegressor):
    """Adapts a fitted outlier detector, bare or at the end of a pipeline.

    An isolation forest is explained by the mean length of the paths to a row, of which its score is a
    function that falls (Liu, Ting and Zhou, ICDM 2008): trees add up to it, and TreeSHAP is exact. Any other
    detector is explained by permutation of its score.

    Attributes:
        form: which of its scores is the one that is served.
    """

    form: Form = "anomaly score"

    @property
    def forms(self) -> Sequence[ExplainableModel]:
        """The detector by each of its scores."""
        return [replace(self, form=form) for form in ("anomaly score", "score_samples", "decision_function")]

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The score, shape (n,)."""
        given = self._given(rows)
        if self.form == "decision_function":
            return np.asarray(self.classifier.decision_function(given), dtype=np.float64)
        scores = np.asarray(self.classifier.score_samples(given), dtype=np.float64)
        return -scores if self.form == "anomaly score" else scores

    def interactions(self, background: pd.DataFrame) -> None:
        """None: what pairs of features do to a path is no part of its score."""

    def _exact(self, background: pd.DataFrame) -> Callable[[pd.DataFrame], Attribution] | None:  # noqa: ARG002 - trees carry theirs
        if type(self._estimator).__name__ != "IsolationForest":
            return None
        import shap

        return partial(self._by_paths, shap.TreeExplainer(self._estimator))

    def _by_paths(self, explainer: Any, rows: pd.DataFrame) -> Attribution:
        prepared = self._prepared(rows)
        values = np.asarray(explainer.shap_values(dense(prepared), check_additivity=False), dtype=np.float64)
        base = float(np.ravel(explainer.expected_value)[0])
        score = -np.asarray(self._estimator.score_samples(prepared), dtype=np.float64)
        length = -np.log2(score) * _average_path(int(self._estimator.max_samples_))
        anomalous = self.form == "anomaly score"
        sign = -1.0 if anomalous else 1.0
        return Attribution(
            contributions=sign * values,
            base_value=sign * base,
            output=sign * length,
            unit="shorter path" if anomalous else "longer path",
            method="shap.TreeExplainer of the mean path length (path-dependent)",
            score=self.predict(rows),
        )


def _average_path(rows: int) -> float:
    """The mean length of an unsuccessful search among so many rows, by which path lengths are divided.

    >>> round(_average_path(256), 4), _average_path(2), _average_path(1)
    (10.2448, 1.0, 0.0)
    """
    if rows <= 2:  # noqa: PLR2004 - the formula begins with three
        return float(max(rows - 1, 0))
    return 2.0 * (float(np.log(rows - 1.0)) + _EULER) - 2.0 * (rows - 1.0) / rows


def is_detector(estimator: Any) -> bool:
    """Whether a fitted estimator finds outliers, and scores them."""
    from sklearn.base import is_outlier_detector

    return hasattr(estimator, "score_samples") and bool(is_outlier_detector(estimator))


def adapt_detector(
    detector: Any, *, place: str, declared: Mapping[str, Kind] | None = None
) -> ExplainableModel:
    """The adapter of a fitted outlier detector.

    Args:
        detector: an estimator or a pipeline.
        place: the version it came from, for the error.
        declared: the kinds of inputs that were logged with it.

    Raises:
        ModelLoadError: it cannot score rows that it was not fitted on.
    """
    if not hasattr(detector, "decision_function"):
        raise ModelLoadError(
            f"{place} is a {type(detector).__name__} that scores no new rows.",
            remedy="Fit it with novelty=True and register it again.",
        )
    return SklearnDetector(detector, declared or {})
