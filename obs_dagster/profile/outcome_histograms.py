"""Outcomes of rows that DuckDB reads: histograms in NumPy over a stream of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.batches import BatchReader
from obs_dagster.profile.cell_index import CellIndex
from obs_dagster.profile.cells import reductions
from obs_dagster.profile.columns import LABEL, prediction_column
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grid import Grid, Grids, UnitGrid
from obs_dagster.profile.histograms import numbered
from obs_dagster.profile.tally import Tally, regrouped

if TYPE_CHECKING:
    import duckdb

#: scikit-learn's clip of probabilities in `log_loss`.
TINY = float(np.finfo(np.float64).eps)
#: Sums are exact per tenth of the score, decision and label, which is what metrics ask for.
_TENTHS = 10
_SUMS = ("score_sum", "log_loss_sum", "log_loss_sq", "brier_sum", "brier_sq")
#: Keys of rows without a label: whether the decision was positive. Those of labelled rows follow.
_UNLABELLED = 2
_KEYS = _UNLABELLED + 4 * UnitGrid().bins


def reduce_outcome_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, schema: pa.Schema
) -> pa.Table:
    """The outcomes of rows, sorted by version, segment, bin, decision and label.

    Args:
        relation: rows of the log with the label in `_obs_label`, null where it is not known.
        monitor: names the score and decision columns and the segments.
        grids: the categories that have a segment cell of their own.
        schema: of the result.
    """
    present = set(relation.columns)
    plan = reductions([cut for cut in monitor.cuts if present.issuperset(cut)])
    version, score, decision = (
        monitor.logs.columns.version,
        monitor.logs.columns.score,
        prediction_column(monitor),
    )
    keys: dict[str, Grid | None] = {version: None} | {
        name: grids.columns[name] for cut in plan for name in cut
    }
    reader = BatchReader([score, LABEL, *([decision] if decision in present else [])], keys)
    counts = [_CutOutcomes(CellIndex([version], cut)) for cut in plan]
    for batch in reader.read(relation):
        known = batch.numbers[decision].values if decision in present else None
        served = _decisions(batch.numbers[score].values, known, monitor.logs.threshold)
        rows = _Rows(batch.numbers[score].values, served, batch.numbers[LABEL].values)
        sizes = [len(reader.vocabularies[name].values) for name in keys]
        joint, combinations = numbered([batch.codes[name] for name in keys], sizes)
        for each in counts:
            each.add(rows, each.cells.number(combinations, list(keys))[joint])
    parts = [
        each.table(each.cells.named(cut, reader.vocabularies))
        for each, cuts in zip(counts, plan.values(), strict=True)
        for cut in cuts
    ]
    whole = pa.concat_tables(parts).cast(schema)
    order = [(name, "ascending") for name in ("version", "segment", "bin", "decision", "label")]
    return whole.sort_by(order)


def _decisions(score: FloatArray, served: FloatArray | None, threshold: float) -> IntArray:
    """The decision that was served; where the log has none, the score against the threshold."""
    derived = score >= threshold
    if served is None:
        return derived.astype(np.int64)
    return np.where(np.isnan(served), derived, served > 0).astype(np.int64)


class _Rows:
    """The rows of a batch: under which key each counts, and what it adds to the sums.

    Attributes:
        keys: shape (rows,).
        labelled: the rows that have a label and a score, shape (labelled,).
        groups: the group of sums of each labelled row.
        sums: what each labelled row adds to each sum.
    """

    def __init__(self, score: FloatArray, decision: IntArray, label: FloatArray) -> None:
        known = ~np.isnan(label) & ~np.isnan(score)
        self.labelled = np.flatnonzero(known)
        score, positive = score[self.labelled], label[self.labelled] > 0
        bins = UnitGrid().positions(score).astype(np.int64)
        outcome = decision[self.labelled] * 2 + positive
        self.keys = decision.copy()
        self.keys[self.labelled] = _UNLABELLED + bins * 4 + outcome
        self.groups = bins // (UnitGrid().bins // _TENTHS) * 4 + outcome
        certain = np.where(positive, score, 1.0 - score)
        loss = -np.log(np.clip(certain, TINY, 1.0 - TINY))
        miss = np.square(1.0 - certain)
        self.sums = (score, loss, loss * loss, miss, miss * miss)


class _CutOutcomes:
    """Outcomes per cell of one way of cutting the rows.

    Args:
        cells: numbers the cells.
    """

    def __init__(self, cells: CellIndex) -> None:
        self.cells = cells
        self._tally = Tally()
        self._sums: FloatArray = np.zeros((len(_SUMS), 0, 4 * _TENTHS))

    def add(self, rows: _Rows, cells: IntArray) -> None:
        """Count the rows of a batch, given the cell of each."""
        self._tally.add(cells, rows.keys, len(self.cells))
        more = len(self.cells) - self._sums.shape[1]
        self._sums = np.pad(self._sums, ((0, 0), (0, more), (0, 0)))
        codes = cells[rows.labelled] * (4 * _TENTHS) + rows.groups
        for place, values in enumerate(rows.sums):
            added = np.bincount(codes, weights=values, minlength=self._sums[place].size)
            self._sums[place] += added.reshape(self._sums[place].shape)

    def table(self, named: Sequence[tuple[str | None, ...]]) -> pa.Table:
        """The outcomes with cells of the same name added up, given the version and segment of each cell."""
        names: dict[tuple[str | None, ...], int] = {}
        places = np.array([names.setdefault(name, len(names)) for name in named], dtype=np.int64)
        cells, keys, counts = regrouped(self._tally.entries(), places)
        sums = np.zeros((len(_SUMS), len(names), 4 * _TENTHS))
        for total, mine in zip(sums, self._sums, strict=True):
            np.add.at(total, places, mine)
        # the sums of a tenth stand in its first bin
        filled = np.flatnonzero(sums.any(axis=0))
        first = _UNLABELLED + filled % (4 * _TENTHS) // 4 * (UnitGrid().bins // _TENTHS) * 4 + filled % 4
        codes = np.concatenate([cells * _KEYS + keys, filled // (4 * _TENTHS) * _KEYS + first])
        codes, entry = np.unique(codes, return_inverse=True)
        n = np.zeros(len(codes), dtype=np.int64)
        n[entry[: len(counts)]] = counts
        added = np.zeros((len(_SUMS), len(codes)))
        added[:, entry[len(counts) :]] = sums.reshape(len(_SUMS), -1)[:, filled]
        cells, keys = np.divmod(codes, _KEYS)
        unlabelled, outcome = keys < _UNLABELLED, keys - _UNLABELLED
        versions, segments = (pa.array([name[place] for name in names], pa.string()) for place in (0, 1))
        return pa.table(
            {
                "version": versions.take(pa.array(cells)),
                "segment": segments.take(pa.array(cells)),
                "bin": pa.array(outcome // 4, mask=unlabelled),
                "decision": pa.array(np.where(unlabelled, keys > 0, outcome // 2 % 2 > 0)),
                "label": pa.array(outcome % 2 > 0, mask=unlabelled),
                "n": n,
                **dict(zip(_SUMS, added, strict=True)),
            }
        )
