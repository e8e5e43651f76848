"""What the outcomes of a regressor teach of its errors, and what follows before labels come."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_dagster.estimate.calibration import REPLICATES
from obs_dagster.estimate.completed import Arrivals
from obs_dagster.estimate.completed_losses import CompletedLosses, LateLosses
from obs_dagster.estimate.losses import SIGNED, ExpectedLosses, Loss, Losses
from obs_dagster.estimate.losses_by_features import LossesByFeatures, LossRows
from obs_dagster.estimate.predicted import grouped
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.profile.arrays import floats
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.costs import COST
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking, Taught

#: By the name of a loss: the columns with how many rows have it, with its sum and with that of its squares.
_SUMS: Mapping[str, tuple[str, str, str]] = {
    SIGNED: ("n", "error_sum", "error_sq"),
    "absolute": ("n", "absolute_sum", "error_sq"),
    "square": ("n", "error_sq", "error_quart"),
    "relative": ("nonzero", "relative_sum", "relative_sq"),
    "symmetric": ("n", "symmetric_sum", "symmetric_sq"),
}

_TENTHS = 10


def _scaled(power: int) -> Callable[[float, float], float]:
    return lambda mean, scale: mean * scale**power


#: By the name of a metric: the loss that it is a mean of, and what is made of the mean and of the unit.
STATISTICS: Mapping[str, tuple[str, Callable[[float, float], float]]] = {
    "mae": ("absolute", _scaled(1)),
    "rmse": ("square", lambda mean, scale: scale * math.sqrt(max(mean, 0.0))),
    "mse": ("square", _scaled(2)),
    "bias": (SIGNED, _scaled(1)),
    "mape": ("relative", _scaled(0)),
    "smape": ("symmetric", _scaled(0)),
}


@dataclass(frozen=True)
class RegressionEstimates:
    """What is expected of the predictions of one cell.

    Attributes:
        every: all finite predictions.
        labelled: those of them whose label is known.
        means: of each loss over the labelled ones, NaN where none has it.
        absolute: by bin of the labelled ones, the sum of their errors' sizes.
        scale: what losses are counted in.
    """

    every: ExpectedLosses
    labelled: ExpectedLosses
    means: Mapping[str, float]
    absolute: FloatArray
    scale: float

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.labelled.n

    def estimated(self, name: str) -> Estimate:
        """What a metric is expected to be."""
        return self._of(self.every, name)

    def _of(self, expected: ExpectedLosses, name: str) -> Estimate:
        loss, made = STATISTICS[name]
        return _made(expected.mean(loss), made, self.scale)

    def shift(self, name: str) -> Estimate:
        """What it is, less what was expected of the same rows."""
        if not self.n:
            return Estimate.missing("no labels")
        found = self._of(self.labelled, name)
        loss, made = STATISTICS[name]
        if found.value is None or found.low is None or found.high is None:
            return found
        if not math.isfinite(self.means[loss]):
            return Estimate.missing("no targets other than zero", self.n)
        value = made(self.means[loss], self.scale) - found.value
        return Estimate(value, value - (found.high - found.value), value + (found.value - found.low), found.n)

    def concept_shift(self) -> Estimate:
        """How far the sizes of errors are from the expected ones, over tenths of the rows by prediction."""
        labelled = self.labelled
        if not self.n:
            return Estimate.missing("no labels")
        if labelled.refused:
            return Estimate.missing(labelled.refused, self.n)
        learned, (_, at) = labelled.losses.learned["absolute"], labelled.losses.groups
        first = grouped(labelled.rows, _TENTHS)

        def by_bin(of: FloatArray) -> FloatArray:
            found: FloatArray = np.add.reduceat(np.interp(labelled.prediction, at, of) * labelled.rows, first)
            return found

        expected, real = by_bin(learned.mean), np.add.reduceat(self.absolute, first)
        total = float(expected.sum())
        if total <= 0:
            return Estimate.missing("no errors are expected", self.n)
        rng = np.random.default_rng((labelled.seed, 5))
        noise = rng.normal(size=(REPLICATES, len(first))) * np.sqrt(by_bin(learned.variance))
        noise += np.stack([by_bin(each) for each in learned.replicates]) - expected
        value = float(np.abs(real - expected).sum()) / total
        low, high = distance_band(value, np.abs(noise).sum(axis=1) / total, largest=math.inf)
        return Estimate(value, low, high, self.n)


@dataclass(frozen=True)
class RegressionCompleted:
    """What is expected of a cell once its labels are complete.

    Attributes:
        whole: its losses.
        scale: what they are counted in.
        costs: what errors cost.
    """

    whole: CompletedLosses
    scale: float
    costs: Costs = NO_COSTS

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.whole.n

    @property
    def priced(self) -> bool:
        """Whether errors have a price."""
        return self.costs.unit > 0

    def completed(self, name: str) -> Estimate:
        """What a metric will be."""
        if name == COST:
            return _made(self.whole.mean("absolute"), _scaled(1), self.scale * self.costs.unit)
        loss, made = STATISTICS[name]
        return _made(self.whole.mean(loss), made, self.scale)


def _made(found: Estimate, made: Callable[[float, float], float], scale: float) -> Estimate:
    """A statistic of a mean loss, whose interval is made as it is."""
    value, low, high = (
        None if each is None else made(each, scale) for each in (found.value, found.low, found.high)
    )
    return replace(found, value=value, low=low, high=high)


def losses(parts: Sequence[Cell], seed: int) -> Losses:
    """What the predictions of the parts of a baseline lost."""
    counted = [_kind(part, "prediction") for part in parts]
    keys = np.unique(np.concatenate([[0], *(each["key"] for each in counted)])).astype(np.int64)
    found = {name: np.zeros((3, len(parts), len(keys))) for name in _SUMS}
    for place, each in enumerate(counted):
        at = np.searchsorted(keys, each["key"].astype(np.int64))
        for name, columns in _SUMS.items():
            for number, column in enumerate(columns):
                np.add.at(found[name][number, place], at, np.nan_to_num(each[column].astype(np.float64)))
    middle = _middles(keys, counted)
    known = ~np.isnan(middle)
    scales = [float(scale) for part in parts for scale in _kind(part, "cell")["scale"][:1]]
    known_losses = {name: Loss(*sums[..., known]) for name, sums in found.items()}
    return Losses(middle[known], known_losses, seed, scales[0] if scales else 1.0)


def adapted(taught: Losses, given: Taught, prediction: str) -> Losses:
    """What predictions miss by where features are.

    Args:
        taught: what they missed by on the baseline.
        given: rows of it and of the window.
        prediction: the column of the prediction.
    """
    before, now = (
        floats(pc.cast(rows[prediction], pa.float64())) for rows in (given.rows, given.samples.current)
    )
    label = floats(pc.cast(given.rows[LABEL], pa.float64()))
    known, there = given.samples.coded
    finite = np.isfinite(now)
    like = LossRows(
        known=np.column_stack([known, before]),
        prediction=before,
        losses=_losses_of(before, label, taught.scale),
        day=given.day,
        now=np.column_stack([there, now])[finite],
        now_prediction=now[finite],
        likeness=given.likeness,
        seed=given.seed,
        remembered=given.remembered,
    )
    return LossesByFeatures.of(taught, like)


def _losses_of(prediction: FloatArray, label: FloatArray, scale: float) -> Mapping[str, FloatArray]:
    """Every loss of some rows, in the unit of sums; NaN where a row does not have it."""
    error = prediction - label
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(label != 0, np.abs(error) / np.abs(label), np.nan)
        symmetric = np.where(error != 0, 2 * np.abs(error) / (np.abs(prediction) + np.abs(label)), 0.0)
    size = np.abs(error) / scale
    return {
        SIGNED: error / scale,
        "absolute": size,
        "square": size**2,
        "relative": relative,
        "symmetric": symmetric,
    }


def expected(cell: Cell, taught: Losses, given: Expecting) -> RegressionEstimates:
    """What is expected of the predictions of a cell."""
    labelled, waiting, whole = (_kind(cell, kind) for kind in ("prediction", "waiting", "cell"))
    keys = np.unique(np.concatenate([labelled["key"], waiting["key"]])).astype(np.int64)
    rows = np.zeros((2, len(keys)))
    for place, each in enumerate((labelled, waiting)):
        rows[place, np.searchsorted(keys, each["key"].astype(np.int64))] = each["n"]
    middle = _middles(keys, [labelled, waiting])
    having = rows[0] > 0
    totals = {name: [float(np.nansum(labelled[each])) for each in _SUMS[name]] for name in _SUMS}
    scale = float(whole["scale"][0]) if len(whole["scale"]) else 1.0
    return RegressionEstimates(
        every=ExpectedLosses(middle, rows.sum(axis=0), taught, given.days, given.seed),
        labelled=ExpectedLosses(middle[having], rows[0][having], taught, given.days, given.seed),
        means={name: total / n if n else math.nan for name, (n, total, _) in totals.items()},
        absolute=labelled["absolute_sum"].astype(np.float64),
        scale=scale,
    )


def completed(
    cell: Cell, lacking: Sequence[Lacking], given: Expecting, costs: Costs = NO_COSTS
) -> RegressionCompleted:
    """What is expected of a cell whose labels are not complete."""
    labelled, whole = _kind(cell, "prediction"), _kind(cell, "cell")
    totals = {name: [float(np.nansum(labelled[each])) for each in _SUMS[name]] for name in _SUMS}
    awaited = []
    for place, each in enumerate(lacking):
        middle, rows = _waiting(each.counted)
        coming = rows * each.late.arrivals.of_rows(middle)
        # with the same seed all days have the same draw of a level: those next to each other are alike
        awaited.append(ExpectedLosses(middle, coming, each.late.losses, 1, given.seed, place))
    scale = float(whole["scale"][0]) if len(whole["scale"]) else 1.0
    return RegressionCompleted(
        CompletedLosses({name: (n, total) for name, (n, total, _) in totals.items()}, awaited), scale, costs
    )


def lacks(cell: Cell) -> bool:
    """Whether rows with a finite prediction have no label."""
    return bool((cell["kind"] == "waiting").any())


def late(parts: Sequence[Cell], seed: int) -> LateLosses:
    """What rows were like that had no label yet at an age, by complete day."""
    learned = losses(parts, seed)
    waiting = [_waiting(part) for part in parts]
    place = np.concatenate([learned.prediction, *(middle for middle, _ in waiting)])
    never = np.concatenate([np.zeros(len(learned.prediction)), *(rows for _, rows in waiting)])
    came = np.concatenate([learned.rows, np.zeros(len(place) - len(learned.prediction))])
    order = np.argsort(place, kind="stable")
    return LateLosses(learned, Arrivals.of(place[order], came[order], never[order]))


def _waiting(cell: Cell) -> tuple[FloatArray, FloatArray]:
    """The predictions that have no label, in the middle of their bins, and how many there are of each."""
    waiting = _kind(cell, "waiting")
    keys, place = np.unique(waiting["key"].astype(np.int64), return_inverse=True)
    rows = np.zeros(len(keys))
    np.add.at(rows, place, waiting["n"])
    return _middles(keys, [waiting]), rows


def _kind(cell: Cell, kind: str) -> dict[str, NDArray[Any]]:
    wanted = cell["kind"] == kind
    return {name: column[wanted] for name, column in cell.items()}


def _middles(keys: IntArray, counted: Sequence[Cell]) -> FloatArray:
    """The middle of the predictions in each bin; NaN where there are none."""
    least, most = np.full(len(keys), np.inf), np.full(len(keys), -np.inf)
    for each in counted:
        at = np.searchsorted(keys, each["key"].astype(np.int64))
        np.minimum.at(least, at, each["prediction_min"])
        np.maximum.at(most, at, each["prediction_max"])
    middle = np.full(len(keys), np.nan)
    known = least <= most
    middle[known] = least[known] / 2 + most[known] / 2
    return middle
