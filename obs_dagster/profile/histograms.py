"""The reduction for rows that DuckDB reads: histograms in NumPy over a stream of batches.

Every row is read and decoded once. Per value it costs one asinh, one gather and the increment of a counter,
an order of magnitude less than a GROUP BY on bins. Counts are the same as those of `expressions`; only the
order in which floats are added up differs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile import arrays
from obs_dagster.profile.assembly import Assembly
from obs_dagster.profile.batches import Batch, BatchReader, Numbers, vocabulary_size
from obs_dagster.profile.cell_counts import MISSING, CellCounts, Keyed
from obs_dagster.profile.cell_index import CellIndex
from obs_dagster.profile.cells import Cut, reductions
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grid import CategoryGrid, Grid, Grids, NumericGrid
from obs_dagster.profile.moments import Moments

if TYPE_CHECKING:
    import duckdb

#: Crossings of all segment columns that are counted as such, in one pass, and added up afterwards.
_MOST_CROSSED = 256


def reduce_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The counts of `SCHEMA` with the text columns `by` before it, sorted.

    Args:
        relation: rows of the log; declared columns that it lacks are left out.
        monitor: names the columns, the version and the segments.
        grids: the bins of each column.
        by: text columns whose values are kept apart, as the day.
    """
    reduction = _Reduction(relation.columns, monitor, grids, by)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counting: list[Future[None]] = []
        for batch in reduction.reader.read(relation):
            # while the columns of one batch are counted the next one is read
            arranged = reduction.arrange(batch)
            _wait_for(counting)
            counting = [pool.submit(reduction.count, arranged, name) for name in reduction.columns]
        _wait_for(counting)
    return reduction.table()


def _wait_for(futures: Iterable[Future[None]]) -> None:
    """Wait until all are done; raises what the first failed one raised."""
    for future in futures:
        future.result()


@dataclass(frozen=True, slots=True)
class _Located:
    """Where the rows of a batch belong in one way of cutting them.

    Attributes:
        counts: the counts of that cut.
        places: the cell of each run of rows.
        cells: the cell of each row.
        size: how many cells there are so far.
    """

    counts: CellCounts
    places: IntArray
    cells: IntArray
    size: int


@dataclass(frozen=True, slots=True)
class _Arranged:
    """A batch with the order in which rows of the same cells are next to each other.

    Attributes:
        order: the rows in that order.
        starts: where each run of rows of the same cells begins.
        located: the cells of the rows in that order, per cut.
    """

    batch: Batch
    order: IntArray
    starts: IntArray
    located: list[_Located]


class _Reduction:
    """What one reduction reads, and the counts so far."""

    def __init__(self, present: Iterable[str], monitor: Monitor, grids: Grids, by: Sequence[str]) -> None:
        found = set(present)
        names = [column.name for column in profiled_columns(monitor) if column.name in found]
        columns = {name: grids.columns[name] for name in names}
        self._by = list(by)
        self._numeric = {name: grid for name, grid in columns.items() if not isinstance(grid, CategoryGrid)}
        self._categories = [name for name, grid in columns.items() if isinstance(grid, CategoryGrid)]
        self._plan = _plan([cut for cut in monitor.cuts if found.issuperset(cut)], grids)
        segments = {name: grids.columns[name] for cut in self._plan for name in cut}
        apart = [*by, monitor.logs.columns.version]
        keys: dict[str, Grid | None] = {**dict.fromkeys(apart), **segments}
        self._keys = list(keys)
        self._counts = [
            CellCounts(CellIndex(apart, cut), self._numeric, self._categories) for cut in self._plan
        ]
        texts = keys | {name: columns[name] for name in self._categories}
        self.reader = BatchReader(list(self._numeric), texts)

    @property
    def columns(self) -> list[str]:
        """The columns that are counted, each independently of the others."""
        return [*self._numeric, *self._categories]

    def arrange(self, batch: Batch) -> _Arranged:
        """Find the cells of a batch's rows, and count the rows."""
        sizes = [len(self.reader.vocabularies[name].values) for name in self._keys]
        joint, combinations = numbered([batch.codes[name] for name in self._keys], sizes)
        narrow = joint.astype(np.uint16) if len(combinations) <= np.iinfo(np.uint16).max else joint
        order = np.argsort(narrow, kind="stable")
        lengths = np.bincount(joint)
        located = []
        for counts in self._counts:
            places = counts.cells.number(combinations, self._keys)
            counts.add_rows(places, lengths)
            located.append(_Located(counts, places, np.repeat(places, lengths), len(counts.cells)))
        return _Arranged(batch, order, np.cumsum(lengths) - lengths, located)

    def count(self, arranged: _Arranged, name: str) -> None:
        """Count one column of a batch."""
        if name not in self._numeric:
            codes = arranged.batch.codes[name][arranged.order]
            for each in arranged.located:
                each.counts.add_categories(name, each.cells, codes, each.size)
            return
        # rows in runs of the same cell: sums are taken over runs, and counters stay in the cache
        numbers = arranged.batch.numbers[name].reordered(arranged.order)
        moments = Moments.of_runs(numbers.values, arranged.starts)
        keyed = _keyed(numbers, self._numeric[name])
        for each in arranged.located:
            each.counts.add_moments(name, each.places, moments, each.size)
            each.counts.add_numbers(name, each.cells, keyed, each.size)

    def table(self) -> pa.Table:
        """All counts, every declared cut from the finest one that it follows from."""
        assembly = Assembly(self._by)
        for counts, cuts in zip(self._counts, self._plan.values(), strict=True):
            counts.assemble(assembly, cuts, self.reader.vocabularies)
        return assembly.table()


