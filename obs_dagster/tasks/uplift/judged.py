"""Treated and untreated rows by score: what a change of the uplift is explained by."""

from __future__ import annotations

import numpy as np

from obs_dagster.tasks.comparison import share
from obs_dagster.tasks.judged import Difference, Explains, Judged
from obs_dagster.tasks.outcomes import Cell
from obs_dagster.tasks.uplift.counts import Treated

EXPLAINS = Explains(
    {
        "average_uplift": Difference(
            plus=share((0, 0, 0, 1), (0, 0, 1, 1)), minus=share((0, 1, 0, 0), (1, 1, 0, 0))
        ),
        "treated_share": share((0, 0, 1, 1), (1, 1, 1, 1)),
    },
    {
        "mix": "other rows came",
        "score": "rows are scored otherwise",
        "outcome": "the treatment does otherwise",
    },
    binned=True,
)
"""Of rows by treatment and label. Nobody's own uplift is seen, so no segment is told to be worst."""


def judged_rows(cell: Cell) -> Judged:
    """Rows by bin of the score, treatment and label."""
    known = ~np.isnan(cell["bin"].astype(np.float64))
    scored = {name: column[known] for name, column in cell.items()}
    counts = Treated.of(scored, 0).counts.astype(np.float64)
    keys = np.unique(scored["bin"][_whole(scored)].astype(np.int64))
    # the highest score is first in the counts
    return Judged(keys, counts.reshape(len(keys), 4)[::-1].copy())


def _whole(cell: Cell) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows have a treatment and a label."""
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = ~np.any(
        [np.isnan(cell[name].astype(np.float64)) for name in ("treated", "label")], axis=0
    )
    return found
