"""Counts per cell, column and key put together as the table of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.entries import KINDS
from obs_dagster.profile.loops.moments import Moments
from obs_dagster.profile.profile import SCHEMA

_SUMS = ("total", "total_sq", "minimum", "maximum")


class Assembly:
    """Takes counts in any order and gives them as rows of `SCHEMA`, sorted.

    Attributes:
        by: names of the text columns that come before those of the schema.
        cells: the place of each cell: the values of `by`, the version and the segment cell's name.
    """

    def __init__(self, by: Sequence[str]) -> None:
        self.by = list(by)
        self.cells: dict[tuple[str | None, ...], int] = {}
        self._parts: dict[str, list[dict[str, np.ndarray]]] = {}
        self._categories: dict[str, list[dict[str, np.ndarray]]] = {}
        self._texts: dict[str, int] = {}

    def place(self, named: Sequence[tuple[str | None, ...]]) -> IntArray:
        """The place of each cell, new ones after those that are known."""
        return np.array([self.cells.setdefault(name, len(self.cells)) for name in named], dtype=np.int64)

    def add(self, column: str, kind: str, cells: IntArray, n: IntArray, **values: FloatArray) -> None:
        """Add counts, those of a cell sorted by key, with what else their rows have: `key`, `minimum` …."""
        self._add(column, kind, cells, n=n, **values)

    def add_categories(
        self, column: str, cells: IntArray, codes: IntArray, n: IntArray, values: Sequence[str | None]
    ) -> None:
        """Add the counts of a categorical column; the code 0 stands for none."""
        empty = codes == 0
        self._add(column, "null", cells[empty], n=n[empty])
        texts = [value or "" for value in values]
        places = np.array([self._texts.setdefault(text, len(self._texts)) for text in texts], dtype=np.int64)
        counted = {"cell": cells[~empty], "category": places[codes[~empty]], "n": n[~empty]}
        self._categories.setdefault(column, []).append(counted)

    def add_rows(self, counted: pa.Table) -> None:
        """Add counts of the kinds `category` and `rest`, as rows of the table that comes out in the end."""
        names = [counted[name].to_pylist() for name in (*self.by, "version", "segment")]
        places = self.place(list(zip(*names, strict=True)))
        for column, kind in product(pc.unique(counted["column"]).to_pylist(), ("category", "rest")):
            chosen = pc.and_(pc.equal(counted["column"], column), pc.equal(counted["kind"], kind))
            part, cells = counted.filter(chosen), places[np.asarray(chosen)]
            n = arrays.values(part["n"])
            if kind == "category":
                texts = [None, *part["category"].to_pylist()]
                self.add_categories(column, cells, np.arange(1, len(texts)), n, texts)
            else:
                order = np.argsort(cells)
                self._add(column, kind, cells[order], n=n[order], total=arrays.values(part["total"])[order])

    def add_moments(self, column: str, moments: Moments) -> None:
        """Add the sums of a numeric column, one entry per cell; cells without a finite value have none."""
        cells = np.flatnonzero(np.isfinite(moments.sums[:, _SUMS.index("minimum")]))
        sums = dict(zip(_SUMS, moments.sums[cells].T, strict=True))
        self._add(column, "moments", cells, n=np.zeros(len(cells), dtype=np.int64), **sums)

    def _add_values(self) -> None:
        """Put what was counted by value in order."""
        texts = list(self._texts)
        ranks = np.empty(len(texts), dtype=np.int64)
        ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        for column, parts in self._categories.items():
            cells, category, n = (
                np.concatenate([part[name] for part in parts]) for name in ("cell", "category", "n")
            )
            order = np.lexsort((ranks[category], cells))
            self._add(column, "category", cells[order], n=n[order], category=category[order])
        self._categories = {}

    def _add(self, column: str, kind: str, cells: IntArray, **values: np.ndarray) -> None:
        if len(cells):
            kinds = np.full(len(cells), KINDS.index(kind), dtype=np.int64)
            self._parts.setdefault(column, []).append({"cell": cells, "kind": kinds, **values})

    def table(self) -> pa.Table:
        """All rows, sorted by `by`, column, cell, kind and key."""
        self._add_values()
        names = sorted(self._parts)
        order = sorted(self.cells, key=lambda cell: [(value is None, value or "") for value in cell])
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[[self.cells[cell] for cell in order]] = np.arange(len(order))
        parts = [
            {**part, "cell": ranks[part["cell"]], "column": np.full(len(part["cell"]), rank, dtype=np.int64)}
            for rank, name in enumerate(names)
            for part in self._parts[name]
        ]
        if not parts:
            return pa.schema([*((name, pa.string()) for name in self.by), *SCHEMA]).empty_table()
        whole = {
            name: np.concatenate([part.get(name, np.full(len(part["cell"]), nothing)) for part in parts])
            for name, nothing in [
                ("cell", 0),
                ("column", 0),
                ("kind", 0),
                ("key", np.nan),
                ("category", -1),
                ("n", 0),
                *((name, np.nan) for name in _SUMS),
            ]
        }
        runs = [cell[: len(self.by)] for cell in order]
        first = np.cumsum([False, *(one != other for one, other in pairwise(runs))])
        # every part is sorted by cell and key already, which a merging sort is quick with
        packed = (first[whole["cell"]] * len(names) + whole["column"]) * len(order) + whole["cell"]
        packed = packed * len(KINDS) + whole["kind"]
        sort = np.argsort(packed, kind="stable")
        whole = {name: values[sort] for name, values in whole.items()}
        cell_names = [
            pa.array([cell[place] for cell in order], pa.string()) for place in range(len(self.by) + 2)
        ]
        columns: dict[str, pa.Array] = {
            name: _coded(values, whole["cell"])
            for name, values in zip([*self.by, "version", "segment"], cell_names, strict=True)
        }
        columns["column"] = _coded(pa.array(names, pa.string()), whole["column"])
        columns["kind"] = _coded(pa.array(KINDS, pa.string()), whole["kind"])
        columns["key"] = pa.array(whole["key"], mask=np.isnan(whole["key"]))
        texts = pa.array(list(self._texts), pa.string())
        category = whole["category"]
        columns["category"] = texts.take(pa.array(category, mask=category < 0))
        columns["n"] = pa.array(whole["n"])
        # the sums of moments may overflow to NaN; elsewhere it says that there is none
        summed = whole["kind"] == KINDS.index("moments")
        columns |= {name: pa.array(whole[name], mask=np.isnan(whole[name]) & ~summed) for name in _SUMS}
        return pa.table(columns)


def _coded(texts: pa.Array, places: IntArray) -> pa.DictionaryArray:
    """The text of each row, given its place among texts that may be repeated or null."""
    distinct = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(pa.array(places)), distinct.dictionary)
