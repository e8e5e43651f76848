"""The registered model's own scores of rows: which rows it refuses, and whether it is what scored them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from obs_dagster.explain.explainable import ClassModel, ExplainableModel, FloatArray, HasForms, Puts

if TYPE_CHECKING:
    import pandas as pd

SCORE_TOLERANCE = 1e-6
"""A difference that rounding in the log may make to a probability, or to a number beside the largest."""

_CALLS = 2_000
#: Decimals to which logs round probabilities, and numbers of any size.
_DECIMALS: dict[Puts, range] = {"score": range(2, 6), "classes": range(2, 6), "number": range(6)}


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows as the model scored them.

    Attributes:
        scores: what it puts out, shape (n,), or (n, classes); NaN for the rows that it refused.
        why: what it said of the first row that it refused; empty if it refused none.
    """

    scores: FloatArray
    why: str = ""

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which of the rows it scored."""
        # a sum is finite if all that is added up is
        return np.isfinite(self.scores if self.scores.ndim == 1 else self.scores.sum(axis=1))

    @property
    def refused(self) -> int:
        """How many rows it refused."""
        return int((~self.accepted).sum())


def score(model: ExplainableModel | ClassModel, rows: pd.DataFrame) -> Scored:
    """Have the model score rows; a row that it refuses does not keep it from scoring the others.

    A category that an encoder does not know, text among numbers or a missing value make libraries raise for
    all rows at once. They are halved until the row is found; where there are very many such rows, some that
    stand beside them are left out too.

    Args:
        model: the model.
        rows: with exactly its inputs.
    """
    scores: FloatArray = np.full(len(rows), np.nan)
    why, calls = "", 0
    waiting = [(0, len(rows))]
    while waiting and calls < _CALLS:
        start, end = waiting.pop()
        calls += 1
        try:
            found = model.predict(rows.iloc[start:end])
            if found.ndim > scores.ndim:
                scores = np.full((len(rows), found.shape[1]), np.nan)
            scores[start:end] = found
        except Exception as error:  # noqa: BLE001 - every library has errors of its own for what it does not take
            middle = (start + end) // 2
            if end - start == 1:
                why = why or told(error)
            else:
                waiting += [(middle, end), (start, middle)]
    if not why and not np.isfinite(scores).all():
        why = "its score is no finite number"
    return Scored(scores, why)


def told(error: Exception) -> str:
    """An error of a library in one line."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    text = lines[0] if lines else "no message"
    return text if type(error).__module__.startswith("obs_dagster.") else f"{type(error).__name__}: {text}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the registered model gives the scores that were logged.

    Attributes:
        rows: rows that both scored.
        differing: rows whose scores differ by more than rounding in the log explains.
        largest: the largest absolute difference; None without rows.
        median: the median of the differences of those rows that differ; None if none does.
    """

    rows: int
    differing: int
    largest: float | None
    median: float | None

    @property
    def sentence(self) -> str:
        """What a reader must know; empty if the model is the one that served."""
        if not self.differing:
            return ""
        return (
            "Explanations are about a model whose scores differ from the logged ones by "
            f"{self.median:.2g} (median; at most {self.largest:.2g}) in {self.differing / self.rows:.0%} of "
            f"{self.rows:,} rows"
        )


def compare(again: FloatArray, logged: ArrayLike, puts: Puts = "score") -> Agreement:
    """Hold the model's scores against the logged ones.

    If all logged scores are rounded to the same two to five decimals, half of the last one is no difference;
    for numbers from none to five.

    Args:
        again: the registered model's scores, shape (n,); NaN where it refused a row.
        logged: the scores of the log; NaN for a request that failed.
        puts: what the model puts out.
    """
    scores = np.asarray(logged, dtype=np.float64)
    both = np.isfinite(again) & np.isfinite(scores)
    apart = np.abs(again[both] - scores[both])
    if not len(apart):
        return Agreement(0, 0, None, None)
    differing = apart[apart > rounding(scores[both], puts)]
    return Agreement(
        rows=len(apart),
        differing=len(differing),
        largest=float(apart.max()),
        median=float(np.median(differing)) if len(differing) else None,
    )


def compare_classes(again: FloatArray, logged: FloatArray) -> Agreement:
    """Hold the model's scores of every class against the logged ones, by the class furthest apart of a row.

    Args:
        again: the registered model's scores, shape (n, k); NaN where it refused a row.
        logged: the scores of the log, likewise; NaN for a request that failed.
    """
    apart = np.abs(again - logged)
    furthest = np.where(np.isfinite(apart), apart, np.inf).argmax(axis=1)
    row = np.arange(len(again))
    return compare(again[row, furthest], logged[row, furthest])


def rounding(logged: Sequence[float] | FloatArray, puts: Puts = "score") -> float:
    """How far rounding in the log may have moved a score, of which there is at least one.

    >>> f"{rounding([0.25, 0.5, 0.13]):.4f}"
    '0.0050'
    """
    scores = np.asarray(logged, dtype=np.float64)
    beside = float(np.abs(scores).max()) if puts == "number" else 1.0
    least = SCORE_TOLERANCE * beside
    for decimals in _DECIMALS[puts]:
        half = 0.5 * 10.0**-decimals
        # numbers that are all smaller than a step are no rounded ones
        if half < beside and np.abs(scores - np.round(scores, decimals)).max() < least / math.pow(10, 3):
            return max(half + 1e-12, least if puts == "number" else 0.0)
    return least


def served_form(model: ExplainableModel, rows: pd.DataFrame, logged: ArrayLike) -> ExplainableModel:
    """The model by that of its scores which the log has; a model with one score is what it is.

    Args:
        model: the model.
        rows: with exactly its inputs.
        logged: the scores of the log; NaN for a request that failed.
    """
    if not isinstance(model, HasForms):
        return model
    scores = np.asarray(logged, dtype=np.float64)
    apart = []
    for form in model.forms:
        differences = np.abs(score(form, rows).scores - scores)
        known = differences[np.isfinite(differences)]
        apart.append(float(np.median(known)) if known.size else math.inf)
    return model.forms[int(np.argmin(apart))]
