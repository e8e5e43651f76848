"""What the outcomes of a binary classifier teach of its scores, and what follows before labels come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.expected import DETAIL, IN_CELLS, Expected
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.outcomes import Cell, Expecting


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
    scored = ~np.isnan(cell["bin"].astype(np.float64))
    bins, place = np.unique(cell["bin"][scored].astype(np.int64), return_inverse=True)
    label, rows = cell["label"][scored].astype(np.float64), cell["n"][scored]
    decision = (cell["decision"][scored] > 0).astype(np.int64)

    def counted(of: FloatArray) -> FloatArray:
        found = np.zeros((len(bins), 2))
        np.add.at(found, (place, decision), of)
        return found

    score = _centres(bins, grid)
    known = ~np.isnan(label)
    every, labelled, positive = (counted(rows * of) for of in (np.ones(len(rows)), known, label == 1))
    having = labelled.sum(axis=1) > 0
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    return BinaryEstimates(
        every=Expected(Predicted(score, every), taught, None, given.days, given.seed, detail),
        labelled=Expected(
            Predicted(score[having], labelled[having]),
            taught,
            positive[having],
            given.days,
            given.seed,
            detail,
        ),
    )


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
