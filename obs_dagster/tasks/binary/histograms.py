"""Outcomes of rows that DuckDB reads: histograms over a stream of batches, in compiled loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.cells import Cut, reductions
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.grid import Grid, Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.batches import BatchReader
from obs_dagster.profile.loops.cell_index import CellIndex
from obs_dagster.profile.loops.extremes import Extremes
from obs_dagster.profile.loops.histograms import numbered
from obs_dagster.profile.loops.kernels import Codes, Numbers
from obs_dagster.profile.loops.number_keys import keying
from obs_dagster.profile.loops.tally import Tally
from obs_dagster.profile.loops.texts import Vocabulary
from obs_dagster.tasks.binary.kernels import (
    LABELLED,
    SCORELESS,
    SUMS,
    TENTHS,
    WAYS,
    Decisions,
    Scores,
    add_losses,
    outcome_keys,
)
from obs_dagster.tasks.binary.table import KEYS, SCHEMA
from obs_dagster.tasks.cut_tables import NamedCells, filled

if TYPE_CHECKING:
    import duckdb

_GRID = ScoreGrid()
_TENTHS = (np.searchsorted(_GRID.tenths, np.arange(_GRID.bins), side="right") - 1).astype(np.int32)
_GROUPS = 4 * TENTHS


def reduce_outcome_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted.

    Args:
        relation: rows of the log with the label in `_obs_label`, null where it is not known.
        monitor: names the score and decision columns and the segments.
        grids: the categories that have a segment cell of their own.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(relation.columns)
    plan = reductions([cut for cut in monitor.outcome_cuts if present.issuperset(cut)])
    roles = monitor.logs.columns
    score, decision = leading_output(monitor).column, prediction_column(monitor)
    apart = [*by, roles.version]
    segments = {name: grids.columns[name] for cut in plan for name in cut}
    keys: dict[str, Grid | None] = {**dict.fromkeys(apart), **segments}
    reader = BatchReader(relation, [score, LABEL, *([decision] if decision in present else [])], keys)
    counted = [_CutOutcomes(apart, cut, cuts) for cut, cuts in plan.items()]
    for batch in reader.read():
        rows = _Rows(
            batch.numbers[score],
            batch.numbers.get(decision),
            batch.numbers[LABEL],
            monitor.logs.threshold,
        )
        joint, combinations, _ = numbered(
            [batch.codes[name] for name in keys], [len(reader.vocabularies[name]) for name in keys]
        )
        for each in counted:
            each.add(rows, joint, combinations, list(keys))
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    parts = [part for each in counted for part in each.tables(reader.vocabularies, schema)]
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in (*by, *KEYS)])


class _Rows:
    """The rows of a batch.

    Attributes:
        scores: anything where there is none, shape (rows,).
        keys, joined: what each row counts as, in the whole and in segment cells.
    """

    def __init__(self, score: Numbers, served: Numbers | None, label: Numbers, threshold: float) -> None:
        self.scores = score.values
        none = Numbers(score.values[:0], score.validity[:0], 0)
        keys = np.empty((2, len(score.values)), dtype=np.int32)
        scores = Scores(score.values, keying(_GRID)(score).keys)
        outcome_keys(scores, Decisions(served or none, threshold), label, JOINED_BITS, keys)
        self.keys, self.joined = keys


class _CutOutcomes:
    """Outcomes per cell of one way of cutting the rows.

    Args:
        apart: the columns that are kept apart whatever the cut; the version is the last.
        cut: the segment columns of the cells.
        cuts: the cuts that follow from these cells and are asked for.
    """

    def __init__(self, apart: Sequence[str], cut: Cut, cuts: Sequence[Cut]) -> None:
        self._apart = list(apart)
        self._cells = CellIndex(apart, cut)
        self._cuts = list(cuts)
        self._fine, self._joined = Tally(), Tally()
        self._fine_ends, self._joined_ends = Extremes(_GRID.bins), Extremes(_GRID.joined.bins)
        self._sums: FloatArray = np.zeros((0, _GROUPS, len(SUMS)))

    def add(self, rows: _Rows, joint: Codes, combinations: IntArray, columns: Sequence[str]) -> None:
        """Count the rows of a batch, given the combination of codes that each has."""
        cells = self._cells.number(combinations, columns)[joint]
        self._sums = np.pad(self._sums, ((0, len(self._cells) - len(self._sums)), (0, 0), (0, 0)))
        add_losses(rows.keys, rows.scores, cells, _TENTHS, self._sums)
        labelled = (rows.keys >= SCORELESS) & ((rows.keys - SCORELESS) % WAYS < LABELLED)
        scores = rows.scores[labelled]
        if () in self._cuts:
            wholes = self._cells.wholes()[cells]
            self._fine.count(wholes, rows.keys, self._cells.whole_count, _key_count(_GRID))
            bins = (rows.keys[labelled] - SCORELESS) // WAYS
            self._fine_ends.add(wholes[labelled], bins, scores, self._cells.whole_count)
        if any(self._cuts):
            self._joined.count(cells, rows.joined, len(self._cells), _key_count(_GRID.joined))
            bins = (rows.joined[labelled] - SCORELESS) // WAYS
            self._joined_ends.add(cells[labelled], bins, scores, len(self._cells))

    def tables(self, vocabularies: Mapping[str, Vocabulary], schema: pa.Schema) -> list[pa.Table]:
        """The outcomes in each cut that is asked for, cells of the same name added up."""
        return [self._table(cut, vocabularies, schema) for cut in self._cuts]

    def _table(self, cut: Cut, vocabularies: Mapping[str, Vocabulary], schema: pa.Schema) -> pa.Table:
        names = NamedCells([*schema.names[: len(self._apart) - 1], "version", "segment"])
        places = names.places(self._cells.named(cut, vocabularies))
        if cut:
            grid, ends, groups = _GRID.joined, self._joined_ends, places
            cells, keys, counts = self._joined.regrouped(groups)
        else:
            grid, ends, groups = (
                _GRID,
                self._fine_ends,
                names.places(self._cells.named_wholes(vocabularies)),
            )
            cells, keys, counts = self._fine.regrouped(groups)
        sums = np.zeros((len(names), _GROUPS, len(SUMS)))
        np.add.at(sums, places, self._sums)
        # the sums of a tenth stand in its first bin
        owner, group = np.nonzero(sums.any(axis=2))
        first = SCORELESS + WAYS * grid.tenths[group // 4] + group % 4
        width = _key_count(grid)
        codes = np.concatenate([cells * width + keys, owner * width + first])
        codes, entry = np.unique(codes, return_inverse=True)
        n = np.zeros(len(codes), dtype=np.int64)
        n[entry[: len(counts)]] = counts
        added = np.zeros((len(codes), len(SUMS)))
        added[entry[len(counts) :]] = sums[owner, group]
        cells, keys = np.divmod(codes, width)
        bins, way = np.divmod(keys - SCORELESS, WAYS)
        scoreless = keys < SCORELESS
        unlabelled = scoreless | (way >= LABELLED)
        positive = np.where(way < LABELLED, way // 2, way - LABELLED)
        extremes = np.full((2, len(codes)), np.nan)
        counted = ~unlabelled & (n > 0)
        extremes[:, counted] = ends.of(cells[counted], bins[counted], groups)
        return filled(
            {
                **names.keyed(cells),
                "bin": pa.array(bins, mask=scoreless),
                "decision": pa.array(np.where(scoreless, keys, positive) > 0),
                "label": pa.array(way % 2 > 0, mask=unlabelled),
                "n": n,
                **dict(zip(SUMS, added.T, strict=True)),
                "score_min": pa.array(extremes[0], mask=~counted),
                "score_max": pa.array(extremes[1], mask=~counted),
            },
            schema,
            len(cells),
        )


def _key_count(grid: ScoreGrid) -> int:
    """How many keys there are for scores on a grid."""
    return SCORELESS + WAYS * grid.bins
