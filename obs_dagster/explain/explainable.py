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
Unit = Literal["log-odds", "probability"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """SHAP values as an adapter computes them.

    Attributes:
        contributions: what each input adds to each row, shape (n, f), columns in the order of the rows given.
        base_value: the model's output where nothing is known about a row.
        output: the model's output for each row, in the same unit, shape (n,); `base_value` plus the row's
            contributions must equal it.
        unit: of all of these. Log-odds, except for forests, whose trees average probabilities.
        method: the algorithm.
    """

    contributions: FloatArray
    base_value: float
    output: FloatArray
    unit: Unit
    method: str


Attribute = Callable[["pd.DataFrame"], Attribution]
"""SHAP values of rows that hold exactly the inputs; called with one block of rows after the other."""


class ExplainableModel(Protocol):
    """A binary classifier that scores raw log rows and says what each feature contributed."""

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the model reads, in its order; None if it was trained on an unnamed array."""

    @property
    def unit(self) -> Unit:
        """The unit in which the model's output is explained."""

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, shape (n,), of rows that hold exactly the inputs."""

    def attribution(self, background: pd.DataFrame) -> Attribute | None:
        """The exact SHAP values by a method of the model's own; None if there is no such method.

        Args:
            background: rows that stand for "nothing is known", with exactly the inputs.
        """
