"""What came of a row: its label, whether the model was wrong about it, or what that cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.costs import NO_COSTS
from obs_dagster.monitor.effect import Outcome
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Truth, leading_output, task_named
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.outcomes import HasComparisons
from obs_dagster.tasks.protocol import task_of


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
    if outcome == "label":
        if truth not in _LABELS:
            raise EffectError(
                f"There is no effect on the label of models of {monitor.task}: names have no mean.",
                remedy="Ask for the effect on `error`, or `cost`."
                if _mistakes(monitor)
                else "It is known for labels of two classes, and for numbers.",
            )
        return Outcomes(_floats(rows[LABEL]), binary=truth == "class")
    mistakes = _mistakes(monitor)
    if mistakes is None:
        raise EffectError(
            f"There is no effect on the {outcome} of models of {monitor.task}: no row of them is right or "
            "wrong.",
            remedy="Ask for the effect on `label`.",
        )
    found = mistakes(rows, monitor)
    if outcome == "error":
        return Outcomes(found.sizes.sum(axis=0), binary=truth != "number")
    if not np.nansum(found.prices):
        raise EffectError(
            f"No error of {monitor.model} has a price.",
            remedy="Give the monitor `costs`, or ask for `error`.",
        )
    return Outcomes((found.prices * found.sizes).sum(axis=0), binary=False)


@dataclass(frozen=True, slots=True)
class _Mistakes:
    """The mistakes of rows by kind, shape (k, n): how large they are, and what one costs; NaN if unknown."""

    sizes: FloatArray
    prices: FloatArray


def _decided(rows: pa.Table, monitor: Monitor) -> _Mistakes:
    """False positives and false negatives."""
    label, costs = _floats(rows[LABEL]), monitor.costs or NO_COSTS
    score = _floats(rows[leading_output(monitor).column])
    served = prediction_column(monitor)
    logged = _floats(rows[served]) if served in rows.column_names else np.full(len(score), np.nan)
    derived = np.where(np.isnan(score), np.nan, score >= monitor.logs.threshold)
    decision = np.where(np.isnan(logged), derived, logged)
    sizes = np.array([decision * (1 - label), (1 - decision) * label])
    return _Mistakes(sizes, np.array([[costs.false_positive], [costs.false_negative]]))


def _named(rows: pa.Table, monitor: Monitor) -> _Mistakes:
    """Rows of another class than the predicted one."""
    costs, served = monitor.costs or NO_COSTS, prediction_column(monitor)
    label = pc.cast(rows[LABEL], pa.string()).to_pylist()
    predicted = pc.cast(rows[served], pa.string()).to_pylist() if served in rows.column_names else []
    wrong = [
        np.nan if one is None or other is None else float(one != other)
        for one, other in zip_longest(label, predicted)
    ]
    prices = [np.nan if name is None else costs.of_class(name) for name in label]
    return _Mistakes(np.array([wrong]), np.array([prices]))


def _missed(rows: pa.Table, monitor: Monitor) -> _Mistakes:
    """How far a number is from the label."""
    sizes = np.abs(_floats(rows[leading_output(monitor).column]) - _floats(rows[LABEL]))
    return _Mistakes(sizes[None, :], np.array([[(monitor.costs or NO_COSTS).unit]]))


def _mistakes(monitor: Monitor) -> Callable[[pa.Table, Monitor], _Mistakes] | None:
    """How mistakes of rows are known, of tasks whose versions are compared by them."""
    kind, truth = task_of(monitor).outcomes, task_named(monitor).truth
    if kind is None or not isinstance(kind, HasComparisons) or truth is None:
        return None
    by, mistakes = _MISTAKES[truth]
    return mistakes if by in kind.compared else None


_LABELS = ("class", "number")
_MISTAKES: dict[Truth, tuple[str, Callable[[pa.Table, Monitor], _Mistakes]]] = {
    "class": ("accuracy", _decided),
    "name": ("accuracy", _named),
    "number": ("mae", _missed),
}


def _floats(column: pa.ChunkedArray) -> FloatArray:
    """A column of numbers or truth values, NaN where there is none."""
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    found: FloatArray = np.array(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    found[~np.isfinite(found)] = np.nan
    return found
