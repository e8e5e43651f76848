"""What the outcomes of a binary classifier teach of its scores, and what follows before labels come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_dagster.estimate.adapted import AdaptedCalibration, LikeRows
from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.completed import Arrivals, Completed, Lack, LateScores
from obs_dagster.estimate.expected import DETAIL, IN_CELLS, Expected
from obs_dagster.estimate.predicted import Labelled, Predicted
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.arrays import floats
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.costs import COST
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking, Taught


@dataclass(frozen=True)
class BinaryEstimates:
    """What is expected of the predictions of one cell.

    Attributes:
        every: all predictions with a score.
        labelled: those of them whose label is known.
    """

    every: Expected
    labelled: Expected

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.labelled.predicted.n

    def estimated(self, name: str) -> Estimate:
        """What a metric is expected to be."""
        return self.every.estimated(name)

    def shift(self, name: str) -> Estimate:
        """What it is, less what was expected of the same rows."""
        return self.labelled.shift(name)

    def concept_shift(self) -> Estimate:
        """How far the shares of positives are from the expected ones."""
        return self.labelled.concept_shift()

    def concept_evidence(self) -> Estimate:
        """How strongly they speak against scores that mean what they meant."""
        return self.labelled.concept_evidence()


def calibration(parts: Sequence[Cell], seed: int) -> Calibration:
    """The calibration of what the parts of a baseline hold together."""
    bins, (negatives, positives, _) = _by_part(parts)
    return Calibration(_centres(bins, ScoreGrid()), positives=positives, negatives=negatives, seed=seed)


def expected(cell: Cell, taught: Calibration, given: Expecting) -> BinaryEstimates:
    """What is expected of the predictions of a cell."""
    grid = ScoreGrid() if given.segment == WHOLE else ScoreGrid().joined
    bins, (negative, positive, waiting) = _present(cell, grid)
    score, known = _centres(bins, grid), negative + positive
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    having = known[:, 0] + known[:, 1] > 0
    labelled = Expected(
        Predicted(score[having], known[having]), taught, positive[having], given.days, given.seed, detail
    )
    if not waiting.any():
        # what is computed of one is computed of both
        return BinaryEstimates(labelled, labelled)
    every = Expected(Predicted(score, known + waiting), taught, None, given.days, given.seed, detail)
    return BinaryEstimates(every, labelled)


def adapted(taught: Calibration, given: Taught, score: str) -> Calibration:
    """The calibration as rows say it that are like those of now.

    Args:
        taught: that of the baseline.
        given: rows of the baseline.
        score: the column of the score.
    """
    scores, labels = (floats(pc.cast(given.rows[name], pa.float64())) for name in (score, LABEL))
    return AdaptedCalibration.of(taught, LikeRows(scores, labels, given.day, given.likeness))


@dataclass(frozen=True)
class BinaryCompleted:
    """What is expected of a cell once its labels are complete.

    Attributes:
        whole: its predictions.
        costs: what errors cost.
    """

    whole: Completed
    costs: Costs = NO_COSTS

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.whole.n

    @property
    def priced(self) -> bool:
        """Whether any error has a price."""
        return max(self.costs.false_positive, self.costs.false_negative) > 0

    def completed(self, name: str) -> Estimate:
        """What a metric will be."""
        if name != COST:
            return self.whole.completed(name)
        dearest = max(self.costs.false_positive, self.costs.false_negative)
        return self.whole.of(self._cost, highest=dearest, of_decisions=True)

    def _cost(self, known: Labelled) -> FloatArray:
        wrong = self.costs.false_positive * (known.given.accepted - known.hits)
        missed = self.costs.false_negative * (known.total - known.hits)
        found: FloatArray = (wrong + missed) / float(known.given.rows.sum())
        return found


def completed(
    cell: Cell, lacking: Sequence[Lacking], given: Expecting, costs: Costs = NO_COSTS
) -> BinaryCompleted:
    """What is expected of a cell whose labels are not complete."""
    grid = ScoreGrid() if given.segment == WHOLE else ScoreGrid().joined
    bins, (negative, positive, _) = _present(cell, grid)
    lacks = [
        Lack(np.ascontiguousarray(_by_bin(each.counted, grid)[_WAITING][:, bins].T), each.late)
        for each in lacking
    ]
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    whole = Completed(_centres(bins, grid), negative + positive, positive, lacks, given.seed, detail)
    return BinaryCompleted(whole, costs)


def lacks(cell: Cell) -> bool:
    """Whether rows with a score have no label."""
    return bool((~_nothing(cell["bin"]) & _nothing(cell["label"])).any())


def late(parts: Sequence[Cell], seed: int) -> LateScores:
    """What rows were like that had no label yet at an age, by complete day."""
    bins, (negatives, positives, never) = _by_part(parts)
    score, came = _centres(bins, ScoreGrid()), (negatives + positives).sum(axis=0)
    return LateScores(
        Calibration(score, positives=positives, negatives=negatives, seed=seed),
        Arrivals.of(score, came, never.sum(axis=0)),
    )


def _nothing(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(column.astype(np.float64))


_WAITING = 2
"""The place, after those of both classes, of rows without a label."""


def _by_bin(cell: Cell, grid: ScoreGrid) -> FloatArray:
    """Rows by label (negative, positive, none), decision and bin of the score, shape (3, 2, bins)."""
    scored = ~_nothing(cell["bin"])
    label = cell["label"][scored].astype(np.float64)
    column = np.where(np.isnan(label), _WAITING, label > 0) * 2 + (cell["decision"][scored] > 0)
    place = column * grid.bins + cell["bin"][scored].astype(np.int64)
    rows = np.bincount(place, weights=cell["n"][scored].astype(np.float64), minlength=grid.bins * 6)
    return np.reshape(rows.astype(np.float64, copy=False), (3, 2, grid.bins))


def _present(cell: Cell, grid: ScoreGrid) -> tuple[IntArray, FloatArray]:
    """The bins that have rows, ascending, and these by label, bin and decision, shape (3, k, 2)."""
    counted = _by_bin(cell, grid)
    bins = np.flatnonzero(counted.sum(axis=0).sum(axis=0))
    return bins, np.ascontiguousarray(counted[:, :, bins].swapaxes(1, 2))


def _by_part(parts: Sequence[Cell]) -> tuple[IntArray, FloatArray]:
    """The bins that have rows in any part, ascending, at least one; these by label, shape (3, parts, k)."""
    grid = ScoreGrid()
    counted = np.zeros((3, len(parts), grid.bins))
    for place, part in enumerate(parts):
        counted[:, place] = _by_bin(part, grid).sum(axis=1)
    bins = np.flatnonzero(counted.sum(axis=0).sum(axis=0))
    bins = bins if len(bins) else np.zeros(1, np.int64)
    return bins, counted[:, :, bins]


def _centres(bins: IntArray, grid: ScoreGrid) -> FloatArray:
    low, high = grid.edges(bins)
    centre: FloatArray = (low + high) / 2
    return centre
