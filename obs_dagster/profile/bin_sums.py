"""Counts of bins of several profiles, added up in place: in half the time of a GROUP BY."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.profile import arrays
from obs_dagster.profile.coding import CODED, whole
from obs_dagster.profile.distribution import FloatArray, IntArray

#: The texts that name a cell and a column, in the order of the sums.
_NAMES = ("column", "version", "segment")
BIN = "bin"
#: Places for each count that is added up: bins further apart are too many to have one each.
_PLACES, _FEWEST_PLACES = 8, 1 << 16


@dataclass(frozen=True, slots=True)
class _Part:
    """The bins of a profile, in runs of one cell and column each, ascending within them.

    Attributes:
        cells: the cell of each run, shape (runs,).
        lengths: rows of each run, shape (runs,).
        bins, n: of all runs, shape (k,).
        ends: rows that have extremes, and these, shape (j,) each.
    """

    cells: IntArray
    lengths: IntArray
    bins: IntArray
    n: IntArray
    ends: tuple[IntArray, FloatArray, FloatArray]

    @property
    def starts(self) -> IntArray:
        """The first row of each run."""
        found: IntArray = np.cumsum(self.lengths) - self.lengths
        return found


def summed_bins(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table | None:
    """The rows of bins of all tables added up, sorted by column, version, segment and bin.

    Args:
        tables: rows of profiles, each sorted by column, version, segment, kind and key, with texts as codes.
        schema: that of the result, whose texts are codes too.

    Returns:
        The sums; None where bins lie so far apart that they would take too much memory.
    """
    names = {
        name: sorted({text for table in tables for text in whole(table[name]).dictionary.to_pylist()})
        for name in _NAMES
    }
    parts = [_part(table, names) for table in tables]
    every = np.concatenate([part.cells for part in parts])
    cells, place = np.unique(every, return_inverse=True)
    low = np.full(len(cells), np.iinfo(np.int64).max)
    high = np.full(len(cells), np.iinfo(np.int64).min)
    np.minimum.at(low, place, np.concatenate([part.bins[part.starts] for part in parts]))
    np.maximum.at(high, place, np.concatenate([part.bins[part.starts + part.lengths - 1] for part in parts]))
    widths = high - low + 1
    if widths.sum() > max(_FEWEST_PLACES, _PLACES * sum(len(part.bins) for part in parts)):
        return None
    shifts = np.cumsum(widths) - widths - low
    counts, seen = np.zeros(int(widths.sum()), dtype=np.int64), np.zeros(int(widths.sum()), dtype=np.bool_)
    least, greatest = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    for part in parts:
        at = part.bins + np.repeat(shifts[np.searchsorted(cells, part.cells)], part.lengths)
        np.add.at(counts, at, part.n)
        seen[at] = True
        rows, minima, maxima = part.ends
        np.minimum.at(least, at[rows], minima)
        np.maximum.at(greatest, at[rows], maxima)
    found = np.flatnonzero(seen)
    owner = np.repeat(np.arange(len(cells)), widths)[found]
    return _table(
        names,
        cells[owner],
        {"key": (found - shifts[owner]).astype(np.float64), "n": counts[found]},
        {"minimum": least[found], "maximum": greatest[found]},
        schema,
    )


def _part(table: pa.Table, names: dict[str, list[str]]) -> _Part:
    """The bins of a table."""
    cell = np.zeros(table.num_rows, dtype=np.int64)
    for name, known in names.items():
        coded = whole(table[name])
        place = {text: number for number, text in enumerate(known)}
        numbers = np.array([place[text] for text in coded.dictionary.to_pylist()], dtype=np.int64)
        cell = cell * len(known) + numbers[arrays.values(coded.indices)]
    bins = _are_bins(table)
    cell = cell[bins]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    lengths = np.diff(starts, append=len(cell))
    key, n = arrays.values(table["key"])[bins], arrays.values(table["n"])[bins]
    has = np.flatnonzero(~arrays.nulls(table["minimum"]) & bins)
    minima, maxima = (arrays.values(table[name])[has] for name in ("minimum", "maximum"))
    rows = (np.cumsum(bins) - 1)[has] if len(has) else has
    return _Part(cell[starts], lengths, key.astype(np.int64), n, (rows, minima, maxima))


def _table(
    names: dict[str, list[str]],
    cells: IntArray,
    counted: dict[str, NDArray[np.generic]],
    ends: dict[str, FloatArray],
    schema: pa.Schema,
) -> pa.Table:
    """Rows of the schema, given the cell of each and what is counted there."""
    columns: dict[str, pa.Array] = {name: pa.array(values) for name, values in counted.items()}
    # a bin without extremes has kept what stands for none
    columns |= {name: pa.array(values, mask=np.isinf(values)) for name, values in ends.items()}
    columns["kind"] = _coded(np.zeros(len(cells), dtype=np.int32), [BIN])
    for name, known in reversed(names.items()):
        cells, place = np.divmod(cells, max(len(known), 1))
        columns[name] = _coded(place.astype(np.int32), known)
    nothing = (pa.nulls(len(columns["n"]), field.type) for field in schema)
    return pa.table(
        {field.name: columns.get(field.name, empty) for field, empty in zip(schema, nothing, strict=True)}
    )


def _coded(places: NDArray[np.int32], texts: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(texts, pa.string())).cast(CODED)


def without_bins(table: pa.Table) -> pa.Table:
    """The rows of other kinds."""
    return table.filter(pa.array(~_are_bins(table)))


def _are_bins(table: pa.Table) -> NDArray[np.bool_]:
    kinds = whole(table["kind"])
    is_bin = np.array([kind == BIN for kind in kinds.dictionary.to_pylist()], dtype=np.bool_)
    found: NDArray[np.bool_] = is_bin[arrays.values(kinds.indices)]
    return found
