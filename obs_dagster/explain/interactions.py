"""Which pairs of features move a version's output together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.explain.class_explanation import ClassExplanation
from obs_dagster.explain.explain import RESIDUAL_TOLERANCE
from obs_dagster.explain.explainable import (
    ClassModel,
    ExplainableModel,
    FloatArray,
    HasClassInteractions,
    HasInteractions,
    Unit,
    size,
)
from obs_dagster.explain.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd


class NoInteractionsError(ObsError):
    """SHAP values of a version cannot be divided among pairs of features."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """How strongly pairs of features act together.

    Attributes:
        features: the f features, those with the largest SHAP values first.
        values: the mean over the rows of |SHAP interaction value|, shape (f, f): of a pair both halves, so
            what it moves the output by; on the diagonal what a feature moves it by alone.
        rows: rows behind it.
        unit: of the values.
    """

    features: tuple[str, ...]
    values: FloatArray
    rows: int
    unit: Unit

    def pairs(self) -> list[tuple[str, str, float]]:
        """The pairs of two features, the strongest first."""
        first, second = np.triu_indices(len(self.features), k=1)
        order = np.argsort(-self.values[first, second], kind="stable")
        return [
            (
                self.features[first[at]],
                self.features[second[at]],
                float(self.values[first[at], second[at]]),
            )
            for at in order
        ]

    def to_json(self) -> str:
        """As a document for programs."""
        document: dict[str, Any] = {
            "features": list(self.features),
            "mean_absolute": self.values.tolist(),
            "rows": self.rows,
            "unit": self.unit,
        }
        return json.dumps(document, indent=1)


def has_interactions(model: ExplainableModel, background: pd.DataFrame) -> bool:
    """Whether SHAP values of a version can be divided among pairs of features: those of trees can."""
    return isinstance(model, HasInteractions) and model.interactions(background) is not None


def strengths(model: ExplainableModel, background: pd.DataFrame, found: Explanation, rows: int) -> Strengths:
    """How strongly the features of a version act together, over the first rows of an explanation.

    Args:
        model: the version.
        background: a sample of its baseline.
        found: the explanation.
        rows: how many rows.

    Raises:
        NoInteractionsError: the model has no method for it, or one that does not give the SHAP values back.
    """
    pairs = model.interactions(background) if isinstance(model, HasInteractions) else None
    if pairs is None:
        raise NoInteractionsError(
            "There are no interactions of it: only trees have SHAP interaction values.",
            remedy="Leave `explanations.interactions` out for such models.",
        )
    data = found.data.iloc[:rows]
    return _of(found.features, pairs(data)[..., np.newaxis], found.shap_values[..., np.newaxis], found.unit)


def class_strengths(
    model: ClassModel, background: pd.DataFrame, found: ClassExplanation, rows: int
) -> Strengths | None:
    """The same of a version that scores several classes, on average over these; None if it has no method.

    Args:
        model: the version.
        background: a sample of its baseline.
        found: the explanation.
        rows: how many rows.

    Raises:
        NoInteractionsError: the method does not give the SHAP values back.
    """
    pairs = model.class_interactions(background) if isinstance(model, HasClassInteractions) else None
    if pairs is None:
        return None
    values = pairs(found.data.iloc[:rows])
    return _of(found.features, values, found.found.contributions, found.found.unit)


def _of(features: tuple[str, ...], values: FloatArray, shap: FloatArray, unit: Unit) -> Strengths:
    """Strengths by the values of the first rows, shape (n, f, f, k), and SHAP values, shape (rows, f, k)."""
    shap = shap[: len(values)]
    off = float(np.abs(values.sum(axis=2) - shap).max())
    if not np.isfinite(values).all() or off > RESIDUAL_TOLERANCE * size(shap, unit):
        raise NoInteractionsError(
            f"There are no interactions of it: those that were found are off by {off:.3g} {unit} from its "
            "SHAP values.",
            remedy="Leave `explanations.interactions` out for such models.",
        )
    order = np.argsort(-np.abs(shap).mean(axis=(0, 2)), kind="stable")
    mean = np.abs(values).mean(axis=(0, 3))[np.ix_(order, order)]
    mean = mean + mean.T * (1 - np.eye(len(order)))
    return Strengths(tuple(features[at] for at in order), mean, len(values), unit)
