"""Predictions of one of several classes with their labels, as counts that add up over days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.estimate.late_classes import LateClass
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.multiclass.compared import COMPARED, labelled_rows, right_and_wrong
from obs_dagster.tasks.multiclass.completions import completed, lacks, late
from obs_dagster.tasks.multiclass.counts import ClassOutcomes, OneClass
from obs_dagster.tasks.multiclass.estimates import ClassCalibrations, adapted, calibrations, expected
from obs_dagster.tasks.multiclass.judged import EXPLAINS, judged_rows
from obs_dagster.tasks.multiclass.scores import classes_of, score_columns
from obs_dagster.tasks.multiclass.table import ADDED, BINNED, CELL_GRID, KEYS, SCHEMA, WHOLE_GRID
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking, Taught


class MulticlassOutcomes:
    """The confusion matrix, sums by the top score, and scores per class."""

    schema = SCHEMA
    keys = KEYS
    added = ADDED
    compared = COMPARED
    explains = EXPLAINS

    def settings(self, monitor: Monitor) -> str:
        """That rows without a label are counted by their scores, which older outcomes were not."""
        del monitor
        return "every score"

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The outcomes of `SCHEMA` with the text columns `by` before them, sorted.

        Args:
            rows: rows of the log with the label as text in `_obs_label`, null where it is not known, and the
                score of each class in a column of its own. Scores that break the contract count as none.
            monitor: names the classes, the columns and the segments.
            grids: the categories that have a segment cell of their own.
            by: text columns whose values are kept apart, as the day.
        """
        if rows.implementation is nw.Implementation.DUCKDB:
            # its loops are compiled, which only a process that counts rows shall wait for
            from obs_dagster.tasks.multiclass.histograms import reduce_outcome_relation

            return reduce_outcome_relation(rows.to_native(), monitor, grids, by)
        from obs_dagster.tasks.multiclass.expressions import reduce_outcome_frame

        return reduce_outcome_frame(rows, monitor, grids, by)

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """The counts with the bins of scores joined."""
        joined = pc.shift_right(whole["bin"], CELL_GRID.bits - WHOLE_GRID.bits)
        bins = pc.if_else(pc.is_in(whole["part"], pa.array(BINNED)), joined, whole["bin"])
        return whole.set_column(whole.schema.get_field_index("bin"), "bin", bins)

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:
        """The outcomes of a cell, and of all rows those of each class."""
        classes = classes_of(monitor)
        grid = WHOLE_GRID if segment == WHOLE else CELL_GRID
        scored = bool(score_columns(monitor))
        outcomes = ClassOutcomes.of(
            cell, classes, grid=grid, with_scores=scored, seed=seed, costs=monitor.costs
        )
        yield "", outcomes
        if segment == WHOLE:
            for place, name in enumerate(classes):
                yield name, OneClass(outcomes, place)

    def counted(self, cell: Cell, monitor: Monitor, segment: str) -> FloatArray:
        """Labelled rows that are right, and that are wrong."""
        del segment
        return right_and_wrong(cell, classes_of(monitor))

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """Labelled rows by predicted class."""
        del segment
        return judged_rows(cell, classes_of(monitor))

    def labelled(self, rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
        """Whether each row is right."""
        return labelled_rows(rows, monitor)

    def calibration(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> ClassCalibrations:
        """What the score of each class meant."""
        return calibrations(parts, classes_of(monitor), seed)

    def adapted(self, calibration: ClassCalibrations, taught: Taught, monitor: Monitor) -> ClassCalibrations:
        """What scores mean of rows like those of now."""
        return adapted(calibration, taught, score_columns(monitor))

    def expected(
        self, cell: Cell, calibration: ClassCalibrations, monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell; nothing of a model without scores."""
        if score_columns(monitor):
            grid = WHOLE_GRID if given.segment == WHOLE else CELL_GRID
            outcomes = ClassOutcomes.of(cell, classes_of(monitor), grid=grid, seed=given.seed)
            yield "", expected(cell, outcomes, calibration, given)

    def lacks(self, cell: Cell) -> bool:
        """Whether rows with scores have no label."""
        return lacks(cell)

    def late(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> Mapping[str, LateClass]:
        """What rows were like that had no label yet."""
        return late(parts, classes_of(monitor), seed)

    def completed(
        self, cell: Cell, lacking: Sequence[Lacking], monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell once its labels are complete; nothing of a model without scores."""
        if score_columns(monitor):
            grid = WHOLE_GRID if given.segment == WHOLE else CELL_GRID
            outcomes = ClassOutcomes.of(
                cell, classes_of(monitor), grid=grid, seed=given.seed, costs=monitor.costs
            )
            yield "", completed(cell, outcomes, lacking, given)


OUTCOMES = MulticlassOutcomes()
