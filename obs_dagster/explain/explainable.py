"""What every loaded model version can do, whatever library it was trained with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Unit = Literal["log-odds", "probability", "unit of the target", "raw score", "shorter path", "longer path"]
"""What SHAP values are in; a raw score is what a softmax over the classes is taken of. Paths are those of an
isolation forest: by how many splits sooner, or later, its trees tell a row from others."""
Puts = Literal["score", "number", "classes"]
"""What a model puts out: the probability of the positive class, a number, or one probability per class."""


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
        score: what the model puts out for each row, shape (n,), where the output is neither that nor its
            log-odds; None if it is.
    """

    contributions: FloatArray
    base_value: float
    output: FloatArray
    unit: Unit
    method: str
    score: FloatArray | None = None


def size(output: FloatArray, unit: Unit) -> float:
    """What deviations of the output are small or large beside: numbers may be of any size."""
    largest = float(np.abs(output).max())
    return (largest or 1.0) if unit == "unit of the target" else max(1.0, largest)


Attribute = Callable[["pd.DataFrame"], Attribution]
"""SHAP values of rows that hold exactly the inputs; called with one block of rows after the other."""


Interactions = Callable[["pd.DataFrame"], FloatArray]
"""SHAP interaction values of rows, shape (n, f, f): what each pair of features adds, half of it on each side
of the diagonal, and on it what a feature adds alone; summed over an axis they are SHAP values."""


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


@runtime_checkable
class HasOtherWays(Protocol):
    """A model with more than one method of its own."""

    @property
    def other_ways(self) -> Sequence[Callable[[pd.DataFrame], Attribute | None]]:
        """What takes over, in order, where `attribution` does not give the model's own scores back."""


@runtime_checkable
class HasInteractions(Protocol):
    """A model whose SHAP values can be divided among pairs of features."""

    def interactions(self, background: pd.DataFrame) -> Interactions | None:
        """How, for rows that hold exactly the inputs; None if there is no such method for it."""


@runtime_checkable
class HasClassInteractions(Protocol):
    """A model whose SHAP values of every class can be divided among pairs of features."""

    def class_interactions(self, background: pd.DataFrame) -> Interactions | None:
        """How, for rows that hold exactly the inputs, shape (n, f, f, k); None if there is no such method."""


@runtime_checkable
class HasForms(Protocol):
    """A model that has more than one score, of which a service may log any."""

    @property
    def forms(self) -> Sequence[ExplainableModel]:
        """The model by each of its scores."""


@dataclass(frozen=True, slots=True)
class ClassAttribution:
    """SHAP values of every class, as an adapter computes them.

    Attributes:
        contributions: what each input adds to the output of each class, shape (n, f, k).
        base_value: the output of each class where nothing is known about a row, shape (k,).
        output: the output of each class for each row, in the same unit, shape (n, k).
        unit: of all of these.
        method: the algorithm.
    """

    contributions: FloatArray
    base_value: FloatArray
    output: FloatArray
    unit: Unit
    method: str


AttributeClasses = Callable[["pd.DataFrame"], ClassAttribution]
"""SHAP values of every class of rows that hold exactly the inputs."""


class ClassModel(Protocol):
    """A model that scores raw log rows with a probability of each class."""

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the model reads, in its order; None if it was trained on an unnamed array."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes by name, in the order of its output; None if it knows only how many there are."""

    @property
    def unit(self) -> Unit:
        """The unit in which the model's output is explained where it has no method of its own."""

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k), of rows that hold exactly the inputs."""

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:
        """The exact SHAP values by a method of the model's own; None if there is no such method."""
