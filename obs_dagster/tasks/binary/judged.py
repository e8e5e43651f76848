"""Labelled rows by score, decision and label: what a change of a metric is explained by."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.binary.compared import COMPARED
from obs_dagster.tasks.comparison import share
from obs_dagster.tasks.judged import PARTS, Explains, Judged, Loss
from obs_dagster.tasks.outcomes import Cell

EXPLAINS = Explains(
    COMPARED,
    {
        "mix": "other rows came",
        "score": "rows are scored otherwise",
        "outcome": "other things came true",
    },
    {"": Loss(share((0, 1, 1, 0), (1, 1, 1, 1)), counts=True)},
)


def judged_rows(cell: Cell, *, whole: bool) -> FloatArray:
    """Labelled rows, shape (bins, 2, 2): by score in equal parts, decision and label.

    Args:
        cell: the counts of a cell.
        whole: whether it is of all rows, which are counted on finer bins.
    """
    known = ~np.isnan(cell["label"].astype(np.float64))
    grid = ScoreGrid() if whole else ScoreGrid().joined
    low, high = grid.edges(cell["bin"][known].astype(np.int64))
    place = np.clip(((low + high) / 2 * PARTS).astype(np.int64), 0, PARTS - 1)
    rows = np.zeros((PARTS, 2, 2))
    decided, true = ((cell[name][known] > 0).astype(np.int64) for name in ("decision", "label"))
    np.add.at(rows, (place, decided, true), cell["n"][known])
    return rows


def by_decision(rows: FloatArray) -> Judged:
    """Rows of shape (bins, 2, 2), told apart by score and decision, as rows by decision and label."""
    bins = rows.shape[0]
    numbers = np.zeros((bins, 2, 4))
    for decided in (0, 1):
        numbers[:, decided, 2 * decided : 2 * decided + 2] = rows[:, decided]
    return Judged(np.arange(2 * bins), numbers.reshape(2 * bins, 4))
