"""Predictions of binary classifiers with their labels, as counts per score bin, decision and label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.completed import LateScores
from obs_dagster.metrics.fairness.groups import GroupCounts
from obs_dagster.monitor.costs import NO_COSTS
from obs_dagster.monitor.fairness import Fairness
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.binary.compared import COMPARED, labelled_rows
from obs_dagster.tasks.binary.counts import OutcomeCounts
from obs_dagster.tasks.binary.estimates import adapted, calibration, completed, expected, lacks, late
from obs_dagster.tasks.binary.groups import group_counts
from obs_dagster.tasks.binary.judged import EXPLAINS, by_decision, judged_rows
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.binary.table import ADDED, KEYS, SCHEMA
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking, Taught

NOISE = 2e-8
"""Scores that differ by no more are one score: so far the noise of floats reaches, and no order of rows."""


class BinaryOutcomes:
    """Counts and losses per score bin, decision and label."""

    schema = SCHEMA
    keys = KEYS
    added = ADDED
    compared = COMPARED
    explains = EXPLAINS

    def settings(self, monitor: Monitor) -> str:
        """That rows without a label are counted by their score, which older outcomes were not."""
        del monitor
        return "every score"

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The outcomes of `SCHEMA` with the text columns `by` before them, sorted."""
        if rows.implementation is nw.Implementation.DUCKDB:
            # its loops are compiled, which only a process that counts rows shall wait for
            from obs_dagster.tasks.binary.histograms import reduce_outcome_relation

            return reduce_outcome_relation(rows.to_native(), monitor, grids, by)
        from obs_dagster.tasks.binary.expressions import reduce_outcome_frame

        return reduce_outcome_frame(rows, monitor, grids, by)

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """The counts with the bins of the score joined."""
        joined = pc.shift_right(whole["bin"], JOINED_BITS)
        return whole.set_column(whole.schema.get_field_index("bin"), "bin", joined)

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:
        """The outcomes of a cell."""
        yield "", Outcomes(outcome_counts(cell, segment), seed, monitor.costs)

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """Labelled rows by score, decision and label."""
        del monitor
        return by_decision(judged_rows(cell, whole=segment == WHOLE))

    def counted(self, cell: Cell, monitor: Monitor, segment: str) -> FloatArray:
        """Labelled rows by decision and label."""
        counts: FloatArray = self.judged(cell, monitor, segment).total
        return counts

    def labelled(self, rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
        """Each row's part of the ratios."""
        return labelled_rows(rows, monitor)

    def group(self, cell: Cell, name: str, fairness: Fairness) -> GroupCounts:
        """The outcomes of a group of people."""
        return group_counts(cell, name, fairness)

    def calibration(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> Calibration:
        """What scores meant."""
        del monitor
        return calibration(parts, seed)

    def expected(
        self, cell: Cell, calibration: Calibration, monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell."""
        del monitor
        yield "", expected(cell, calibration, given)

    def adapted(self, calibration: Calibration, taught: Taught, monitor: Monitor) -> Calibration:
        """What scores mean of rows like those of now."""
        score = monitor.logs.columns.score
        return adapted(calibration, taught, score) if score else calibration

    def lacks(self, cell: Cell) -> bool:
        """Whether rows with a score have no label."""
        return lacks(cell)

    def late(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> LateScores:
        """What rows were like that had no label yet."""
        del monitor
        return late(parts, seed)

    def completed(
        self, cell: Cell, lacking: Sequence[Lacking], monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What is expected of a cell once its labels are complete."""
        yield "", completed(cell, lacking, given, monitor.costs or NO_COSTS)


OUTCOMES = BinaryOutcomes()


def outcome_counts(cell: Cell, segment: str = WHOLE) -> OutcomeCounts:
    """The outcomes of one cell; all counts are 0 where it has no rows."""
    labelled = ~np.isnan(cell["label"].astype(np.float64))
    columns = {name: column[labelled] for name, column in cell.items()}
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
        predictions=int(cell["n"].sum()),
    )


def _ends(entries: dict[str, NDArray[Any]], grid: ScoreGrid) -> tuple[FloatArray, FloatArray]:
    """Where the scores of each bin lie: on one value if all have it, up to noise, else within its edges."""
    bins = entries["bin"].astype(np.int64)
    counted = entries["n"] > 0
    low, high = grid.edges(bins)
    least, greatest = np.full(grid.bins, np.inf), np.full(grid.bins, -np.inf)
    # min and max keep NaN, which is where nothing is known
    np.minimum.at(least, bins[counted], entries["score_min"][counted])
    np.maximum.at(greatest, bins[counted], entries["score_max"][counted])
    with np.errstate(invalid="ignore"):
        single = (greatest >= least)[bins] & ((greatest - least)[bins] <= NOISE)
    # rounding may put a value just below its bin
    value = _as_one(np.maximum(least[bins], low), single)
    return np.where(single, value, low), np.where(single, value, high)


def _as_one(values: FloatArray, single: NDArray[np.bool_]) -> FloatArray:
    """The values of bins that have one, those that noise has put on either side of an edge as the lowest."""
    kept = values.copy()
    known = np.unique(values[single])
    first = np.ones(len(known), dtype=np.bool_)
    for place in np.flatnonzero(np.diff(known, prepend=-np.inf) <= NOISE):
        # noise does not add up: each is held against the first of its group
        start = np.flatnonzero(first[:place])[-1]
        first[place] = known[place] - known[start] > NOISE
    group = np.maximum.accumulate(np.where(first, np.arange(len(known)), 0))
    kept[single] = known[group][np.searchsorted(known, values[single])]
    return kept