def _plan(cuts: Sequence[Cut], grids: Grids) -> dict[Cut, list[Cut]]:
    """The cuts that are counted, and the declared cuts that follow from each."""
    plan = reductions(cuts)
    crossed = tuple(dict.fromkeys(column for cut in plan for column in cut))
    sizes = [vocabulary_size(grids.columns[column]) or _MOST_CROSSED + 1 for column in crossed]
    return {crossed: list(cuts)} if math.prod(sizes) <= _MOST_CROSSED else plan


def _keyed(numbers: Numbers, grid: NumericGrid) -> Keyed:
    """What numbers count as: their value if the grid lists it, else their bin, else why they have none."""
    found: dict[str, tuple[IntArray | None, IntArray | FloatArray]] = {}
    for kind, mask in zip(MISSING, numbers.missing, strict=False):
        missing = np.flatnonzero(mask)
        found[kind] = (missing, np.zeros(len(missing), dtype=np.int64))
    rows: IntArray | None = None
    values = numbers.values
    if numbers.missing:
        rows = np.flatnonzero(~np.isnan(values))
        values = values[rows]
    if grid.exact:
        exact = np.array(grid.exact)
        places = np.minimum(np.searchsorted(exact, values), len(exact) - 1)
        listed = exact[places] == values
        hits, others = np.flatnonzero(listed), np.flatnonzero(~listed)
        found["value"] = (hits if rows is None else rows[hits], places[hits])
        rows, values = (others if rows is None else rows[others]), values[others]
    found["bin"] = (rows, grid.positions(values))
    return found


def numbered(codes: Sequence[IntArray], sizes: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Number the combinations of codes that occur.

    Args:
        codes: per column the code of each row, shape (rows,) each.
        sizes: per column how many codes there are.

    Returns:
        The number of each row's combination, shape (rows,), and the codes of each combination,
        shape (combinations, columns).
    """
    if math.prod(sizes) > np.iinfo(np.int64).max:
        half = len(codes) // 2
        parts = [numbered(codes[:half], sizes[:half]), numbered(codes[half:], sizes[half:])]
        ids, pairs = numbered([ids for ids, _ in parts], [len(found) for _, found in parts])
        return ids, np.hstack([found[pairs[:, place]] for place, (_, found) in enumerate(parts)])
    combined = codes[0]
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        combined = combined * size + code
    encoded = pa.array(combined).dictionary_encode()
    distinct = np.unravel_index(arrays.values(encoded.dictionary), tuple(sizes))
    return arrays.values(encoded.indices).astype(np.int64), np.stack(distinct, axis=1)
