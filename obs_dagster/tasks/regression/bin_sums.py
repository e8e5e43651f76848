"""Sums per cell and bin, of which only those that occur are kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.loops.kernels import Codes
from obs_dagster.tasks.regression.kernels import Bins, add_bins

#: In a code the cell stands above so many bits, which the bin has.
_BIN_BITS = 32
_BIN_OFFSET = 1 << (_BIN_BITS - 1)
#: Entries of batches that may wait to be added up.
_WAITING = 1 << 18


class BinEntries(NamedTuple):
    """What is known of the bins that occur, sorted by cell and bin.

    Attributes:
        cells, bins: shape (m,).
        counted: of these bins.
    """

    cells: IntArray
    bins: IntArray
    counted: Bins


class BinSums:
    """Rows per cell and bin, with sums and extremes of their values, as batches of rows come in.

    Args:
        sums: how many numbers of a row are added up.
    """

    def __init__(self, sums: int) -> None:
        none = np.zeros(0, dtype=np.int64)
        self._parts = [_Part(none, Bins(none, np.zeros((0, sums)), np.zeros((0, 2))))]

    def add(self, cells: Codes, bins: Codes, values: FloatArray, summed: FloatArray) -> None:
        """Add rows.

        Args:
            cells: shape (rows,).
            bins: likewise.
            values: whose extremes are kept, likewise.
            summed: what is added up, shape (k, rows).
        """
        codes = (cells.astype(np.int64) << _BIN_BITS) + (bins.astype(np.int64) + _BIN_OFFSET)
        encoded = pa.array(codes).dictionary_encode()
        found = len(encoded.dictionary)
        counted = Bins(
            np.zeros(found, dtype=np.int64),
            np.zeros((found, len(summed))),
            np.repeat([[np.inf, -np.inf]], found, axis=0),
        )
        add_bins(arrays.values(encoded.indices), values, summed, counted)
        part = _Part(arrays.values(encoded.dictionary), counted)
        self._parts.append(part)
        if sum(len(each.codes) for each in self._parts[1:]) > _WAITING + len(self._parts[0].codes):
            self._parts = [_joined(self._parts)]

    def entries(self, groups: IntArray) -> BinEntries:
        """All bins that occur, given the group that each cell goes to."""
        whole = _joined(self._parts)
        low = whole.codes & ((1 << _BIN_BITS) - 1)
        codes = (groups[whole.codes >> _BIN_BITS] << _BIN_BITS) + low
        found = _joined([_Part(codes, whole.counted)])
        bins = (found.codes & ((1 << _BIN_BITS) - 1)) - _BIN_OFFSET
        return BinEntries(found.codes >> _BIN_BITS, bins, found.counted)


class _Part(NamedTuple):
    """Bins of some rows, whose cell and bin are one code."""

    codes: IntArray
    counted: Bins


def _joined(parts: list[_Part]) -> _Part:
    """The bins with those of one code added up, in the order of their codes."""
    codes = np.concatenate([part.codes for part in parts])
    if not len(codes):
        return parts[0]
    counts, sums, ends = (
        np.concatenate(each) for each in zip(*(part.counted for part in parts), strict=True)
    )
    order = np.argsort(codes, kind="stable")
    codes, ends = codes[order], ends[order]
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    least, greatest = np.minimum.reduceat(ends[:, 0], starts), np.maximum.reduceat(ends[:, 1], starts)
    joined = Bins(
        np.add.reduceat(counts[order], starts),
        np.add.reduceat(sums[order], starts, axis=0),
        np.stack([least, greatest], axis=1),
    )
    return _Part(codes[starts], joined)
