"""Treated and untreated rows with what came of them, as counts per score bin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.outcomes import Cell
from obs_dagster.tasks.uplift.counts import Treated
from obs_dagster.tasks.uplift.judged import EXPLAINS, judged_rows
from obs_dagster.tasks.uplift.table import ADDED, KEYS, SCHEMA


class UpliftOutcomes:
    """Rows per score bin, treatment and label."""

    schema = SCHEMA
    keys = KEYS
    added = ADDED
    explains = EXPLAINS

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The outcomes of `SCHEMA` with the text columns `by` before them, sorted."""
        present = set(rows.collect_schema().names())
        schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
        tables = [schema.empty_table()]
        for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
            keyed = with_cell_keys(rows, monitor, finest, grids)
            keys = [*by, VERSION, *(cell_key(column) for column in finest)]
            counted = named_version(_counted(keyed, keys, monitor, grids).collect("pyarrow").to_native())
            joined = self.in_cell(counted)
            for counts, wanted in (
                (counted, [cut for cut in cuts if not cut]),
                (joined, [cut for cut in cuts if cut]),
            ):
                tables += rolled_up(counts, wanted, [*by, "version", "bin", "treated", "label"], ADDED)
        whole = [table.select(schema.names).cast(schema) for table in tables]
        return merge_rows(pa.concat_tables(whole), [*by, *KEYS], ADDED)

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """The counts with the bins of the score joined."""
        joined = pc.shift_right(whole["bin"], JOINED_BITS)
        return whole.set_column(whole.schema.get_field_index("bin"), "bin", joined)

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:  # noqa: ARG002  as every task's
        """The rows of a cell by score, the highest first."""
        yield "", Treated.of(cell, seed)

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """Rows by score, treatment and label."""
        del monitor, segment
        return judged_rows(cell)


OUTCOMES = UpliftOutcomes()


def _counted(keyed: nw.LazyFrame[Any], keys: list[str], monitor: Monitor, grids: Grids) -> nw.LazyFrame[Any]:
    roles, present = monitor.logs.columns, set(keyed.collect_schema().names())
    score, treatment = roles.score or "", roles.treatment or ""
    found = grids.columns.get(score)
    grid = found if isinstance(found, AsinhGrid) else AsinhGrid(centre=0.0, scale=1.0)
    number = nw.col(score).cast(nw.Float64)
    treated = nw.col(treatment).cast(nw.Boolean) if treatment in present else nw.lit(None).cast(nw.Boolean)
    # comparisons with NaN and null differ between engines; a case has one branch or the other everywhere
    finite = nw.when(number.is_finite()).then(nw.lit(1)).otherwise(nw.lit(0)) == 1
    return (
        keyed.select(*keys, score=nw.when(finite).then(number), treated=treated, label=nw.col(LABEL))
        .with_columns(bin=nw.when(~nw.col("score").is_null()).then(grid.bin(nw.col("score"))))
        .group_by(*keys, "bin", "treated", "label")
        .agg(n=nw.len(), score_sum=nw.col("score").sum())
    )
