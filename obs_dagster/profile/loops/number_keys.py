"""What numbers count as: a bin of their column's grid, a value, or why they have neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.asinh_grid import FARTHEST, AsinhGrid, layout
from obs_dagster.profile.grids.grid import NumericGrid
from obs_dagster.profile.grids.nearness import nearness
from obs_dagster.profile.grids.score_grid import BINS, END, EQUAL, NEAREST, SHIFT, STEP, TAIL, tail_edges
from obs_dagster.profile.loops.kernels import (
    MANTISSA_BITS,
    AsinhTable,
    Codes,
    Numbers,
    ScoreTable,
    ValueHash,
    asinh_keys,
    score_keys,
)

#: Distances from the centre, in scales, up to which bins are looked up; beyond it asinh is computed.
_MOST = 2.0**64


@dataclass(frozen=True, slots=True)
class Keyed:
    """The rows of a numeric column and what they count as.

    Attributes:
        values: shape (rows,); anything where there is no finite value.
        keys: shape (rows,): the bin, or a key of `kernels.SPECIAL` and below.
        low, high: the least and the greatest bin; `low` is above `high` where there is none.
    """

    values: FloatArray
    keys: Codes
    low: int
    high: int


def keying(grid: NumericGrid) -> Callable[[Numbers], Keyed]:
    """How a column's numbers are keyed."""
    if isinstance(grid, AsinhGrid):
        return partial(_asinh_keyed, _table(grid), _hash(grid.exact, grid.scale))
    return partial(_score_keyed, _score_table())


def _asinh_keyed(table: AsinhTable, counted: ValueHash, numbers: Numbers) -> Keyed:
    keys = np.empty(len(numbers.values), dtype=np.int32)
    return Keyed(numbers.values, keys, *asinh_keys(numbers, table, counted, keys))


def _score_keyed(table: ScoreTable, numbers: Numbers) -> Keyed:
    keys = np.empty(len(numbers.values), dtype=np.int32)
    return Keyed(numbers.values, keys, *score_keys(numbers, table, keys))


def _table(grid: AsinhGrid) -> AsinhTable:
    pieces = layout(grid)
    return AsinhTable(
        pieces.bounds,
        pieces.centres,
        1.0 / pieces.scales,
        pieces.shifts,
        grid.step,
        FARTHEST,
        *_edges(grid.step),
    )


@lru_cache
def _edges(step: float) -> tuple[int, int, Codes, FloatArray]:
    """The part of a table that depends on the width of bins alone."""
    # one edge at most in an entry: relative to the distance, a bin is wider than e^step - 1
    leading = max(0, int(np.ceil(-np.log2(np.expm1(step)))))
    shift = MANTISSA_BITS - leading
    least = 2.0 ** np.floor(np.log2(step))
    first, last = (int(np.float64(end).view(np.int64)) >> shift for end in (least, _MOST))
    starts = (np.arange(first, last, dtype=np.int64) << shift).view(np.float64)
    edges = np.sinh(np.arange(int(np.arcsinh(_MOST) / step) + 2) * step)
    bins = np.searchsorted(edges, starts, side="right") - 1
    return shift, first, bins.astype(np.int32), edges[bins + 1]


@lru_cache
def _score_table() -> ScoreTable:
    # one edge at most in an entry, as above
    leading = MANTISSA_BITS - int(np.ceil(-np.log2(np.expm1(STEP))))
    first, last = (int(np.float64(end).view(np.int64)) >> leading for end in (NEAREST, END))
    starts = (np.arange(first, last + 1, dtype=np.int64) << leading).view(np.float64)
    # what rounding puts beyond the last bin is in it
    edges = np.append(tail_edges()[1:-1], np.inf)
    bins = np.searchsorted(edges, starts, side="right")
    return ScoreTable(BINS, TAIL, float(EQUAL), SHIFT, leading, first, bins.astype(np.int32), edges[bins])


@lru_cache(maxsize=4096)
def _hash(values: tuple[float, ...], scale: float) -> ValueHash:
    near = nearness(values, scale)
    exact = near.values
    bits = (exact + 0.0).view(np.uint64)
    rng = np.random.default_rng(0)
    width = 1
    while True:
        # the more slots there are, the fewer tries it takes to give every value one of its own
        shift = np.uint64(64 - width)
        for multiplier in rng.integers(1, 2**63, 16, dtype=np.uint64) | np.uint64(1):
            hashed = (bits * multiplier) >> shift
            if len(np.unique(hashed)) == len(values):
                slots = np.full(1 << width, -1, dtype=np.int32)
                slots[hashed.astype(np.int64)] = np.arange(len(values))
                return ValueHash(multiplier, shift, slots, exact, near.low, near.high, near.integer)
        width += 1
