"""Labelled rows by score, decision and label: what a change of a metric is explained by."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.outcomes import Cell

BINS = 20
"""Equal parts of the score: finer ones would take the chance of few rows for what became of them."""


def judged_rows(cell: Cell, *, whole: bool) -> FloatArray:
    """Labelled rows, shape (bins, 2, 2): by score, decision and label.

    Args:
        cell: the counts of a cell.
        whole: whether it is of all rows, which are counted on finer bins.
    """
    known = ~np.isnan(cell["label"].astype(np.float64))
    grid = ScoreGrid() if whole else ScoreGrid().joined
    low, high = grid.edges(cell["bin"][known].astype(np.int64))
    place = np.clip(((low + high) / 2 * BINS).astype(np.int64), 0, BINS - 1)
    rows = np.zeros((BINS, 2, 2))
    decided, true = ((cell[name][known] > 0).astype(np.int64) for name in ("decision", "label"))
    np.add.at(rows, (place, decided, true), cell["n"][known])
    return rows
