"""The grid of scores: equal bins in the middle, ever finer ones towards 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import narwhals as nw
import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.resolution import JOINED_BITS

#: Equal bins that would cover [0, 1]; those between `END` and `1 - END` are used.
EQUAL = 10_000
#: Closer to 0 or 1 than this, bins narrow in proportion to the distance.
END = 0.01
#: Width of a bin there, in logarithms of the distance; at `END` it is as wide as an equal one.
STEP = 1 / (EQUAL * END)
#: Distances from 0 or 1 up to this share the outermost bin.
NEAREST = 1e-9
#: How many bins there are below `END`, and as many above `1 - END`.
TAIL = 1612
_FIRST = round(END * EQUAL)
#: What the number of an equal bin exceeds its place among `EQUAL` by.
SHIFT = TAIL - _FIRST
#: How many bins there are.
BINS = EQUAL + 2 * SHIFT


@dataclass(frozen=True, slots=True)
class ScoreGrid:
    """A grid on [0, 1], for scores: bins of 0.0001, and below 0.01 and above 0.99 of 1 % of the distance.

    So the scores of rare events keep their order. The outermost bins are a billionth wide, and take the
    values outside as well. Tenths of [0, 1] are unions of bins, also of joined ones, as reliability diagrams
    need.

    Attributes:
        bits: binary digits of a bin's number that are left out, where bins are joined.
    """

    bits: int = 0

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return BINS >> self.bits

    @property
    def tenths(self) -> IntArray:
        """The first bin of each tenth of [0, 1], shape (10,)."""
        first = SHIFT + np.arange(10) * (EQUAL // 10)
        first[0] = 0
        return first >> self.bits

    @property
    def exact(self) -> tuple[float, ...]:
        """No score is counted by value."""
        return ()

    def bin(self, value: nw.Expr) -> nw.Expr:
        """The bin of each finite value, as an integer expression."""
        equal = (value * float(EQUAL)).floor() + float(SHIFT)
        high = float(BINS - 1) - _tail_bin(1.0 - value)
        upper = nw.when(value > 1.0 - END).then(high).otherwise(equal)
        found = nw.when(value < END).then(_tail_bin(value)).otherwise(upper)
        return (found / float(1 << self.bits)).floor().cast(nw.Int64)

    @property
    def joined(self) -> ScoreGrid:
        """The grid of segment cells."""
        return replace(self, bits=self.bits + JOINED_BITS)

    def edges(self, bins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edges of bins."""
        return _edges()[bins << self.bits], _edges()[(bins + 1) << self.bits]


@lru_cache
def _edges() -> FloatArray:
    """The edges of all bins, shape (BINS + 1,)."""
    tail, equal = tail_edges()[:-1], np.arange(_FIRST, EQUAL - _FIRST + 1) / EQUAL
    return np.concatenate([tail, equal, 1.0 - tail[::-1]])


def tail_edges() -> FloatArray:
    """The edges of the bins from 0 to `END`, shape (TAIL + 1,)."""
    edges: FloatArray = END * np.exp(STEP * np.arange(-TAIL, 1))
    edges[0] = 0.0
    return edges


def _tail_bin(distance: nw.Expr) -> nw.Expr:
    """The bin, counted from the end, of each distance from it."""
    least = nw.when(distance < NEAREST).then(NEAREST).otherwise(distance)
    return ((least / END).log() / STEP).floor() + float(TAIL)
