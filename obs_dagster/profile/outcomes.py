"""Predictions joined with their labels, as counts per score bin, decision and label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, OutcomeCounts
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import merge_rows, slices

#: scikit-learn's clip of probabilities in `log_loss`.
TINY = float(np.finfo(np.float64).eps)
#: One row per (version, segment, score bin, decision, label); rows without a label have a null label and bin.
#: In segment cells the bins are the joined ones. The extremes are those of the labelled scores in the bin.
#: Sums are exact for each tenth of the score, on which bins they stand within it is up to the engine.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("bin", pa.int64()),
        ("decision", pa.bool_()),
        ("label", pa.bool_()),
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
KEYS = ["version", "segment", "bin", "decision", "label"]
_LABELLED = ("bin", "decision", "label")
_EXTREMES = {"score_min": "min", "score_max": "max"}
ADDED = {name: _EXTREMES.get(name, "sum") for name in SCHEMA.names if name not in KEYS}


@dataclass(frozen=True)
class OutcomeProfile:
    """Outcomes of one day, or of several merged; `table` has rows of `SCHEMA`."""

    table: pa.Table

    @classmethod
    def merged(cls, parts: Iterable[OutcomeProfile]) -> OutcomeProfile:
        """The outcomes of all rows of several profiles."""
        tables = [part.table for part in parts]
        return cls(merge_rows(pa.concat_tables([SCHEMA.empty_table(), *tables]), KEYS, ADDED))

    @cached_property
    def _cells(self) -> dict[tuple[str, ...], tuple[int, int]]:
        """Start and length of the rows of each version and segment cell."""
        return slices(self.table, ["version", "segment"])

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The columns that follow the keys; NaN where a row has no label."""
        numbers = {name: arrays.floats(self.table[name]) for name in ADDED} | {
            "n": arrays.values(self.table["n"])
        }
        labels = {name: self.table[name].cast(pa.int64()).cast(pa.float64()) for name in _LABELLED}
        return numbers | {name: arrays.floats(column) for name, column in labels.items()}

    def versions(self) -> list[str]:
        """Every version that made predictions."""
        return sorted({version for version, _ in self._cells})

    def segments(self, version: str) -> list[str]:
        """Every segment cell in which the version made predictions."""
        return sorted(segment for found, segment in self._cells if found == version)

    def outcomes(self, version: str, segment: str = WHOLE) -> OutcomeCounts:
        """The outcomes of one cell; all counts are 0 where it has no rows."""
        start, length = self._cells.get((version, segment), (0, 0))
        part = {name: column[start : start + length] for name, column in self._arrays.items()}
        labelled = ~np.isnan(part["label"])
        columns = {name: column[labelled] for name, column in part.items()}
        grid = ScoreGrid() if segment == WHOLE else ScoreGrid().joined
        low, high = _ends(columns, grid)
        return OutcomeCounts(
            score=(low + high) / 2,
            width=high - low,
            decision=columns["decision"] > 0,
            label=columns["label"] > 0,
            counts=columns["n"],
            score_sum=columns["score_sum"],
            log_loss_sum=columns["log_loss_sum"],
            log_loss_sq=columns["log_loss_sq"],
            brier_sum=columns["brier_sum"],
            brier_sq=columns["brier_sq"],
            predictions=int(part["n"].sum()),
        )


def _ends(entries: dict[str, NDArray[Any]], grid: ScoreGrid) -> tuple[FloatArray, FloatArray]:
    """Where the scores of each entry's bin lie: on one value if all have it, else within its edges."""
    bins = entries["bin"].astype(np.int64)
    counted = entries["n"] > 0
    low, high = grid.edges(bins)
    least, greatest = np.full(grid.bins, np.inf), np.full(grid.bins, -np.inf)
    # min and max keep NaN, which is where nothing is known
    np.minimum.at(least, bins[counted], entries["score_min"][counted])
    np.maximum.at(greatest, bins[counted], entries["score_max"][counted])
    single = least[bins] == greatest[bins]
    # rounding may put a value just below its bin
    value = np.maximum(least[bins], low)
    return np.where(single, value, low), np.where(single, value, high)
