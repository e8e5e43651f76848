"""Predictions joined with their labels, as mergeable counts; what is counted is up to the task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.estimate.likeness import Likeness
from obs_dagster.metrics.fairness.groups import GroupCounts
from obs_dagster.metrics.multivariate.samples import Samples
from obs_dagster.monitor.fairness import Fairness
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.learned import with_learned
from obs_dagster.profile.profile import merge_rows, slices
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.tasks.judged import Explains, Judged

Cell = Mapping[str, NDArray[Any]]
"""The rows of one version and segment cell by column: floats with NaN for null, integers, or texts."""


class OutcomeTable(Protocol):
    """What a task counts of predictions and their labels.

    Attributes:
        schema: of the counts; `version`, `segment` and the other keys first.
        keys: the columns that make a row, `version` and `segment` before all others.
        added: the other columns, and how they merge ("sum", "min", "max").
    """

    @property
    def schema(self) -> pa.Schema: ...  # noqa: D102

    @property
    def keys(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def added(self) -> Mapping[str, str]: ...  # noqa: D102

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The counts with the text columns `by` before them, sorted.

        Args:
            rows: rows of the log with the label in `_obs_label`, null where it is not known.
            monitor: names the columns and the segments.
            grids: what columns are counted on, and the categories that have a segment cell of their own.
            by: text columns whose values are kept apart, as the day.
        """

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:
        """What the performance metrics of a cell are computed from.

        Args:
            cell: the counts; no rows where nothing was predicted.
            monitor: the monitor.
            segment: the segment cell.
            seed: a non-negative integer; the same counts and seed give the same estimates.

        Yields:
            The class or column that metrics are about, `""` for the model as a whole, and their input, which
            has `n` labelled rows of `predictions`.
        """


@runtime_checkable
class HasSettings(Protocol):
    """Outcomes that follow from more of the monitor than the columns that the model puts out."""

    def settings(self, monitor: Monitor) -> str:
        """What else of the monitor the counts follow from; where it changes, rows are reduced again."""


@runtime_checkable
class HasCellBins(Protocol):
    """Outcomes that are counted more coarsely in segment cells than over all rows."""

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """Counts over all rows as a segment cell of the same rows has them; keys may occur several times."""


@runtime_checkable
class HasJudgements(Protocol):
    """Outcomes by which segments and changes can be explained.

    Attributes:
        explains: which changes, and how.
    """

    @property
    def explains(self) -> Explains: ...  # noqa: D102

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """What the labelled rows of a cell come to, by how they were predicted."""


