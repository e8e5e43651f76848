"""Explains rows with a loaded model, and checks that it is the model that scored them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from obs_dagster.errors import ObsError
from obs_dagster.explain.convergence import is_settled, sizes
from obs_dagster.explain.explainable import Attribute, Attribution, ExplainableModel
from obs_dagster.explain.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd


class ExplanationError(ObsError):
    """Rows cannot be explained: there are none, or they lack what the model reads."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains rows of one version; what does not depend on them is prepared once.

    Attributes:
        features: the columns that the model reads, in its order: what explanations are about.
        attribute: the version's adapter, with the background.
        largest: the largest sample.
    """

    features: tuple[str, ...]
    attribute: Attribute
    largest: int

    @classmethod
    def prepare(
        cls, model: ExplainableModel, background: pd.DataFrame, features: Sequence[str], largest: int
    ) -> Explainer:
        """Prepare the explanation of a version's rows.

        Args:
            model: the version that scored the rows.
            background: a sample of the version's baseline with at least the columns that the model reads:
                what "nothing is known about a row" means for linear and other models. Tree models carry their
                own.
            features: the monitor's features; they name the inputs of a model that was trained on an unnamed
                array.
            largest: how many rows are explained at most.

        Raises:
            ExplanationError: there is no background, or a column that the model reads is not in it.
        """
        inputs = _inputs(model, features)
        _require(background, inputs, "background rows")
        return cls(inputs, model.attribution(background[list(inputs)], largest), largest)

    def explain(self, rows: pd.DataFrame, tolerance: float = 0.0) -> Explanation:
        """SHAP values of the first rows: of as many as it takes until the ranking of features is settled.

        How many that are depends on the rows alone, never on the clock: a day that is explained again gets
        the same explanation. The cost is bounded by the largest sample.

        Args:
            rows: in the order in which they were drawn, so that the first ones are a sample as well; with at
                least the columns that the model reads. The index identifies them.
            tolerance: what `is_settled` takes; 0 explains as many as there are, up to the largest sample.

        Raises:
            ExplanationError: there are no rows, or a column that the model reads is not in them.
        """
        _require(rows, self.features, "rows to explain")
        data = rows.iloc[: self.largest][list(self.features)]
        steps = sizes(len(data)) if tolerance else [len(data)]
        blocks: list[Attribution] = []
        settled, start = False, 0
        for end in steps:
            blocks.append(self.attribute(data.iloc[start:end]))
            values = np.concatenate([block.contributions for block in blocks])
            start, settled = end, is_settled(values, looks=len(steps), tolerance=tolerance)
            if settled:
                break
        output = np.concatenate([block.output for block in blocks])
        first = blocks[0]
        return Explanation(
            shap_values=values,
            base_value=first.base_value,
            features=self.features,
            data=data.iloc[:start],
            residual=float(np.abs(first.base_value + values.sum(axis=1) - output).max()),
            unit=first.unit,
            method=first.method,
            settled=settled,
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
    if frame.empty:
        raise ExplanationError(f"There are no {name}.", remedy="Explain a day that has predictions.")
    missing = [column for column in inputs if column not in frame.columns]
    if missing:
        raise ExplanationError(
            f"The model reads {', '.join(missing)}, which the {name} do not have.",
            remedy="Log every column that the model reads, under the name it was trained with.",
        )
