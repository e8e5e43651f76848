"""What came of a row: its label, whether the model was wrong about it, or what that cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.costs import NO_COSTS
from obs_dagster.monitor.effect import Outcome
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output, task_named
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray


class EffectError(ObsError):
    """An effect of versions cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of rows.

    Attributes:
        values: of each row, shape (n,); NaN where it is not known.
        binary: whether they are 0 or 1.
    """

    values: FloatArray
    binary: bool


def outcomes_of(rows: pa.Table, monitor: Monitor, outcome: Outcome) -> Outcomes:
    """What came of rows with their labels in `_obs_label`, null where they have none.

    Raises:
        EffectError: the model has no such outcome.
    """
    truth = task_named(monitor).truth
    if truth not in _LABELS or (outcome != "label" and truth not in _MISTAKES):
        raise EffectError(
            f"There is no effect on the {outcome} of models of {monitor.task}.",
            remedy="It is known for labels of two classes, and for numbers.",
        )
    label = _floats(rows[LABEL])
    if outcome == "label":
        return Outcomes(label, binary=truth == "class")
    mistakes = _MISTAKES[truth](rows, label, monitor)
    if outcome == "error":
        return Outcomes(mistakes.sum(axis=0), binary=truth == "class")
    prices = _prices(monitor, truth)
    if not any(prices):
        raise EffectError(
            f"No error of {monitor.model} has a price.",
            remedy="Give the monitor `costs`, or ask for `error`.",
        )
    return Outcomes(np.array(prices) @ mistakes, binary=False)


def _prices(monitor: Monitor, truth: str) -> tuple[float, ...]:
    costs = monitor.costs or NO_COSTS
    return (costs.unit,) if truth == "number" else (costs.false_positive, costs.false_negative)


def _decided(rows: pa.Table, label: FloatArray, monitor: Monitor) -> FloatArray:
    """False positives and false negatives, shape (2, n)."""
    score = _floats(rows[leading_output(monitor).column])
    served = prediction_column(monitor)
    logged = _floats(rows[served]) if served in rows.column_names else np.full(len(score), np.nan)
    derived = np.where(np.isnan(score), np.nan, score >= monitor.logs.threshold)
    decision = np.where(np.isnan(logged), derived, logged)
    return np.array([decision * (1 - label), (1 - decision) * label])


def _missed(rows: pa.Table, label: FloatArray, monitor: Monitor) -> FloatArray:
    """How far a number is from the label, shape (1, n)."""
    return np.abs(_floats(rows[leading_output(monitor).column]) - label)[None, :]


_LABELS = ("class", "number")
_MISTAKES: dict[str | None, Callable[[pa.Table, FloatArray, Monitor], FloatArray]] = {
    "class": _decided,
    "number": _missed,
}


def _floats(column: pa.ChunkedArray) -> FloatArray:
    """A column of numbers or truth values, NaN where there is none."""
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    found: FloatArray = np.array(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    found[~np.isfinite(found)] = np.nan
    return found