@runtime_checkable
class HasComparisons(Protocol):
    """Outcomes of which it can be known which of two versions has the better ones.

    Attributes:
        compared: by name the metrics that versions are compared by, those that people ask for first in front.
    """

    @property
    def compared(self) -> Mapping[str, Comparison]: ...  # noqa: D102

    def counted(self, cell: Cell, monitor: Monitor, segment: str) -> FloatArray:
        """What the labelled rows of a cell come to: the numbers that `compared` reads, shape (v,).

        They add up over cells and days.
        """

    def labelled(self, rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
        """Every row, or request, with its part of the metrics, to be paired with that of another version.

        Args:
            rows: rows of the log with the label in `_obs_label`, null where it is not known.
            monitor: names the columns.

        Returns:
            A frame of the texts `id`, `day` and `version`, and for each metric its a and b (`Comparison`) in
            the columns of `adds`; null where the row says nothing of it.
        """


def adds(metric: str) -> tuple[str, str]:
    """The columns of what a row adds to a metric, above the line and below.

    >>> adds("mae")
    ('above mae', 'below mae')
    """
    return f"above {metric}", f"below {metric}"


@runtime_checkable
class HasGroups(Protocol):
    """Outcomes of decisions, by which groups of people can be compared."""

    def group(self, cell: Cell, name: str, fairness: Fairness) -> GroupCounts:
        """What the metrics of fairness are computed from.

        Args:
            cell: the counts of the group.
            name: the group, as a segment cell is named.
            fairness: which decision is the favourable one.
        """


@runtime_checkable
class HasEstimates(Protocol):
    """Outcomes that say, with those of a baseline, how right a model is before labels come."""

    def calibration(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> Any:
        """What the labels of a baseline teach.

        Args:
            parts: the counts of a version over all rows, of each day of the baseline, or of its rows at once.
            monitor: the monitor.
            seed: a non-negative integer; the same counts and seed give the same estimates.

        Returns:
            Something with `refused`: why it teaches nothing; empty if it does.
        """

    def expected(
        self, cell: Cell, calibration: Any, monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What the metrics of the family `estimate` are computed from.

        Args:
            cell: the counts of a cell.
            calibration: what the version's baseline teaches.
            monitor: the monitor.
            given: what else is known of the cell.

        Yields:
            As `OutcomeTable.inputs`.
        """


@dataclass(frozen=True)
class Taught:
    """Labelled rows of a baseline beside rows of a window.

    Attributes:
        samples: both, with features, and with what the model put out; those of the baseline, of which there
            are some, with labels too.
        day: the number of the day of each of the baseline's; all 0 where they have none.
        likeness: how these have to be weighted to have the features of the window.
        seed: a non-negative integer.
        remembered: gives what was learned of the same rows of the baseline before, or learns it by a function
            and keeps it with the baseline.
    """

    samples: Samples
    day: NDArray[np.int64]
    likeness: Likeness
    seed: int
    remembered: Callable[[Callable[[], Mapping[str, Any]]], Mapping[str, Any]]

    @property
    def rows(self) -> pa.Table:
        """Those of the baseline."""
        return self.samples.baseline


@runtime_checkable
class AdaptsEstimates(HasEstimates, Protocol):
    """Outcomes that say how right a model is before labels come, by rows with features like those of now."""

    def adapted(self, calibration: Any, taught: Taught, monitor: Monitor) -> Any:
        """What `expected` takes in the place of a calibration.

        Args:
            calibration: what the version's baseline teaches.
            taught: rows of it beside those of the window.
            monitor: the monitor.
        """


@dataclass(frozen=True, slots=True)
class Lacking:
    """The rows of a cell on a day that lacks labels.

    Attributes:
        counted: the counts of the cell on the day.
        late: what `late` says of rows that had no label at this day's age.
    """

    counted: Cell
    late: Any


@runtime_checkable
class CompletesLabels(HasEstimates, Protocol):
    """Outcomes that say how right a model will be once the labels of a window are complete."""

    def lacks(self, cell: Cell) -> bool:
        """Whether rows of a cell that could have a label have none."""

    def late(self, parts: Sequence[Cell], monitor: Monitor, seed: int) -> Any:
        """What rows were like that had no label yet at an age.

        Args:
            parts: by complete day, the counts of these rows of a version; those that never had a label too.
            monitor: the monitor.
            seed: a non-negative integer.
        """

    def completed(
        self, cell: Cell, lacking: Sequence[Lacking], monitor: Monitor, given: Expecting
    ) -> Iterator[tuple[str, Any]]:
        """What the metrics of the family `estimate` that complete others are computed from.

        Args:
            cell: the counts of a cell over the window.
            lacking: the days of it that lack labels.
            monitor: the monitor.
            given: what else is known of the cell.

        Yields:
            As `OutcomeTable.inputs`.
        """


@dataclass(frozen=True, slots=True)
class Expecting:
    """What estimates of a cell depend on beside its counts.

    Attributes:
        segment: the segment cell.
        days: how many days the counts are of.
        seed: a non-negative integer.
    """

    segment: str
    days: int
    seed: int


def cell_counts(kind: OutcomeTable, whole: pa.Table) -> pa.Table:
    """Counts over all rows as a segment cell of the same rows has them."""
    rows = kind.in_cell(whole) if isinstance(kind, HasCellBins) else whole
    return merge_rows(rows, kind.keys, kind.added)


def settings_of(kind: OutcomeTable, monitor: Monitor) -> str:
    """What a task's counts follow from beside the columns that the model puts out; empty if nothing."""
    return kind.settings(monitor) if isinstance(kind, HasSettings) else ""


@dataclass(frozen=True)
class OutcomeProfile:
    """Outcomes of one day, or of several merged; `table` has rows of the schema of `kind`."""

    table: pa.Table
    kind: OutcomeTable

    @classmethod
    def empty(cls, kind: OutcomeTable) -> OutcomeProfile:
        """The outcomes of no rows."""
        return cls(kind.schema.empty_table(), kind)

    @classmethod
    def merged(cls, parts: Iterable[OutcomeProfile], kind: OutcomeTable) -> OutcomeProfile:
        """The outcomes of all rows of several profiles."""
        tables = [kind.schema.empty_table(), *(part.table for part in parts)]
        return cls(merge_rows(pa.concat_tables(tables), kind.keys, kind.added), kind)

    @cached_property
    def _cells(self) -> dict[tuple[str, ...], tuple[int, int]]:
        """Start and length of the rows of each version and segment cell."""
        return slices(self.table, ["version", "segment"])

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The columns but for version and segment."""
        names = [name for name in self.table.column_names if name not in ("version", "segment")]
        return {name: _array(self.table[name]) for name in names}

    def versions(self) -> list[str]:
        """Every version that made predictions."""
        return sorted({version for version, _ in self._cells})

    def segments(self, version: str) -> list[str]:
        """Every segment cell in which the version made predictions."""
        return sorted(segment for found, segment in self._cells if found == version)

    def cell(self, version: str, segment: str) -> Cell:
        """The counts of one cell; without rows where nothing was predicted."""
        start, length = self._cells.get((version, segment), (0, 0))
        return {name: column[start : start + length] for name, column in self._arrays.items()}


def reduce_outcomes(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, kind: OutcomeTable
) -> OutcomeProfile:
    """Reduce predictions and their labels to outcomes per version and segment cell."""
    return OutcomeProfile(kind.reduce(_with_cuts(rows, monitor, grids), monitor, grids, []), kind)


def reduce_outcome_days(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, kind: OutcomeTable, day_column: str
) -> dict[str, OutcomeProfile]:
    """Reduce predictions and labels of several days in one query, into outcomes per value of `day_column`."""
    reduced = kind.reduce(_with_cuts(rows, monitor, grids), monitor, grids, [day_column])
    return {
        day: OutcomeProfile(reduced.slice(start, length).select(kind.schema.names), kind)
        for (day,), (start, length) in slices(reduced, [day_column]).items()
    }


def _with_cuts(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids) -> nw.LazyFrame[Any]:
    """Rows with the learned descriptors that they are split by."""
    return with_learned(rows, monitor, grids, {name for cut in monitor.outcome_cuts for name in cut})


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column as NumPy has it."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_integer(column.type):
        whole = column.cast(pa.int64())
        return arrays.floats(whole.cast(pa.float64())) if whole.null_count else arrays.values(whole)
    if pa.types.is_floating(column.type):
        return arrays.floats(column.cast(pa.float64()))
    return np.array(column.to_pylist(), dtype=object)
