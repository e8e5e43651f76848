"""What every loaded model version can do, whatever library it was trained with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Unit = Literal["log-odds", "probability", "unit of the target"]
Puts = Literal["score", "number"]
"""What a model puts out: the probability of the positive class, or a number."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """SHAP values as an adapter computes them.

    Attributes:
        contributions: what each input adds to each row, shape (n, f), columns in the order of the rows given.
        base_value: the model's output where nothing is known about a row.
        output: the model's output for each row, in the same unit, shape (n,); `base_value` plus the row's
            contributions must equal it.
        unit: of all of these. Of classifiers log-odds, except for forests, whose trees average probabilities;
            of regressors that of what they predict.
        method: the algorithm.
    """

    contributions: FloatArray
    base_value: float
    output: FloatArray
    unit: Unit
    method: str


def size(output: FloatArray, unit: Unit) -> float:
    """What deviations of the output are small or large beside: numbers may be of any size."""
    largest = float(np.abs(output).max())
    return (largest or 1.0) if unit == "unit of the target" else max(1.0, largest)


Attribute = Callable[["pd.DataFrame"], Attribution]
"""SHAP values of rows that hold exactly the inputs; called with one block of rows after the other."""


class ExplainableModel(Protocol):
    """A model that scores raw log rows with one number and says what each feature contributed."""

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the model reads, in its order; None if it was trained on an unnamed array."""

    @property
    def unit(self) -> Unit:
        """The unit in which the model's output is explained."""

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """What the log holds, a probability or a number, shape (n,), of rows that hold exactly the inputs."""

    def attribution(self, background: pd.DataFrame) -> Attribute | None:
        """The exact SHAP values by a method of the model's own; None if there is no such method.

        Args:
            background: rows that stand for "nothing is known", with exactly the inputs.
        """
