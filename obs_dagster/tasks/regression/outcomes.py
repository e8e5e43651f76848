"""Predictions of regressors with their labels, as sums of errors and counts of their sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.estimate.completed_losses import LateLosses
from obs_dagster.estimate.losses import Losses
from obs_dagster.monitor.costs import NO_COSTS
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking, Taught
from obs_dagster.tasks.regression.compared import COMPARED, error_sums, labelled_rows
from obs_dagster.tasks.regression.counts import Errors, QuantileErrors
from obs_dagster.tasks.regression.estimates import adapted, completed, expected, lacks, late, losses
from obs_dagster.tasks.regression.judged import EXPLAINS, judged_pairs
from obs_dagster.tasks.regression.table import ADDED, BINNED, KEYS, SCHEMA


class RegressionOutcomes:
    """Sums over all pairs of prediction and label, and pairs by bin of the prediction and of the error."""

    schema = SCHEMA
    keys = KEYS
    added = ADDED
    compared = COMPARED
    explains = EXPLAINS

    def settings(self, monitor: Monitor) -> str:
        """That predictions without a label are counted, which older outcomes did not, and errors by them."""
        del monitor
        return "every prediction"

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The outcomes of `SCHEMA` with the text columns `by` before them, sorted."""
        if rows.implementation is nw.Implementation.DUCKDB:
            # its loops are compiled, which only a process that counts rows shall wait for
            from obs_dagster.tasks.regression.sums import reduce_outcome_relation

            return reduce_outcome_relation(rows.to_native(), monitor, grids, by)
        from obs_dagster.tasks.regression.expressions import reduce_outcome_frame

        return reduce_outcome_frame(rows, monitor, grids, by)

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """The counts with the bins of predictions and errors joined."""
        binned = pc.is_in(whole["kind"], pa.array(BINNED))
        keys = pc.if_else(binned, pc.shift_right(whole["key"], JOINED_BITS), whole["key"])
        return whole.set_column(whole.schema.get_field_index("key"), "key", keys)

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:  # noqa: ARG002  as every task's
        """The errors of a cell, and those of each predicted quantile."""
        roles = monitor.logs.columns
        yield "", Errors.of(cell, seed=seed, with_interval=roles.interval is not None, costs=monitor.costs)
        for level, column in roles.quantiles.items():
            yield column, QuantileErrors.of(cell, level)

    def counted(self, cell: Cell, monitor: Monitor, segment: str) -> FloatArray:
        """Pairs, and sums of the errors' sizes, squares and fourth powers."""
        del monitor, segment
        return error_sums(cell)

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """Pairs by what was predicted."""
        del monitor, segment
        return judged_pairs(cell)

    def labelled(self, rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
        """Each row's error."""
        return labelled_rows(rows, monitor)

    def calibration(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> Losses:
        """What predictions missed by."""
        del monitor
        return losses(parts, seed)

    def expected(
        self, cell: Cell, calibration: Losses, monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell."""
        del monitor
        yield "", expected(cell, calibration, given)

    def adapted(self, calibration: Losses, taught: Taught, monitor: Monitor) -> Losses:
        """What predictions miss by where features are."""
        prediction = monitor.logs.columns.prediction
        return adapted(calibration, taught, prediction) if prediction else calibration

    def lacks(self, cell: Cell) -> bool:
        """Whether rows with a finite prediction have no label."""
        return lacks(cell)

    def late(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> LateLosses:
        """What rows were like that had no label yet."""
        del monitor
        return late(parts, seed)

    def completed(
        self, cell: Cell, lacking: Sequence[Lacking], monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell once its labels are complete."""
        yield "", completed(cell, lacking, given, monitor.costs or NO_COSTS)


OUTCOMES = RegressionOutcomes()
