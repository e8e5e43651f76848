"""Outcomes of rows that any engine holds: one query in Narwhals expressions over a lazy frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.binary.counts import TINY
from obs_dagster.tasks.binary.table import ADDED, KEYS, SCHEMA


def reduce_outcome_frame(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted.

    Args:
        rows: rows of the log with the label in the boolean column `_obs_label`, null where it is not known.
        monitor: names the score and decision columns and the segments.
        grids: the categories that have a segment cell of their own.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(rows.collect_schema().names())
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    tables = [schema.empty_table()]
    for finest, cuts in reductions([cut for cut in monitor.outcome_cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [*by, VERSION, *(cell_key(column) for column in finest)]
        counted = named_version(_counted(keyed, keys, monitor).collect("pyarrow").to_native())
        joined = pc.shift_right(counted["bin"], JOINED_BITS)
        parts = counted.set_column(counted.schema.get_field_index("bin"), "bin", joined)
        for counts, wanted in (
            (counted, [cut for cut in cuts if not cut]),
            (parts, [cut for cut in cuts if cut]),
        ):
            tables += rolled_up(counts, wanted, [*by, "version", "bin", "decision", "label"], ADDED)
    whole = [table.select(schema.names).cast(schema) for table in tables]
    return merge_rows(pa.concat_tables(whole), [*by, *KEYS], ADDED)


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
    number = nw.col(leading_output(monitor).column).cast(nw.Float64)
    # without a finite score a row is a prediction, and nothing can be said of how right it was
    finite = number.is_finite()
    derived = nw.when(finite).then(number >= monitor.logs.threshold).otherwise(nw.lit(value=False))
    labelled = finite & ~nw.col(LABEL).is_null()
    return (
        keyed.select(
            *keys,
            score=nw.when(finite).then(number),
            label=nw.when(labelled).then(nw.col(LABEL)),
            decision=nw.when(served.is_null()).then(derived).otherwise(served),
        )
        .select(
            *keys,
            "label",
            "decision",
            "score",
            bin=nw.when(~score.is_null()).then(ScoreGrid().bin(score)),
            log_loss=nw.when(~label.is_null()).then(log_loss),
            log_loss_sq=nw.when(~label.is_null()).then(log_loss * log_loss),
            brier=nw.when(~label.is_null()).then(miss * miss),
            brier_sq=nw.when(~label.is_null()).then(miss * miss * miss * miss),
            labelled=nw.when(~label.is_null()).then(score),
        )
        .group_by(*keys, "bin", "decision", "label")
        .agg(
            n=nw.len(),
            score_sum=nw.col("labelled").sum(),
            log_loss_sum=nw.col("log_loss").sum(),
            log_loss_sq=nw.col("log_loss_sq").sum(),
            brier_sum=nw.col("brier").sum(),
            brier_sq=nw.col("brier_sq").sum(),
            score_min=nw.col("labelled").min(),
            score_max=nw.col("labelled").max(),
        )
    )
