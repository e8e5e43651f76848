"""Outcomes of classes, of rows that DuckDB reads: histograms over a stream of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.profile.cells import Cut, reductions
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.grid import CategoryGrid, Grid, Grids
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.batches import BatchReader
from obs_dagster.profile.loops.cell_index import CellIndex
from obs_dagster.profile.loops.extremes import Extremes
from obs_dagster.profile.loops.histograms import numbered
from obs_dagster.profile.loops.kernels import Codes
from obs_dagster.profile.loops.tally import Tally
from obs_dagster.profile.loops.texts import Vocabulary
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.cut_tables import NamedCells, filled
from obs_dagster.tasks.multiclass.batch_rows import TOP_KEYS, BatchRows
from obs_dagster.tasks.multiclass.scores import classes_of, score_columns, slack
from obs_dagster.tasks.multiclass.table import (
    ADDED,
    CELL_GRID,
    KEYS,
    PLACES,
    SCHEMA,
    SUMS,
    TENTHS,
    WHOLE_GRID,
)

if TYPE_CHECKING:
    import duckdb


def reduce_outcome_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted; as `reduce_outcomes`."""
    present = set(relation.columns)
    classes, scores = classes_of(monitor), list(score_columns(monitor).values())
    # a log that lost a column of scores is treated as one that has none
    scores = scores if present.issuperset(scores) else []
    plan = reductions([cut for cut in monitor.cuts if present.issuperset(cut)])
    apart = [*by, monitor.logs.columns.version]
    segments: dict[str, Grid | None] = {name: grids.columns[name] for cut in plan for name in cut}
    keys: dict[str, Grid | None] = {**dict.fromkeys(apart), **segments}
    decided = [name for name in (LABEL, prediction_column(monitor)) if name in present]
    reader = BatchReader(relation, scores, {**keys, **dict.fromkeys(decided, CategoryGrid(top=classes))})
    counted = [_CutOutcomes(apart, cut, cuts, len(classes), len(scores)) for cut, cuts in plan.items()]
    for batch in reader.read():
        rows = BatchRows.of(
            [batch.numbers[name] for name in scores],
            batch.codes[LABEL],
            batch.codes.get(prediction_column(monitor)),
            classes=len(classes),
            tolerance=slack(monitor),
        )
        joint, combinations, _ = numbered(
            [batch.codes[name] for name in keys], [len(reader.vocabularies[name]) for name in keys]
        )
        for each in counted:
            each.add(rows, joint, combinations, list(keys))
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    names = pa.array([None, *classes, OTHER_CLASS])
    parts = [part for each in counted for part in each.tables(reader.vocabularies, names, schema)]
    return merge_rows(pa.concat_tables([schema.empty_table(), *parts]), [*by, *KEYS], ADDED)


