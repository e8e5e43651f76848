"""Loops over rows: what they count as, and the counting.

They stand in one file because what was compiled is kept until the file of the outermost function changes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.loops.compilation import compiled

Codes = NDArray[np.int32]
"""Small integers per row: cells, keys or codes of texts."""

#: Keys of rows that have no bin go down from here: null, NaN, infinite, then the values counted by value,
#: then what is near each of them.
SPECIAL = -(1 << 30)
NULL, NAN, INFINITE = range(3)
#: How many kinds of rows have no finite value.
MISSING = 3
#: Of a 64-bit float.
MANTISSA_BITS = 52

_LARGEST = float(np.finfo(np.float64).max)


class Numbers(NamedTuple):
    """A numeric column of some rows.

    Attributes:
        values: shape (rows,); anything where a row is null.
        validity: Arrow's bits that say which rows have a value, the lowest first; empty if all have one.
        offset: of the first row in `validity`.
    """

    values: FloatArray
    validity: NDArray[np.uint8]
    offset: int


class AsinhTable(NamedTuple):
    """An `AsinhGrid` as a table, in which a distance from the centre finds its bin by its leading bits.

    So many bits lead that at most one edge lies between two entries.

    Attributes:
        bounds, centres, inverse_scales, shifts: the pieces of the grid.
        step, farthest: the grid's.
        shift: the bits of a distance that are left out.
        first: what the first entry is found by.
        bins: the bin at the lower end of each entry.
        edges: the edge at which the next bin begins.
    """

    bounds: FloatArray
    centres: FloatArray
    inverse_scales: FloatArray
    shifts: IntArray
    step: float
    farthest: float
    shift: int
    first: int
    bins: Codes
    edges: FloatArray


class ScoreTable(NamedTuple):
    """A `ScoreGrid` as a table, in which a distance from 0 or 1 finds its bin by its leading bits.

    Attributes:
        number: how many bins there are.
        tail: how many of them lie below the equal ones, and as many above.
        equal: how many equal bins would cover [0, 1].
        shift: what a bin's number exceeds its place among these by.
        leading: the bits of a distance that are left out.
        first, bins, edges: as an `AsinhTable` has them.
    """

    number: int
    tail: int
    equal: float
    shift: int
    leading: int
    first: int
    bins: Codes
    edges: FloatArray


class ValueHash(NamedTuple):
    """Values that are counted by value, a hash without collisions that finds them, and what is near them.

    Attributes:
        multiplier: of a value's bits.
        shift: the bits of the product that are left out.
        slots: the place in `values` by hash, -1 where there is none.
        values: in the order of their keys, which is ascending.
        low, high, integer: as a `Nearness` has them.
    """

    multiplier: np.uint64
    shift: np.uint64
    slots: Codes
    values: FloatArray
    low: FloatArray
    high: FloatArray
    integer: NDArray[np.bool_]


@compiled
def missing(numbers: Numbers, row: int) -> int:
    """The kind of a row without a finite value; -1 if it has one."""
    if len(numbers.validity):
        place = numbers.offset + row
        if not (numbers.validity[place >> 3] >> (place & 7)) & 1:
            return NULL
    value = numbers.values[row]
    if abs(value) <= _LARGEST:
        return -1
    return INFINITE if value == value else NAN  # noqa: PLR0124  only NaN differs from itself


@compiled
def piece_of(value: float, bounds: FloatArray) -> int:
    """How many of the ascending bounds a value has reached."""
    piece, after = 0, len(bounds)
    while piece < after:
        middle = (piece + after) >> 1
        if value >= bounds[middle]:
            piece = middle + 1
        else:
            after = middle
    return piece


@compiled
def near_place(value: float, counted: ValueHash) -> int:
    """The place of the value that a finite one is near; -1 if there is none."""
    rounded = float(np.float32(value))
    place = piece_of(rounded, counted.values)
    if place == len(counted.values) or (
        place > 0 and rounded - counted.values[place - 1] <= counted.values[place] - rounded
    ):
        place -= 1
    if not counted.low[place] <= rounded <= counted.high[place]:
        return -1
    return -1 if counted.integer[place] and value == math.floor(value) else place


@compiled
def asinh_keys(numbers: Numbers, table: AsinhTable, counted: ValueHash, keys: Codes) -> tuple[int, int]:
    """Write the key of every row on an `AsinhGrid`, shape (rows,).

    Returns:
        The least and the greatest bin; the least is above the greatest where no row has a bin.
    """
    low, high = -SPECIAL, SPECIAL
    for row in range(len(numbers.values)):
        kind = missing(numbers, row)
        if kind >= 0:
            keys[row] = SPECIAL - kind
            continue
        value = numbers.values[row]
        if len(counted.values):
            # adding 0 makes -0.0 one with 0.0
            bits = np.float64(value + 0.0).view(np.uint64)
            place = counted.slots[np.int64((bits * counted.multiplier) >> counted.shift)]
            if place >= 0 and counted.values[place] == value:
                keys[row] = SPECIAL - MISSING - place
                continue
            place = near_place(value, counted)
            if place >= 0:
                keys[row] = SPECIAL - MISSING - len(counted.values) - place
                continue
        piece = piece_of(value, table.bounds)
        scaled = (value - table.centres[piece]) * table.inverse_scales[piece]
        distance = abs(scaled)
        entry = (np.float64(distance).view(np.int64) >> table.shift) - table.first
        found = 0
        if entry >= len(table.bins):
            found = int(math.asinh(min(distance, table.farthest)) / table.step)
        elif entry >= 0:
            found = table.bins[entry]
            if distance >= table.edges[entry]:
                found += 1
        if scaled < 0:
            found = -found - 1
        found += table.shifts[piece]
        low, high = min(low, found), max(high, found)
        keys[row] = found
    return low, high


@compiled
def score_keys(numbers: Numbers, table: ScoreTable, keys: Codes) -> tuple[int, int]:
    """Write the key of every row on a `ScoreGrid`; otherwise as `asinh_keys`."""
    low, high = -SPECIAL, SPECIAL
    below, above = table.tail - 1, table.number - table.tail
    # first as if all bins were equal: few rows are elsewhere, or nearly all
    for row in range(len(numbers.values)):
        kind = missing(numbers, row)
        if kind >= 0:
            keys[row] = SPECIAL - kind
            continue
        place = min(max(numbers.values[row] * table.equal, below - table.shift), above - table.shift)
        found = table.shift + int(place)
        low, high = min(low, found), max(high, found)
        keys[row] = found
    if low > below and high < above:
        return low, high
    # of rows in one tail alone, the first loop has not seen both ends
    low, high = low if low < above else -SPECIAL, high if high > below else SPECIAL
    for row in range(len(numbers.values)):
        if keys[row] > SPECIAL and not below < keys[row] < above:
            found = tail_bin(numbers.values[row], table)
            low, high = min(low, found), max(high, found)
            keys[row] = found
    return low, high


@compiled
def tail_bin(score: float, table: ScoreTable) -> int:
    """The bin of a score that lies closer to 0 or 1 than any of the equal bins."""
    distance = max(min(score, 1.0 - score), 0.0)
    entry = (np.float64(distance).view(np.int64) >> table.leading) - table.first
    found = 0
    if entry >= 0:
        found = table.bins[entry] + int(distance >= table.edges[entry])
    return found if score < 1.0 - score else table.number - 1 - found


class Counters(NamedTuple):
    """Rows per cell and bin.

    Attributes:
        counts: shape (cells, bins); without bins if they are not counted here.
        low: the bin of the first column.
        bits: binary digits of a key that are left out, where bins are joined.
    """

    counts: IntArray
    low: int
    bits: int = 0


@compiled
def count_bins(keys: Codes, cells: Codes, wholes: Codes, fine: Counters, joined: Counters) -> None:
    """Add the rows that have a bin to the counts of a numeric column.

    Args:
        keys: of the rows, shape (rows,).
        cells: the segment cell of each row.
        wholes: the whole that each cell is a part of.
        fine: rows per whole and bin.
        joined: rows per cell and joined bin.
    """
    # indices without a sign need not be looked at for being counted from the end
    width, joined_width = fine.counts.shape[1], joined.counts.shape[1]
    in_wholes, in_cells = fine.counts.reshape(-1), joined.counts.reshape(-1)
    for row in range(len(keys)):
        key, cell = np.int64(keys[row]), np.int64(cells[row])
        if key > SPECIAL:
            if width:
                start = np.int64(wholes[np.uint64(cell)]) * width
                in_wholes[np.uint64(start + (key >> fine.bits) - fine.low)] += 1
            if joined_width:
                in_cells[np.uint64(cell * joined_width + (key >> joined.bits) - joined.low)] += 1


@compiled
def add_moments(
    keys: Codes, values: FloatArray, cells: Codes, special: IntArray, moments: FloatArray
) -> None:
    """Add rows to what is kept per cell beside the bins.

    Args:
        keys: of the rows, shape (rows,).
        values: likewise.
        cells: likewise.
        special: rows without a finite value, then rows by value, then those near each, shape
            (cells, 3 + 2 values).
        moments: sum, sum of squares, least and greatest finite value, shape (4 cells,).
    """
    for row in range(len(keys)):
        key, cell = keys[row], cells[row]
        if key <= SPECIAL:
            special[cell, SPECIAL - key] += 1
            if SPECIAL - key < MISSING:
                continue
        value, start = values[row], 4 * cell
        moments[start] += value
        moments[start + 1] += value * value
        least, greatest = moments[start + 2], moments[start + 3]
        moments[start + 2] = value if value < least else least  # noqa: FURB136  min() asks about NaN as well
        moments[start + 3] = value if value > greatest else greatest  # noqa: FURB136


@compiled
def count_codes(codes: Codes, cells: Codes, counters: Counters) -> None:
    """Add rows to counts per cell and code."""
    for row in range(len(codes)):
        counters.counts[cells[row], (codes[row] >> counters.bits) - counters.low] += 1


@compiled
def add_extremes(cells: Codes, bins: Codes, values: FloatArray, low: FloatArray, high: FloatArray) -> None:
    """Widen the least and the greatest value of cells and bins, both of shape (cells, bins), by rows."""
    for row in range(len(bins)):
        cell, place, value = cells[row], bins[row], values[row]
        low[cell, place] = min(value, low[cell, place])
        high[cell, place] = max(value, high[cell, place])


class Ends(NamedTuple):
    """The least and the greatest value of cells and bins.

    Attributes:
        owners: the cell here of each cell of rows.
        bits: binary digits of a key that are left out.
        low, high: shape (cells, bins).
    """

    owners: Codes
    bits: int
    low: FloatArray
    high: FloatArray


@compiled
def add_keyed_extremes(keys: Codes, cells: Codes, values: FloatArray, ends: Ends) -> None:
    """Widen extremes by those rows that have a bin, given the key, the cell and the value of each row."""
    for row in range(len(keys)):
        if keys[row] > SPECIAL:
            cell, place, value = ends.owners[cells[row]], keys[row] >> ends.bits, values[row]
            ends.low[cell, place] = min(value, ends.low[cell, place])
            ends.high[cell, place] = max(value, ends.high[cell, place])
