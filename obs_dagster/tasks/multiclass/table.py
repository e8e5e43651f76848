"""The columns of the outcomes of a day: predictions of one of several classes joined with their labels.

Rows of a version and a segment cell, with K classes: at most (K + 2)² pairs of label and prediction, 2 · 10 ·
6 of the top score, and 6 · K · 1,628 of the scores (6 · K · 407 in segment cells); never more than there are
values.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from obs_dagster.profile.grids.score_grid import ScoreGrid

#: One row per (version, segment) and what `part` says:
#: `pair`: rows with this label, null where it is not known, and this predicted class, null where none is;
#: `top`: labelled rows with scores, by the tenth (`bin`) that the highest score is in, the `place` of the
#: label's score among all, and whether the class with the highest score is the label (`hit`); with sums;
#: `score`: labelled rows by class, the bin of its score, and whether the class is the label (`hit`); with the
#: least and the greatest score in the bin;
#: `served`: all rows with scores by class, the bin of its score, whether the class was predicted (`hit`), and
#: whether the label is known (`place`: 1 or 0). The classes that are not declared are one, `(other)`.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("part", pa.string()),
        ("label", pa.string()),
        ("class", pa.string()),
        ("bin", pa.int64()),
        ("place", pa.int64()),
        ("hit", pa.bool_()),
        ("n", pa.int64()),
        ("score_sum", pa.float64()),
        ("log_loss_sum", pa.float64()),
        ("log_loss_sq", pa.float64()),
        ("brier_sum", pa.float64()),
        ("brier_sq", pa.float64()),
        ("score_min", pa.float64()),
        ("score_max", pa.float64()),
    ]
)
KEYS = ["version", "segment", "part", "label", "class", "bin", "place", "hit"]
_EXTREMES = {"score_min": "min", "score_max": "max"}
ADDED = {name: _EXTREMES.get(name, "sum") for name in SCHEMA.names if name not in KEYS}
SUMS = ("score_sum", "log_loss_sum", "log_loss_sq", "brier_sum", "brier_sq")

#: The bins of scores: eight of the finest joined, or 32 in segment cells.
WHOLE_GRID, CELL_GRID = ScoreGrid(bits=3), ScoreGrid(bits=5)
#: The parts that are counted on them.
BINNED = ("score", "served")
#: Tenths of the top score.
TENTHS = 10
#: Labels in places beyond this share one.
PLACES = 6
#: scikit-learn's clip of probabilities in `log_loss`.
TINY = float(np.finfo(np.float64).eps)
