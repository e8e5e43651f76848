"""Outcomes of regressors, of rows that DuckDB reads: sums over a stream of batches, in compiled loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.cells import Cut, reductions
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.grid import Grid, Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.loops.batches import Batch, BatchReader
from obs_dagster.profile.loops.cell_index import CellIndex
from obs_dagster.profile.loops.histograms import numbered
from obs_dagster.profile.loops.kernels import Codes, Numbers
from obs_dagster.profile.loops.number_keys import keying
from obs_dagster.profile.loops.texts import Vocabulary
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.cut_tables import NamedCells, filled
from obs_dagster.tasks.regression.bin_sums import BinSums
from obs_dagster.tasks.regression.kernels import (
    Pairs,
    Unit,
    add_intervals,
    add_pairs,
    add_quantile,
    pair_errors,
)
from obs_dagster.tasks.regression.table import (
    ADDED,
    INTERVAL_SUMS,
    KEYS,
    PAIR_SUMS,
    QUANTILE_SUMS,
    SCHEMA,
    level_key,
)
from obs_dagster.tasks.regression.units import FARTHEST, NOTHING, Units

if TYPE_CHECKING:
    import duckdb

#: What is added up by the bin of the prediction, in the order of `_missed`.
_BY_PREDICTION = (
    "prediction_sum",
    "error_sum",
    "error_sq",
    "error_quart",
    "absolute_sum",
    "nonzero",
    "relative_sum",
    "relative_sq",
    "symmetric_sum",
    "symmetric_sq",
)


def reduce_outcome_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted; as `reduce_outcome_frame`."""
    present = set(relation.columns)
    plan = reductions([cut for cut in monitor.cuts if present.issuperset(cut)])
    apart = [*by, monitor.logs.columns.version]
    segments: dict[str, Grid | None] = {name: grids.columns[name] for cut in plan for name in cut}
    keys: dict[str, Grid | None] = {**dict.fromkeys(apart), **segments}
    columns = _Columns.of(monitor, present)
    units = Units.of(grids, columns.prediction)
    reader = BatchReader(relation, columns.read, keys)
    counted = [_CutOutcomes(apart, cut, cuts, columns, units) for cut, cuts in plan.items()]
    for batch in reader.read():
        rows = _Rows.of(batch, columns, units)
        joint, combinations, _ = numbered(
            [batch.codes[name] for name in keys], [len(reader.vocabularies[name]) for name in keys]
        )
        for each in counted:
            each.add(rows, joint, combinations, list(keys))
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    parts = [part for each in counted for part in each.tables(reader.vocabularies, schema)]
    return merge_rows(pa.concat_tables([schema.empty_table(), *parts]), [*by, *KEYS], ADDED)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of numbers that a log has.

    Attributes:
        prediction: of the prediction.
        read: all of them that are there; the prediction may be lost.
        interval: the ends of the predicted interval; None where the log lacks either.
        quantiles: the column of each level that is there.
    """

    prediction: str
    read: list[str]
    interval: tuple[str, str] | None
    quantiles: dict[float, str]

    @classmethod
    def of(cls, monitor: Monitor, present: set[str]) -> Self:
        roles, prediction = monitor.logs.columns, leading_output(monitor).column
        interval = roles.interval if roles.interval and present.issuperset(roles.interval) else None
        quantiles = {level: name for level, name in roles.quantiles.items() if name in present}
        wanted = [prediction, LABEL, *(interval or ()), *quantiles.values()]
        read = [name for name in dict.fromkeys(wanted) if name in present]
        return cls(prediction, read, interval, quantiles)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a batch.

    Attributes:
        numbers: the columns.
        errors: of each row, NaN where it is no pair, shape (rows,).
        paired: the places of the pairs; what follows is about these, m of them.
        prediction_bins, error_bins: shape (m,).
        by_prediction: what is added up by the bin of the prediction, `_BY_PREDICTION`, shape (10, m).
        waiting: the places of the rows that have a finite prediction and are no pair.
        waiting_bins: the bins of their predictions.
    """

    numbers: Mapping[str, Numbers]
    errors: FloatArray
    paired: IntArray
    prediction_bins: Codes
    error_bins: Codes
    by_prediction: FloatArray
    waiting: IntArray
    waiting_bins: Codes

    @classmethod
    def of(cls, batch: Batch, columns: _Columns, units: Units) -> Self:
        """What is known of the rows, whatever cell they are in."""
        rows = len(next(iter(batch.codes.values())))
        lost = Numbers(np.full(rows, np.nan), np.zeros(0, dtype=np.uint8), 0)
        numbers = {columns.prediction: lost, LABEL: lost, **batch.numbers}
        put_out = numbers[columns.prediction]
        errors, usable = np.empty(rows), np.empty(rows)
        pair_errors(put_out, numbers[LABEL], _unit(units), errors)
        # of a prediction with itself: a number wherever there is a finite one
        pair_errors(put_out, put_out, _unit(units), usable)
        paired = np.flatnonzero(~np.isnan(errors))
        waiting = np.flatnonzero(np.isnan(errors) & ~np.isnan(usable))
        own = errors[paired]
        # every value has a bin here, also those that profiles count by value
        by_value = keying(replace(units.prediction, exact=()))
        return cls(
            numbers,
            errors,
            paired,
            by_value(lost._replace(values=put_out.values[paired])).keys,
            keying(units.error)(lost._replace(values=own)).keys,
            _missed(put_out.values[paired], own, units),
            waiting,
            by_value(lost._replace(values=put_out.values[waiting])).keys,
        )


