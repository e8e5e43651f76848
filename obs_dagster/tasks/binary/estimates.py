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
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.arrays import floats
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
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
    grid = ScoreGrid()
    counted = [_by_bin(part) for part in parts]
    bins = np.unique(np.concatenate([[0], *(found for found, _ in counted)])).astype(np.int64)
    rows = np.zeros((2, len(parts), len(bins)))
    for place, (found, by_class) in enumerate(counted):
        rows[:, place, np.searchsorted(bins, found)] = by_class
    return Calibration(_centres(bins, grid), positives=rows[1], negatives=rows[0], seed=seed)


def expected(cell: Cell, taught: Calibration, given: Expecting) -> BinaryEstimates:
    """What is expected of the predictions of a cell."""
    grid = ScoreGrid() if given.segment == WHOLE else ScoreGrid().joined
    bins = np.unique(cell["bin"][~_nothing(cell["bin"])].astype(np.int64))
    known, positive, waiting = _by_decision(cell, bins)
    score, having = _centres(bins, grid), known.sum(axis=1) > 0
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    return BinaryEstimates(
        every=Expected(Predicted(score, known + waiting), taught, None, given.days, given.seed, detail),
        labelled=Expected(
            Predicted(score[having], known[having]),
            taught,
            positive[having],
            given.days,
            given.seed,
            detail,
        ),
    )


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
    """What is expected of a cell once its labels are complete."""

    whole: Completed

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.whole.n

    def completed(self, name: str) -> Estimate:
        """What a metric will be."""
        return self.whole.completed(name)


def completed(cell: Cell, lacking: Sequence[Lacking], given: Expecting) -> BinaryCompleted:
    """What is expected of a cell whose labels are not complete."""
    grid = ScoreGrid() if given.segment == WHOLE else ScoreGrid().joined
    bins = np.unique(cell["bin"][~np.isnan(cell["bin"].astype(np.float64))].astype(np.int64))
    known, positives, _ = _by_decision(cell, bins)
    return BinaryCompleted(
        Completed(
            _centres(bins, grid),
            known,
            positives,
            [Lack(_by_decision(each.counted, bins)[2], each.late) for each in lacking],
            given.seed,
            DETAIL if given.segment == WHOLE else IN_CELLS,
        )
    )


def lacks(cell: Cell) -> bool:
    """Whether rows with a score have no label."""
    return bool((~_nothing(cell["bin"]) & _nothing(cell["label"])).any())


def late(parts: Sequence[Cell], seed: int) -> LateScores:
    """What rows were like that had no label yet at an age, by complete day."""
    bins = np.unique(np.concatenate([[0], *(part["bin"][~_nothing(part["bin"])] for part in parts)]))
    bins = bins.astype(np.int64)
    counted = [[of.sum(axis=1) for of in _by_decision(part, bins)] for part in parts]
    known, positives, never = np.array(counted).reshape(len(parts), 3, len(bins)).swapaxes(0, 1)
    score = _centres(bins, ScoreGrid())
    return LateScores(
        Calibration(score, positives=positives, negatives=known - positives, seed=seed),
        Arrivals.of(score, known.sum(axis=0), never.sum(axis=0)),
    )


def _nothing(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(column.astype(np.float64))


def _by_decision(cell: Cell, bins: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Labelled rows by score and decision, the positives of them, and rows without a label: (k, 2) each."""
    scored = ~_nothing(cell["bin"])
    place = np.searchsorted(bins, cell["bin"][scored].astype(np.int64))
    decision = (cell["decision"][scored] > 0).astype(np.int64)
    label, rows = cell["label"][scored].astype(np.float64), cell["n"][scored].astype(np.float64)
    found = np.zeros((3, len(bins), 2))
    for counted, of in zip(found, (~np.isnan(label), label == 1, np.isnan(label)), strict=True):
        np.add.at(counted, (place, decision), rows * of)
    return found[0], found[1], found[2]


def _by_bin(part: Cell) -> tuple[IntArray, FloatArray]:
    """The bins that have labelled rows, and these rows by class, shape (2, k)."""
    known = ~np.isnan(part["label"].astype(np.float64))
    bins, place = np.unique(part["bin"][known].astype(np.int64), return_inverse=True)
    by_class = np.zeros((2, len(bins)))
    np.add.at(by_class, ((part["label"][known] > 0).astype(np.int64), place), part["n"][known])
    return bins, by_class


def _centres(bins: IntArray, grid: ScoreGrid) -> FloatArray:
    low, high = grid.edges(bins)
    centre: FloatArray = (low + high) / 2
    return centre
