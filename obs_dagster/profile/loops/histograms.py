"""The reduction for rows that DuckDB reads: histograms over a stream of batches, in compiled loops.

Every row is read and decoded once. Per value it costs one lookup and the increment of two counters, an order
of magnitude less than a GROUP BY on bins. Counts are the same as those of `expressions`; only the order in
which floats are added up differs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.cores import cores
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile import arrays
from obs_dagster.profile.by_value import reduce_values
from obs_dagster.profile.cells import Cut, reductions
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.grids.grid import CategoryGrid, Grid, Grids
from obs_dagster.profile.loops.assembly import Assembly
from obs_dagster.profile.loops.batches import Batch, BatchReader, vocabulary_size
from obs_dagster.profile.loops.cell_counts import CellCounts
from obs_dagster.profile.loops.kernels import Codes
from obs_dagster.profile.loops.located import Located
from obs_dagster.profile.loops.number_keys import keying

if TYPE_CHECKING:
    import duckdb

#: Crossings of all segment columns that are counted as such, in one pass, and added up afterwards.
_MOST_CROSSED = 256
#: Columns that are read in one pass; of a wider log that many at a time, so that memory stays bounded.
_MOST_COLUMNS = 128


def reduce_relation(
    relation: duckdb.DuckDBPyRelation, monitor: Monitor, grids: Grids, by: Sequence[str]
) -> Iterator[pa.Table]:
    """The counts of `SCHEMA` with the text columns `by` before it, sorted; some of the log's columns each.

    Args:
        relation: rows of the log; declared columns that it lacks are left out.
        monitor: names the columns, the version and the segments.
        grids: the bins of each column.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(relation.columns)
    names = sorted(column.name for column in profiled_columns(monitor) if column.name in present)
    passes = max(1, math.ceil(len(names) / _MOST_COLUMNS))
    for number in range(passes):
        first, last = (len(names) * each // passes for each in (number, number + 1))
        columns = {name: grids.columns[name] for name in names[first:last]}
        yield _counted(_Reduction(relation, monitor, grids, by, columns), rows=not number)


def _counted(reduction: _Reduction, *, rows: bool) -> pa.Table:
    """The counts of some columns, and where they are wanted of the rows themselves."""
    threads = cores()
    shares = [reduction.columns[start::threads] for start in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        counting: list[Future[None]] = []
        for batches in reduction.reader.read_together():
            # while the columns of some batches are counted the next ones are read
            arranged = [reduction.arrange(batch) for batch in batches]
            _wait_for(counting)
            counting = [pool.submit(reduction.count, arranged, names) for names in shares]
        _wait_for(counting)
    return reduction.table(rows=rows)


def _wait_for(futures: Iterable[Future[None]]) -> None:
    """Wait until all are done; raises what the first failed one raised."""
    for future in futures:
        future.result()


@dataclass(frozen=True, slots=True)
class _Arranged:
    """A batch, and the cells of its rows in each cut that is counted."""

    batch: Batch
    located: list[Located]


class _Reduction:
    """What one reduction reads, and the counts so far."""

    def __init__(
        self,
        relation: duckdb.DuckDBPyRelation,
        monitor: Monitor,
        grids: Grids,
        by: Sequence[str],
        columns: Mapping[str, Grid],
    ) -> None:
        found = set(relation.columns)
        self._relation, self._monitor, self._grids, self._by = relation, monitor, grids, list(by)
        numeric = {name: grid for name, grid in columns.items() if not isinstance(grid, CategoryGrid)}
        self._keying = {name: keying(grid) for name, grid in numeric.items()}
        self._categories = [name for name, grid in columns.items() if isinstance(grid, CategoryGrid)]
        plan = _plan([cut for cut in monitor.cuts if found.issuperset(cut)], grids)
        segments = {name: grids.columns[name] for cut in plan for name in cut}
        apart = [*by, monitor.logs.columns.version]
        keys: dict[str, Grid | None] = {**dict.fromkeys(apart), **segments}
        self._keys = list(keys)
        self._counts = [CellCounts(apart, cut, cuts, numeric, self._categories) for cut, cuts in plan.items()]
        texts = keys | {name: columns[name] for name in self._categories}
        self.reader = BatchReader(relation, list(numeric), texts)

    @property
    def columns(self) -> list[str]:
        """The columns that are counted, each independently of the others."""
        return [*self._keying, *self._categories]

    def arrange(self, batch: Batch) -> _Arranged:
        """Find the cells of a batch's rows, and count the rows."""
        joint, combinations, lengths = numbered(
            [batch.codes[name] for name in self._keys],
            [len(self.reader.vocabularies[name]) for name in self._keys],
        )
        return _Arranged(
            batch, [counts.locate(joint, combinations, self._keys, lengths) for counts in self._counts]
        )

    def count(self, arranged: Sequence[_Arranged], names: Iterable[str]) -> None:
        """Count some columns of batches."""
        for name in names:
            for batch in arranged:
                self._count(batch, name)

    def _count(self, arranged: _Arranged, name: str) -> None:
        counted = zip(self._counts, arranged.located, strict=True)
        if name in self._keying:
            keyed = self._keying[name](arranged.batch.numbers[name])
            for counts, located in counted:
                counts.add_numbers(name, keyed, located)
        else:
            size = len(self.reader.vocabularies[name])
            for counts, located in counted:
                counts.add_categories(name, arranged.batch.codes[name], size, located)

    def table(self, *, rows: bool) -> pa.Table:
        """All counts, every declared cut from the finest one that it follows from."""
        assembly = Assembly(self._by)
        listed = {name: self.reader.listed[name] for name in self._categories if name in self.reader.listed}
        unlisted = {name: len(texts) + 1 for name, texts in listed.items()}
        for counts in self._counts:
            counts.assemble(assembly, self.reader.vocabularies, rows=rows, apart=unlisted)
        found = {
            name: listed[name]
            for name, code in unlisted.items()
            if any(counts.has(name, code) for counts in self._counts)
        }
        # texts that nobody has listed are few, or too many to hold: the database groups them
        frame = nw.from_native(self._relation)
        assembly.add_rows(reduce_values(frame, self._monitor, self._grids, self._by, found))
        return assembly.table()


def _plan(cuts: Sequence[Cut], grids: Grids) -> dict[Cut, list[Cut]]:
    """The cuts that are counted, and the declared cuts that follow from each."""
    plan = reductions(cuts)
    crossed = tuple(dict.fromkeys(column for cut in plan for column in cut))
    sizes = [vocabulary_size(grids.columns[column]) or _MOST_CROSSED + 1 for column in crossed]
    return {crossed: list(cuts)} if math.prod(sizes) <= _MOST_CROSSED else plan


def numbered(codes: Sequence[Codes], sizes: Sequence[int]) -> tuple[Codes, IntArray, IntArray]:
    """Number the combinations of codes that occur.

    Args:
        codes: per column the code of each row, shape (rows,) each.
        sizes: per column how many codes there are.

    Returns:
        The number of each row's combination, shape (rows,), the codes of each combination, shape
        (combinations, columns), and how many rows have it.
    """
    if math.prod(sizes) > np.iinfo(np.int64).max:
        half = len(codes) // 2
        parts = [numbered(codes[:half], sizes[:half]), numbered(codes[half:], sizes[half:])]
        ids, pairs, lengths = numbered([part[0] for part in parts], [len(part[1]) for part in parts])
        return ids, np.hstack([found[pairs[:, place]] for place, (_, found, _) in enumerate(parts)]), lengths
    combined = codes[0].astype(np.int64)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        combined = combined * size + code
    if math.prod(sizes) <= len(combined):
        counts = np.bincount(combined, minlength=math.prod(sizes))
        occurring = np.flatnonzero(counts)
        places = np.zeros(len(counts), dtype=np.int32)
        places[occurring] = np.arange(len(occurring))
        ids, lengths = places[combined], counts[occurring]
    else:
        encoded = pa.array(combined).dictionary_encode()
        occurring, ids = arrays.values(encoded.dictionary), arrays.values(encoded.indices)
        lengths = np.bincount(ids)
    return ids, np.stack(np.unravel_index(occurring, tuple(sizes)), axis=1), lengths