def _missed(predictions: FloatArray, errors: FloatArray, units: Units) -> FloatArray:
    """What is added up of pairs by the bin of the prediction, shape (10, m)."""
    error, targets = errors / units.scale, predictions - errors
    size, square = np.abs(targets) / units.scale, error * error
    absolute, both = np.abs(error), size + np.abs(predictions) / units.scale
    nonzero = np.abs(targets) >= NOTHING
    relative = np.divide(absolute, size, out=np.zeros_like(error), where=nonzero)
    symmetric = np.divide(2.0 * absolute, both, out=np.zeros_like(error), where=both > 0)
    moved = (predictions - units.centre) / units.scale
    return np.array(
        [
            moved,
            error,
            square,
            square * square,
            absolute,
            nonzero,
            relative,
            relative**2,
            symmetric,
            symmetric**2,
        ]
    )


class _CutOutcomes:
    """Outcomes per cell of one way of cutting the rows.

    Args:
        apart: the columns that are kept apart whatever the cut; the version is the last.
        cut: the segment columns of the cells.
        cuts: the cuts that follow from these cells and are asked for.
        columns: of the log.
        units: what is counted in.
    """

    def __init__(
        self, apart: Sequence[str], cut: Cut, cuts: Sequence[Cut], columns: _Columns, units: Units
    ) -> None:
        self._apart, self._cells, self._cuts = list(apart), CellIndex(apart, cut), list(cuts)
        self._columns, self._unit = columns, _unit(units)
        self._counts: IntArray = np.zeros((0, 2), dtype=np.int64)
        self._ends: FloatArray = np.zeros((0, 2))
        self._sums: FloatArray = np.zeros((0, len(PAIR_SUMS)))
        self._intervals: FloatArray = np.zeros((0, len(INTERVAL_SUMS)))
        self._quantiles: FloatArray = np.zeros((0, len(columns.quantiles), 1 + len(QUANTILE_SUMS)))
        self._fine, self._joined = _bin_sums(), _bin_sums()

    def add(self, rows: _Rows, joint: Codes, combinations: IntArray, columns: Sequence[str]) -> None:
        """Count the rows of a batch, given the combination of codes that each has."""
        cells = self._cells.number(combinations, columns)[joint]
        self._grow(len(self._cells))
        values = {name: numbers.values for name, numbers in rows.numbers.items()}
        pairs = Pairs(values[self._columns.prediction], values[LABEL], rows.errors, cells)
        add_pairs(pairs, self._unit, self._counts, self._sums, self._ends)
        if self._columns.interval:
            low, high = (rows.numbers[name] for name in self._columns.interval)
            add_intervals(low, high, pairs, self._unit, self._intervals)
        for place, (level, name) in enumerate(self._columns.quantiles.items()):
            add_quantile(rows.numbers[name], level, pairs, self._unit, self._quantiles[:, place])
        predictions, paired = values[self._columns.prediction], cells[rows.paired]
        own, nothing = rows.errors[rows.paired], np.zeros((0, len(cells)))
        self._add_bins(
            "prediction", paired, rows.prediction_bins, predictions[rows.paired], rows.by_prediction
        )
        self._add_bins("error", paired, rows.error_bins, own, nothing)
        waiting = predictions[rows.waiting]
        self._add_bins("waiting", cells[rows.waiting], rows.waiting_bins, waiting, nothing)

    def _add_bins(self, kind: str, cells: Codes, bins: Codes, values: FloatArray, summed: FloatArray) -> None:
        if () in self._cuts:
            self._fine[kind].add(self._cells.wholes()[cells], bins, values, summed)
        if any(self._cuts):
            self._joined[kind].add(cells, bins >> JOINED_BITS, values, summed)

    def _grow(self, cells: int) -> None:
        """Make place for new cells."""
        more = cells - len(self._counts)
        if not more:
            return
        self._counts = np.pad(self._counts, ((0, more), (0, 0)))
        self._sums = np.pad(self._sums, ((0, more), (0, 0)))
        self._intervals = np.pad(self._intervals, ((0, more), (0, 0)))
        self._quantiles = np.pad(self._quantiles, ((0, more), (0, 0), (0, 0)))
        self._ends = np.concatenate([self._ends, np.repeat([[np.inf, -np.inf]], more, axis=0)])

    def tables(self, vocabularies: Mapping[str, Vocabulary], schema: pa.Schema) -> Iterator[pa.Table]:
        """The outcomes in each cut that is asked for; cells of one name may have several rows of one key."""
        for cut in self._cuts:
            names = NamedCells([*schema.names[: len(self._apart) - 1], "version", "segment"])
            cells = names.places(self._cells.named(cut, vocabularies))
            wholes = names.places(self._cells.named_wholes(vocabularies)) if not cut else cells
            for part in (
                self._cell_part(cells),
                *(self._quantile_part(cells, place) for place in range(len(self._columns.quantiles))),
                *(self._bin_part(cells if cut else wholes, kind, cut) for kind in self._fine),
            ):
                owners = part.pop("cell")
                yield filled({**part, **names.keyed(owners)}, schema, len(owners))

    def _cell_part(self, cells: IntArray) -> dict[str, Any]:
        sums = dict(zip(PAIR_SUMS + INTERVAL_SUMS, np.hstack([self._sums, self._intervals]).T, strict=True))
        return {
            "cell": cells,
            "kind": "cell",
            "key": np.zeros(len(cells), dtype=np.int64),
            "n": self._counts[:, 0],
            "pairs": self._counts[:, 1],
            **sums,
            **_ends("target", self._ends),
            **self._own_unit(len(cells)),
        }

    def _quantile_part(self, cells: IntArray, place: int) -> dict[str, Any]:
        level = list(self._columns.quantiles)[place]
        known, *sums = self._quantiles[:, place].T
        return {
            "cell": cells,
            "kind": "quantile",
            "key": np.full(len(cells), level_key(level)),
            "n": known.astype(np.int64),
            "pairs": known.astype(np.int64),
            **dict(zip(QUANTILE_SUMS, sums, strict=True)),
            **self._own_unit(len(cells)),
        }

    def _bin_part(self, groups: IntArray, kind: str, cut: Cut) -> dict[str, Any]:
        found = (self._joined if cut else self._fine)[kind].entries(groups)
        by_prediction = kind == "prediction"
        return {
            "cell": found.cells,
            "kind": kind,
            "key": found.bins,
            "n": found.counted.counts,
            **(dict(zip(_BY_PREDICTION, found.counted.sums.T, strict=True)) if by_prediction else {}),
            **_ends("error" if kind == "error" else "prediction", found.counted.ends),
        }

    def _own_unit(self, length: int) -> dict[str, FloatArray]:
        return {"centre": np.full(length, self._unit.centre), "scale": np.full(length, self._unit.scale)}


def _bin_sums() -> dict[str, BinSums]:
    """By kind, what is kept of its bins."""
    return {"prediction": BinSums(len(_BY_PREDICTION)), "error": BinSums(0), "waiting": BinSums(0)}


def _unit(units: Units) -> Unit:
    return Unit(units.centre, units.scale, FARTHEST * units.scale)


def _ends(name: str, ends: FloatArray) -> dict[str, pa.Array]:
    """The least and the greatest value, null where there is none."""
    none = ends[:, 0] > ends[:, 1]
    return {f"{name}_{end}": pa.array(ends[:, place], mask=none) for place, end in enumerate(("min", "max"))}
