"""The least and the greatest score of each bin: where they are one, all rows of the bin have that score."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.loops.kernels import SPECIAL, Codes, Ends, add_extremes, add_keyed_extremes

#: Largest arrays (8 bytes an entry) that extremes are kept in; of more cells only what occurs is kept.
_LARGEST = 1 << 21
_BIN_BITS = 32


class Extremes:
    """Extremes per cell and bin, as batches of rows come in.

    Args:
        bins: how many bins there are.
    """

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._low: FloatArray = np.full((0, bins), np.inf)
        self._high: FloatArray = np.full((0, bins), -np.inf)
        self._codes: IntArray = np.zeros(0, dtype=np.int64)
        self._ends: FloatArray = np.zeros((2, 0))

    def add(self, cells: Codes, bins: Codes, values: FloatArray, cell_count: int) -> None:
        """Widen by rows, which have a cell below a number, a bin and a value each."""
        if not self._has_room(cell_count):
            self._widen(_codes(cells, bins), np.array([values, values]))
            return
        add_extremes(cells, bins, values, self._low, self._high)

    def add_keyed(self, keys: Codes, cells: Codes, values: FloatArray, owners: Codes, *, bits: int) -> None:
        """Widen by those of some rows that have a bin.

        Args:
            keys: of the rows, shape (rows,).
            cells: what each row lies in, shape (rows,).
            values: of the rows, shape (rows,).
            owners: the cell here of each of these.
            bits: binary digits of a key that are left out.
        """
        count = int(owners.max(initial=-1)) + 1
        if self._has_room(count):
            add_keyed_extremes(keys, cells, values, Ends(owners, bits, self._low, self._high))
            return
        binned = keys > SPECIAL
        self.add(owners[cells[binned]], keys[binned] >> bits, values[binned], count)

    def _has_room(self, cells: int) -> bool:
        """Whether there may be a place for every bin of so many cells; then there is."""
        if max(cells, len(self._low)) * self._bins > _LARGEST:
            return False
        if (more := cells - len(self._low)) > 0:
            self._low = np.pad(self._low, ((0, more), (0, 0)), constant_values=np.inf)
            self._high = np.pad(self._high, ((0, more), (0, 0)), constant_values=-np.inf)
        return True

    def of(self, cells: IntArray, bins: IntArray, groups: IntArray) -> FloatArray:
        """The extremes in some cells, shape (2, k).

        Args:
            cells: shape (k,), each a value of `groups`.
            bins: likewise.
            groups: the new cell of each one that rows were added for.
        """
        held_cells, held_bins = np.nonzero(self._low <= self._high)
        dense = np.array([self._low[held_cells, held_bins], self._high[held_cells, held_bins]])
        codes = np.concatenate(
            [
                _codes(groups[held_cells], held_bins),
                _codes(groups[self._codes >> _BIN_BITS], self._codes & ((1 << _BIN_BITS) - 1)),
            ]
        )
        codes, ends = _joined(codes, np.concatenate([dense, self._ends], axis=1))
        found: FloatArray = ends[:, np.searchsorted(codes, _codes(cells, bins))]
        return found

    def _widen(self, codes: IntArray, ends: FloatArray) -> None:
        self._codes, self._ends = _joined(
            np.concatenate([self._codes, codes]), np.concatenate([self._ends, ends], axis=1)
        )


def _codes(cells: IntArray | Codes, bins: IntArray | Codes) -> IntArray:
    codes: IntArray = (cells.astype(np.int64) << _BIN_BITS) + bins
    return codes


def _joined(codes: IntArray, ends: FloatArray) -> tuple[IntArray, FloatArray]:
    """The distinct codes, ascending, and the extremes of each one's, shape (2, codes)."""
    if not len(codes):
        return codes, ends
    order = np.argsort(codes, kind="stable")
    codes, ends = codes[order], ends[:, order]
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    low, high = np.minimum.reduceat(ends[0], starts), np.maximum.reduceat(ends[1], starts)
    return codes[starts], np.array([low, high])
