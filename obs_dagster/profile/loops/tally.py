"""Counting by (cell, key), both integers, at a nanosecond or two per row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.loops.kernels import Codes, Counters, count_codes

#: Largest array of counts (8 bytes each) that a tally holds; wider ones keep only what occurs.
_LARGEST = 1 << 21
#: Counts that may wait to be added up, where only what occurs is kept.
_WAITING = 1 << 20
#: In sparse tallies a key takes this many bits of the code, the cell the rest.
_KEY_BITS = 32
_KEY_OFFSET = 1 << (_KEY_BITS - 1)


Entries = tuple[IntArray, IntArray, IntArray]
"""Cells, keys and counts, sorted by cell and key."""


class Tally:
    """Counts of rows per (cell, key), as batches of rows come in.

    While cells and keys lie close together, counts are an array that loops over rows add to; beyond that,
    sorted pairs. Keys are between -2^31 and 2^31 - 1, cells below 2^31.
    """

    def __init__(self) -> None:
        self._low = 0
        self._dense: IntArray = np.zeros((0, 0), dtype=np.int64)
        self._codes: list[IntArray] = []
        self._counts: list[IntArray] = []
        self._waiting = 0

    def counters(self, cells: int, low: int, high: int) -> Counters | None:
        """Where to count, with a place for so many cells or more and every key between two.

        None if it would be too large: then the rows are to be given to `add`.
        """
        height, width = self._dense.shape
        if width and self._low <= low and high < self._low + width and cells <= height:
            return Counters(self._dense, self._low)
        if width:
            low, high = min(low, self._low), max(high, self._low + width - 1)
        # some room on both sides, or every batch with a new extreme would copy the array
        room = (high - low) // 16
        wide, tall = high - low + 1 + 2 * room, max(height, cells)
        if wide * tall > _LARGEST:
            return None
        grown = np.zeros((tall, wide), dtype=np.int64)
        start = self._low - (low - room)
        if width:
            grown[:height, start : start + width] = self._dense
        self._dense, self._low = grown, low - room
        return Counters(grown, self._low)

    def count(self, cells: Codes, keys: Codes, cell_count: int, key_count: int) -> None:
        """Count one row per pair of a cell and a key from 0 on, both below the given numbers."""
        counters = self.counters(cell_count, 0, key_count - 1)
        if counters is None:
            self.add(cells, keys)
        else:
            count_codes(keys, cells, counters)

    def add(self, cells: Codes, keys: Codes) -> None:
        """Count one row per pair of a cell and a key, without an array."""
        codes = (cells.astype(np.int64) << _KEY_BITS) + (keys.astype(np.int64) + _KEY_OFFSET)
        counted = pc.value_counts(pa.array(codes))
        self._wait(arrays.values(counted.field(0)), arrays.values(counted.field(1)))

    def entries(self) -> Entries:
        """Everything that occurs."""
        cells, places = np.nonzero(self._dense)
        keys, counts = places + self._low, self._dense[cells, places]
        if not self._codes:
            return cells, keys, counts
        self._wait((cells << _KEY_BITS) + (keys + _KEY_OFFSET), counts)
        self._dense = np.zeros((0, 0), dtype=np.int64)
        self._settle()
        codes = self._codes[0]
        return codes >> _KEY_BITS, (codes & ((1 << _KEY_BITS) - 1)) - _KEY_OFFSET, self._counts[0]

    def regrouped(self, groups: IntArray) -> Entries:
        """Everything that occurs with cells joined, given the group of each cell."""
        if self._codes:
            return regrouped(self.entries(), groups)
        joined = np.zeros((int(groups.max(initial=-1)) + 1, self._dense.shape[1]), dtype=np.int64)
        for group, counts in zip(groups, self._dense, strict=False):
            joined[group] += counts
        cells, places = np.nonzero(joined)
        return cells, places + self._low, joined[cells, places]

    def _wait(self, codes: IntArray, counts: IntArray) -> None:
        self._codes.append(codes)
        self._counts.append(counts)
        self._waiting += len(codes)
        if self._waiting > _WAITING + 2 * len(self._codes[0]):
            self._settle()

    def _settle(self) -> None:
        """Add up what waits."""
        codes, counts = summed(np.concatenate(self._codes), np.concatenate(self._counts))
        self._codes, self._counts, self._waiting = [codes], [counts], len(codes)


def summed(codes: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct codes, ascending, and the sum of each one's counts."""
    if not len(codes):
        return codes, counts
    order = np.argsort(codes, kind="stable")
    codes, counts = codes[order], counts[order]
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    return codes[starts], np.add.reduceat(counts, starts)


def regrouped(entries: Entries, groups: IntArray) -> Entries:
    """The entries of a tally with cells joined, given the group of each cell; sorted again."""
    cells, keys, counts = entries
    codes, counts = summed((groups[cells] << _KEY_BITS) + (keys + _KEY_OFFSET), counts)
    return codes >> _KEY_BITS, (codes & ((1 << _KEY_BITS) - 1)) - _KEY_OFFSET, counts