class _CutOutcomes:
    """Outcomes per cell of one way of cutting the rows.

    Args:
        apart: the columns that are kept apart whatever the cut; the version is the last.
        cut: the segment columns of the cells.
        cuts: the cuts that follow from these cells and are asked for.
        classes: how many there are.
        scored: how many of them have scores: all or none.
    """

    def __init__(
        self, apart: Sequence[str], cut: Cut, cuts: Sequence[Cut], classes: int, scored: int
    ) -> None:
        self._apart, self._cells, self._cuts = list(apart), CellIndex(apart, cut), list(cuts)
        self._codes = classes + 2
        self._pairs, self._tops = Tally(), Tally()
        self._sums: FloatArray = np.zeros((0, TOP_KEYS, len(SUMS)))
        self._fine = [_Bins(WHOLE_GRID) for _ in range(scored)]
        self._joined = [_Bins(CELL_GRID) for _ in range(scored)]
        self._served = {grid: [Tally() for _ in range(scored)] for grid in (WHOLE_GRID, CELL_GRID)}

    def add(self, rows: BatchRows, joint: Codes, combinations: IntArray, columns: Sequence[str]) -> None:
        """Count the rows of a batch, given the combination of codes that each has."""
        cells = self._cells.number(combinations, columns)[joint]
        count = len(self._cells)
        self._pairs.count(cells, rows.pairs, count, self._codes**2)
        self._add_served(rows, cells[rows.served], count)
        cells = cells[rows.scored]
        self._tops.count(cells, rows.tops, count, TOP_KEYS)
        self._sums = np.pad(self._sums, ((0, count - len(self._sums)), (0, 0), (0, 0)))
        places = cells.astype(np.int64) * TOP_KEYS + rows.tops
        for place, values in enumerate(rows.sums):
            added = np.bincount(places, values, minlength=count * TOP_KEYS)
            self._sums[..., place] += added.reshape(count, TOP_KEYS)
        wholes = self._cells.wholes()[cells]
        for number, (fine, joined) in enumerate(zip(self._fine, self._joined, strict=True)):
            bins, scores, own = rows.bins[number], rows.scores[number], rows.label == number + 1
            if () in self._cuts:
                fine.add(wholes, bins, own, scores, self._cells.whole_count)
            if any(self._cuts):
                joined.add(cells, bins, own, scores, count)

    def _add_served(self, rows: BatchRows, cells: Codes, count: int) -> None:
        """Count all rows with scores by whether each class was predicted, and whether the label is known."""
        wholes = self._cells.wholes()[cells]
        for grid, owners, owner_count, wanted in (
            (WHOLE_GRID, wholes, self._cells.whole_count, () in self._cuts),
            (CELL_GRID, cells, count, any(self._cuts)),
        ):
            for number, tally in enumerate(self._served[grid] if wanted else ()):
                ways = 2 * rows.known + (rows.predicted == number + 1)
                keys = (4 * (rows.served_bins[number] >> grid.bits) + ways).astype(np.int32)
                tally.count(owners, keys, owner_count, 4 * grid.bins)

    def tables(
        self, vocabularies: Mapping[str, Vocabulary], names: pa.Array, schema: pa.Schema
    ) -> list[pa.Table]:
        """The outcomes in each cut that is asked for; cells of one name may have several rows of one key."""
        return [table for cut in self._cuts for table in self._tables(cut, vocabularies, names, schema)]

    def _tables(
        self, cut: Cut, vocabularies: Mapping[str, Vocabulary], names: pa.Array, schema: pa.Schema
    ) -> list[pa.Table]:
        known = NamedCells([*schema.names[: len(self._apart) - 1], "version", "segment"])
        groups = known.places(self._cells.named(cut, vocabularies))
        wholes = known.places(self._cells.named_wholes(vocabularies)) if not cut else groups
        tables = []
        for part in (
            self._pair_part(groups),
            self._top_part(groups),
            *(
                bins.part(groups if cut else wholes, number)
                for number, bins in enumerate(self._joined if cut else self._fine, 1)
            ),
            *(
                _served_part(tally, groups if cut else wholes, number)
                for number, tally in enumerate(self._served[CELL_GRID if cut else WHOLE_GRID], 1)
            ),
        ):
            owner = part.pop("cell")
            classes = [name for name in ("label", "class") if name in part]
            coded: dict[str, Any] = {name: names.take(pa.array(part[name])) for name in classes}
            tables.append(filled({**part, **coded, **known.keyed(owner)}, schema, len(owner)))
        return tables

    def _pair_part(self, groups: IntArray) -> dict[str, Any]:
        cells, keys, counts = self._pairs.regrouped(groups)
        label, predicted = np.divmod(keys, self._codes)
        return {"cell": cells, "part": "pair", "label": label, "class": predicted, "n": counts}

    def _top_part(self, groups: IntArray) -> dict[str, Any]:
        cells, keys, counts = self._tops.regrouped(groups)
        sums = np.zeros((int(groups.max(initial=-1)) + 1, TOP_KEYS, len(SUMS)))
        np.add.at(sums, groups[: len(self._sums)], self._sums)
        found = sums[cells, keys]
        hit, tenth, place = keys // (TENTHS * PLACES), keys // PLACES % TENTHS, keys % PLACES + 1
        added = dict(zip(SUMS, found.T, strict=True))
        return {
            "cell": cells,
            "part": "top",
            "bin": tenth,
            "place": place,
            "hit": hit > 0,
            "n": counts,
            **added,
        }


def _served_part(tally: Tally, groups: IntArray, number: int) -> dict[str, Any]:
    """All rows with scores with cells joined, given the group of each, and the class's number."""
    cells, keys, counts = tally.regrouped(groups)
    return {
        "cell": cells,
        "part": "served",
        "class": np.full(len(cells), number),
        "bin": keys >> 2,
        "place": keys >> 1 & 1,
        "hit": keys & 1 > 0,
        "n": counts,
    }


class _Bins:
    """Rows per cell, bin of one class's score and whether the class is the label; and each bin's extremes."""

    def __init__(self, grid: ScoreGrid) -> None:
        self._grid = grid
        self._counts = Tally()
        self._ends = Extremes(2 * grid.bins)

    def add(
        self, cells: Codes, bins: Codes, own: NDArray[np.bool_], scores: FloatArray, cell_count: int
    ) -> None:
        """Count rows, whose bins are the finest ones."""
        keys = 2 * (bins >> self._grid.bits) + own
        self._counts.count(cells, keys, cell_count, 2 * self._grid.bins)
        self._ends.add(cells, keys, scores, cell_count)

    def part(self, groups: IntArray, number: int) -> dict[str, Any]:
        """The counts with cells joined, given the group of each, and the class's number."""
        cells, keys, counts = self._counts.regrouped(groups)
        low, high = self._ends.of(cells, keys, groups)
        return {
            "cell": cells,
            "part": "score",
            "class": np.full(len(cells), number),
            "bin": keys >> 1,
            "hit": keys % 2 > 0,
            "n": counts,
            "score_min": low,
            "score_max": high,
        }
