"""Labelled predictions of one cell, as the metrics take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.regression.table import level_key

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the pairs of a prediction and its label; of what is said in `regression.table`."""

    prediction_sum: float
    prediction_sq: float
    target_sum: float
    target_sq: float
    target_cube: float
    target_quart: float
    error_sum: float
    error_sq: float
    error_quart: float
    error_sq_target: float
    error_sq_target_sq: float
    absolute_sum: float
    size_sum: float
    size_sq: float
    absolute_size: float
    nonzero: float
    relative_sum: float
    relative_sq: float
    symmetric_sum: float
    symmetric_sq: float
    between: float
    covered: float
    width_sum: float
    width_sq: float

    @classmethod
    def of(cls, cell: Columns) -> Sums:
        """The sums of the rows of kind `cell`; 0 where nothing was summed."""
        return cls(**{each.name: float(np.nansum(cell[each.name])) for each in fields(cls)})


@dataclass(frozen=True, slots=True)
class PredictionBins:
    """Pairs by the bin of the prediction, ascending; all of shape (k,).

    Attributes:
        counts: pairs.
        prediction_sum, error_sum, error_sq: in units, as all sums are.
        low, high: the least and the greatest prediction, in the unit of the target.
    """

    counts: IntArray
    prediction_sum: FloatArray
    error_sum: FloatArray
    error_sq: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class ErrorBins:
    """Pairs by the bin of the signed error, ascending; all of shape (k,).

    Attributes:
        key: the number of the bin; those of errors below zero are negative, and mirror those above.
        counts: pairs.
        low, high: the least and the greatest error, in the unit of the target.
    """

    key: IntArray
    counts: IntArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Errors:
    """How far the predictions of one version, segment and window are from their labels.

    Attributes:
        predictions: rows that were predicted, labelled or not.
        n: pairs: rows with a finite prediction and a finite label.
        centre, scale: the units: a number is `centre + scale * x` for those counted from the centre, and
            `scale * x` for errors, sizes and widths.
        sums: over the pairs.
        least_target, greatest_target: the extremes of the labels of the pairs; NaN if there are none.
        by_prediction, by_error: the pairs in bins.
        seed: a non-negative integer; the same counts and seed give the same estimates.
        with_interval: whether the log has predicted intervals.
        costs: the prices of errors.
    """

    predictions: int
    n: int
    centre: float
    scale: float
    sums: Sums
    least_target: float
    greatest_target: float
    by_prediction: PredictionBins
    by_error: ErrorBins
    seed: int = 0
    with_interval: bool = False
    costs: Costs = NO_COSTS

    @classmethod
    def of(
        cls, cell: Columns, *, seed: int = 0, with_interval: bool = False, costs: Costs | None = None
    ) -> Errors:
        """From the rows of the outcome table of one cell, in the order of its keys."""
        whole, predicted, missed = (_of_kind(cell, kind) for kind in ("cell", "prediction", "error"))
        return cls(
            predictions=int(whole["n"].sum()),
            n=int(np.nansum(whole["pairs"])),
            centre=_first(whole["centre"], 0.0),
            scale=_first(whole["scale"], 1.0),
            sums=Sums.of(whole),
            least_target=_first(whole["target_min"], np.nan),
            greatest_target=_first(whole["target_max"], np.nan),
            by_prediction=PredictionBins(
                counts=predicted["n"],
                prediction_sum=predicted["prediction_sum"],
                error_sum=predicted["error_sum"],
                error_sq=predicted["error_sq"],
                low=predicted["prediction_min"],
                high=predicted["prediction_max"],
            ),
            by_error=ErrorBins(missed["key"], missed["n"], missed["error_min"], missed["error_max"]),
            seed=seed,
            with_interval=with_interval,
            costs=costs or NO_COSTS,
        )

    @property
    def unlabelled(self) -> str:
        """Why nothing can be said of how right the model was; empty if something can."""
        return "" if self.n else "no labels"

    @property
    def mean_target(self) -> float:
        """The mean label of the pairs, of which there must be some."""
        return self.centre + self.scale * self.sums.target_sum / self.n

    @property
    def mean_prediction(self) -> float:
        """The mean prediction of the pairs, of which there must be some."""
        return self.centre + self.scale * self.sums.prediction_sum / self.n


@dataclass(frozen=True, slots=True)
class QuantileErrors:
    """How far the predicted quantiles of one level are from the labels.

    Attributes:
        level: the share of true values that the quantile should be at or above.
        predictions: rows that were predicted, labelled or not.
        labelled: rows with a finite prediction and a finite label.
        n: those of them with a finite quantile.
        below: those of them whose label is at or below the quantile.
        scale: the unit of the losses.
        pinball_sum, pinball_sq: sums of the pinball loss and of its square.
    """

    level: float
    predictions: int
    labelled: int
    n: int
    below: int
    scale: float
    pinball_sum: float
    pinball_sq: float

    @classmethod
    def of(cls, cell: Columns, level: float) -> QuantileErrors:
        """From the rows of the outcome table of one cell."""
        whole, levels = _of_kind(cell, "cell"), _of_kind(cell, "quantile")
        found = {name: column[levels["key"] == level_key(level)] for name, column in levels.items()}
        return cls(
            level=level,
            predictions=int(whole["n"].sum()),
            labelled=int(np.nansum(whole["pairs"])),
            n=int(found["n"].sum()),
            below=int(np.nansum(found["below"])),
            scale=_first(found["scale"], 1.0),
            pinball_sum=float(np.nansum(found["pinball_sum"])),
            pinball_sq=float(np.nansum(found["pinball_sq"])),
        )

    @property
    def unknown(self) -> str:
        """Why nothing can be said of the quantile; empty if something can."""
        if self.labelled == 0:
            return "no labels"
        return "" if self.n else "no quantiles"


def _of_kind(cell: Columns, kind: str) -> dict[str, NDArray[Any]]:
    wanted = cell["kind"] == kind
    return {name: column[wanted] for name, column in cell.items()}


def _first(values: FloatArray, otherwise: float) -> float:
    """The one value that there is, where there is one."""
    return float(values[0]) if len(values) and not np.isnan(values[0]) else otherwise
