"""Predictions joined with their labels, as counts per score bin, decision and label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile import arrays
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.columns import LABEL, prediction_column
from obs_dagster.profile.distribution import OutcomeCounts
from obs_dagster.profile.grid import Grids, UnitGrid
from obs_dagster.profile.outcome_histograms import TINY, reduce_outcome_relation
from obs_dagster.profile.profile import merge_rows, slices

#: One row per (version, segment, score bin, decision, label); rows without a label have a null label and bin.
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
    ]
)
_KEYS = ["version", "segment", "bin", "decision", "label"]
_LABELLED = ("bin", "decision", "label")
_ADDED = {name: "sum" for name in SCHEMA.names if name not in _KEYS}


@dataclass(frozen=True)
class OutcomeProfile:
    """Outcomes of one day, or of several merged; `table` has rows of `SCHEMA`."""

    table: pa.Table

    @classmethod
    def merged(cls, parts: Iterable[OutcomeProfile]) -> OutcomeProfile:
        """The outcomes of all rows of several profiles."""
        tables = [part.table for part in parts]
        return cls(merge_rows(pa.concat_tables([SCHEMA.empty_table(), *tables]), _KEYS, _ADDED))

    @cached_property
    def _cells(self) -> dict[tuple[str, ...], tuple[int, int]]:
        """Start and length of the rows of each version and segment cell."""
        return slices(self.table, ["version", "segment"])

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The columns that follow the keys; NaN where a row has no label."""
        numbers = {name: arrays.values(self.table[name]) for name in _ADDED}
        labels = {name: self.table[name].cast(pa.int64()).cast(pa.float64()) for name in _LABELLED}
        return numbers | {name: arrays.floats(column) for name, column in labels.items()}

    def versions(self) -> list[str]:
        """Every version that made predictions."""
        return sorted({version for version, _ in self._cells})

    def segments(self, version: str) -> list[str]:
        """Every segment cell in which the version made predictions."""
        return sorted(segment for found, segment in self._cells if found == version)

    def outcomes(self, version: str, segment: str = "*") -> OutcomeCounts:
        """The outcomes of one cell; all counts are 0 where it has no rows."""
        start, length = self._cells.get((version, segment), (0, 0))
        part = {name: column[start : start + length] for name, column in self._arrays.items()}
        labelled = ~np.isnan(part["label"])
        columns = {name: column[labelled] for name, column in part.items()}
        grid = UnitGrid()
        return OutcomeCounts(
            score=(columns["bin"] + 0.5) * grid.width,
            decision=columns["decision"] > 0,
            label=columns["label"] > 0,
            counts=columns["n"],
            score_sum=columns["score_sum"],
            log_loss_sum=columns["log_loss_sum"],
            log_loss_sq=columns["log_loss_sq"],
            brier_sum=columns["brier_sum"],
            brier_sq=columns["brier_sq"],
            predictions=int(part["n"].sum()),
            bin_width=grid.width,
        )


def reduce_outcomes(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids) -> OutcomeProfile:
    """Reduce predictions and their labels to outcomes per version and segment cell.

    Args:
        rows: rows of the log with the label in the boolean column `_obs_label`, null where it is not known.
        monitor: names the score and decision columns and the segments.
        grids: the categories that have a segment cell of their own.
    """
    if rows.implementation is nw.Implementation.DUCKDB:
        return OutcomeProfile(reduce_outcome_relation(rows.to_native(), monitor, grids, SCHEMA))
    return OutcomeProfile(_reduce(rows, monitor, grids))


def _reduce(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids) -> pa.Table:
    """The outcomes, on whichever engine holds the rows."""
    present = set(rows.collect_schema().names())
    tables = [SCHEMA.empty_table()]
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [VERSION, *(cell_key(column) for column in finest)]
        counted = named_version(_counted(keyed, keys, monitor).collect("pyarrow").to_native())
        tables += rolled_up(counted, cuts, ["version", "bin", "decision", "label"], _ADDED)
    whole = [table.select(SCHEMA.names).cast(SCHEMA) for table in tables]
    return merge_rows(pa.concat_tables(whole), _KEYS, _ADDED)


def _counted(keyed: nw.LazyFrame[Any], keys: list[str], monitor: Monitor) -> nw.LazyFrame[Any]:
    score, label = nw.col("score"), nw.col("label")
    certain = nw.when(label).then(score).otherwise(1.0 - score)
    clipped = (
        nw.when(certain < TINY).then(TINY).when(certain > 1.0 - TINY).then(1.0 - TINY).otherwise(certain)
    )
    log_loss = -clipped.log()
    miss = 1.0 - certain
    decision = prediction_column(monitor)
    # a log that lost the column is treated as one whose every decision is null
    known = decision in keyed.collect_schema().names()
    served = nw.col(decision).cast(nw.Boolean) if known else nw.lit(None).cast(nw.Boolean)
    number = nw.col(monitor.logs.columns.score).cast(nw.Float64)
    return (
        keyed.select(
            *keys,
            score=number,
            label=nw.col(LABEL),
            decision=nw.when(served.is_null()).then(number >= monitor.logs.threshold).otherwise(served),
        )
        .select(
            *keys,
            "label",
            "decision",
            "score",
            bin=nw.when(~label.is_null()).then(UnitGrid().bin(score)),
            log_loss=nw.when(~label.is_null()).then(log_loss),
            log_loss_sq=nw.when(~label.is_null()).then(log_loss * log_loss),
            brier=nw.when(~label.is_null()).then(miss * miss),
            brier_sq=nw.when(~label.is_null()).then(miss * miss * miss * miss),
        )
        .group_by(*keys, "bin", "decision", "label")
        .agg(
            n=nw.len(),
            score_sum=score.sum(),
            log_loss_sum=nw.col("log_loss").sum(),
            log_loss_sq=nw.col("log_loss_sq").sum(),
            brier_sum=nw.col("brier").sum(),
            brier_sq=nw.col("brier_sq").sum(),
        )
    )
