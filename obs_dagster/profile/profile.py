"""The profile: mergeable counts per (version, segment cell, column), and what can be read off them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.errors import LakeError
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.profile.bin_sums import summed_bins, without_bins
from obs_dagster.profile.coding import coded, one_coding, sortable
from obs_dagster.profile.distribution import Counts
from obs_dagster.profile.entries import KINDS, Entries, category_counts, number_counts
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.sparse import Sparse

#: One row per (version, segment, column, kind, key, category). `kind` says what the row counts: rows of kind
#: `bin` (key: number of the bin; in segment cells, of the joined one), `value` (key: the value), `near` (key:
#: the value that the numbers are as good as equal to), `category`, `rest`, `null`, `nan` and `infinite` have
#: a count in `n`. A bin of scores has their extremes. `rest` counts the rows of categories too rare to be
#: counted by themselves; its `total` is the most that one of these can have. A `moments` row has the exact
#: sums of the finite values; the `rows` row of the column "" counts the whole cell.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("column", pa.string()),
        ("kind", pa.string()),
        ("key", pa.float64()),
        ("category", pa.string()),
        ("n", pa.int64()),
        ("total", pa.float64()),
        ("total_sq", pa.float64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
    ]
)
#: Its columns of counts, and of what is counted in its order; `write_rows` has what they are for.
COUNTS = ("key", "n")
#: The columns of texts, which a profile holds as codes of the few different ones.
TEXTS = ("version", "segment", "column", "kind")
#: Sorted by these: some columns of a wide log lie together, and can be read without the others.
_CELLS = ("column", "version", "segment", "kind")
KEYS = [*_CELLS, "key", "category"]
_SUMS = ("total", "total_sq", "minimum", "maximum")
_ADDED = {"n": "sum", "total": "sum", "total_sq": "sum", "minimum": "min", "maximum": "max"}


def merge_rows(table: pa.Table, keys: Sequence[str] = KEYS, added: Mapping[str, str] = _ADDED) -> pa.Table:
    """Add up the rows that have the same keys; the result is sorted, so that equal content is equal bytes."""
    merged = table.group_by(list(keys), use_threads=False).aggregate(
        [(name, how) for name, how in added.items()]
    )
    merged = merged.rename_columns([*keys, *added])
    order = pc.sort_indices(
        pa.table({key: sortable(merged[key]) for key in keys}), [(key, "ascending") for key in keys]
    )
    return merged.select(table.schema.names).cast(table.schema).take(order)


def slices(table: pa.Table, keys: Sequence[str]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Start and length of the rows that share the values of text columns, by which the table is sorted."""
    if not table.num_rows:
        return {}
    # run ends of the columns together cut the table into parts in which no key changes
    encoded = [pc.run_end_encode(sortable(table[key])) for key in keys]
    ends = np.unique(np.concatenate([arrays.values(runs.run_ends) for runs in encoded]))
    starts = np.concatenate([[0], ends[:-1]])
    values = zip(*(table[key].take(pa.array(starts)).to_pylist() for key in keys), strict=True)
    return {
        value: (int(start), int(end - start)) for value, start, end in zip(values, starts, ends, strict=True)
    }


def _summed(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of profiles added up, as `merge_rows` would; nearly all of them are bins."""
    bins = summed_bins(tables, tables[0].schema)
    if bins is None:
        return merge_rows(one_coding(pa.concat_tables(tables)))
    others = merge_rows(one_coding(pa.concat_tables(without_bins(table) for table in tables)))
    both, place = one_coding(pa.concat_tables([bins, others])), np.zeros(1, dtype=np.int64)
    for name in _CELLS:
        ranks = arrays.values(sortable(both[name]))
        place = place * (int(ranks.max(initial=0)) + 1) + ranks
    # of a cell, column and kind all rows are in one of the two, where they are in order
    return both.take(pa.array(np.argsort(place, kind="stable")))


@dataclass(frozen=True)
class Profile:
    """Counts of one day, or of several merged.

    Attributes:
        table: rows of `SCHEMA`, its texts as codes (`coded`).
        grids: the grids that the bins refer to.
    """

    table: pa.Table
    grids: Grids

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", coded(self.table, TEXTS))

    @classmethod
    def empty(cls, grids: Grids) -> Profile:
        """The profile of no rows."""
        return cls(SCHEMA.empty_table(), grids)

    @classmethod
    def merged(cls, profiles: Iterable[Profile], grids: Grids) -> Profile:
        """The profile of all rows of several profiles.

        Raises:
            LakeError: a profile was made with other grids.
        """
        parts = list(profiles)
        for part in parts:
            if part.grids.id != grids.id:
                raise LakeError(
                    f"A profile was made on the grids {part.grids.id}, the baseline has {grids.id}.",
                    remedy="Run its days again to profile them on the baseline's grids.",
                )
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty(grids)
        return cls(_summed([part.table for part in parts]), grids)

    @cached_property
    def _slices(self) -> dict[tuple[str, ...], tuple[int, int]]:
        """Start and length of the rows of each (column, version, segment)."""
        return slices(self.table, ["column", "version", "segment"])

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """What every row has: its key, NaN where it has none, its count and the place of its kind."""
        kinds = self.table["kind"].combine_chunks()
        places = arrays.values(pc.index_in(kinds.dictionary, pa.array(KINDS)))
        return {
            "kind": places.astype(np.int8)[arrays.values(kinds.indices)],
            "n": arrays.values(self.table["n"]),
            "key": arrays.floats(self.table["key"]),
        }

    @cached_property
    def _sums(self) -> dict[str, Sparse]:
        """What few rows have."""
        return {name: Sparse.of(self.table[name]) for name in _SUMS}

    @cached_property
    def _segments(self) -> dict[str, list[str]]:
        """Segment cells per version, both in order."""
        found: dict[str, list[str]] = {}
        for column, version, segment in self._slices:
            if not column:
                found.setdefault(version, []).append(segment)
        return found

    def versions(self) -> list[str]:
        """Every version that has rows."""
        return list(self._segments)

    def segments(self, version: str) -> list[str]:
        """Every segment cell in which the version has rows."""
        return list(self._segments.get(version, ()))

    def rows(self, version: str, segment: str = WHOLE) -> int:
        """How many rows the cell has."""
        start, length = self._slices.get(("", version, segment), (0, 0))
        return int(self._columns["n"][start : start + length].sum())

    def counts(self, version: str, segment: str, column: str) -> Counts | None:
        """The counts of one column in one cell; None if the cell has no rows or the column was absent."""
        where = self._slices.get((column, version, segment))
        return None if where is None else self._counted(where, column, segment)

    def no_counts(self, column: str) -> Counts:
        """The counts that a column has where there are no rows."""
        return self._counted((0, 0), column, WHOLE)

    def _counted(self, where: tuple[int, int], column: str, segment: str) -> Counts:
        grid = self.grids.columns[column]
        entries = Entries.of(self._columns, self._sums, where)
        if isinstance(grid, CategoryGrid):
            return category_counts(entries, self.table["category"].slice(*where))
        return number_counts(entries, grid if segment == WHOLE else grid.joined)
