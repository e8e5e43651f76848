"""Explains rows with a loaded model, and checks that it is the model that scored them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from obs_dagster.errors import ObsError
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd


class ExplanationError(ObsError):
    """Rows cannot be explained: there are none, or they lack what the model reads."""


def explain(
    model: ExplainableModel, rows: pd.DataFrame, background: pd.DataFrame, features: Sequence[str]
) -> Explanation:
    """SHAP values of the rows.

    Args:
        model: the version that scored the rows.
        rows: the rows to explain, with at least the columns that the model reads; the index identifies them.
        background: a sample of the version's baseline with the same columns: what "nothing is known about
            a row" means for linear and other models. Tree models carry their own background.
        features: the monitor's features; they name the inputs of a model that was trained on an unnamed
            array. The explanation is about what the model reads, in the model's order.

    Raises:
        ExplanationError: there are no rows, or a column that the model reads is not in them.
    """
    inputs = _inputs(model, features)
    for frame, name in ((rows, "rows to explain"), (background, "background rows")):
        if frame.empty:
            raise ExplanationError(f"There are no {name}.", remedy="Explain a day that has predictions.")
        _require(frame, inputs, name)
    data = rows[list(inputs)]
    found = model.attribute(data, background[list(inputs)])
    residual = np.abs(found.base_value + found.contributions.sum(axis=1) - found.output).max()
    return Explanation(
        shap_values=found.contributions,
        base_value=found.base_value,
        features=inputs,
        data=data,
        residual=float(residual),
        unit=found.unit,
        method=found.method,
    )


def score_difference(
    model: ExplainableModel, rows: pd.DataFrame, logged: ArrayLike, features: Sequence[str]
) -> float:
    """The largest absolute difference between the model's scores of the rows and the logged ones.

    Near 0 (1e-6 leaves room for rounding in the log) the registry holds what served the traffic; else the
    artifact, the version in the log or a feature's encoding is wrong, and explanations would explain
    another model. NaN in `logged` (a request that failed) is skipped; without any score it is 0.

    Raises:
        ExplanationError: a column that the model reads is not in the rows.
    """
    inputs = _inputs(model, features)
    _require(rows, inputs, "rows to score")
    scores = np.asarray(logged, dtype=np.float64)
    known = ~np.isnan(scores)
    if not known.any():
        return 0.0
    again = model.predict(rows.loc[known, list(inputs)])
    return float(np.abs(again - scores[known]).max())


def _inputs(model: ExplainableModel, features: Sequence[str]) -> tuple[str, ...]:
    return tuple(features) if model.feature_names is None else model.feature_names


def _require(frame: pd.DataFrame, inputs: Sequence[str], name: str) -> None:
    missing = [column for column in inputs if column not in frame.columns]
    if missing:
        raise ExplanationError(
            f"The model reads {', '.join(missing)}, which the {name} do not have.",
            remedy="Log every column that the model reads, under the name it was trained with.",
        )
