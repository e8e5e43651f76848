"""Which numbers are as good as equal to one that is counted by value.

A service may store in 32 bits what the training data had in 64, or add a tenth up where another program
writes it down. Such numbers count with the value that they stand for, apart from those that are equal to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray, IntArray

#: Units in the last place of a 32-bit float that a number may be off.
UNITS = 8
#: Of the scale of a column, what a number may be off 0, which has no last place.
_OF_SCALE = 2.0**-22
#: Beyond these 32-bit floats lose places, or have none.
_SMALLEST, _LARGEST = 1e-36, 1e37
#: Half of the least 32-bit float: what is smaller is 0 there.
_LEAST = 2.0**-150


@dataclass(frozen=True, slots=True)
class Nearness:
    """What is near each of some values; all arrays have shape (values,), in ascending order.

    A number is near a value if, as a 32-bit float, it is one from `low` to `high`, and no other value is
    closer. Integers are not near each other: the next one is another value.

    Attributes:
        values: the values.
        low, high: the ends, as 64-bit floats; `low` is NaN where nothing is near.
        integer: whether the value is an integer.
    """

    values: FloatArray
    low: FloatArray
    high: FloatArray
    integer: NDArray[np.bool_]

    @property
    def reach(self) -> FloatArray:
        """How far a number can be off a value that it is near, 0 where nothing is."""
        half_unit = np.abs(self.high) * 2.0**-24
        off = np.maximum(self.high - self.values, self.values - self.low) + half_unit
        return np.where(np.isnan(self.low), 0.0, off)

    def value_of(self, rounded: FloatArray) -> FloatArray:
        """The value that each 32-bit float stands for, if it stands for one."""
        found: FloatArray = self.values[self._places(rounded)]
        return found

    def hold(self, rounded: FloatArray) -> NDArray[np.bool_]:
        """Which 32-bit floats are near a value, shape as given."""
        places = self._places(rounded)
        held: NDArray[np.bool_] = (self.low[places] <= rounded) & (rounded <= self.high[places])
        return held

    def _places(self, rounded: FloatArray) -> IntArray:
        """The place of the value that is closest to each 32-bit float, the lower one of two."""
        last = len(self.values) - 1
        above = np.minimum(np.searchsorted(self.values, rounded, side="right"), last)
        below = np.maximum(above - 1, 0)
        return np.where(rounded - self.values[below] <= self.values[above] - rounded, below, above)

    def holds(self, number: nw.Expr, rounded: nw.Expr) -> nw.Expr:
        """Whether each finite number is near a value, given it as a 32-bit float."""
        found = nw.lit(value=False)
        for integer in (False, True):
            chosen = (self.integer == integer) & ~np.isnan(self.low) & (self.values != 0.0)
            floats = self._floats(chosen)
            if floats:
                listed = rounded.is_in(floats)
                found |= listed & (number != number.floor()) if integer else listed
        if len(zero := np.flatnonzero((self.values == 0.0) & ~np.isnan(self.low))):
            found |= (rounded.abs() <= float(self.high[zero[0]])) & (number != number.floor())
        return found

    def _floats(self, chosen: NDArray[np.bool_]) -> list[float]:
        """The 32-bit floats near some of the values that belong to them and to none before."""
        ladder = _ladder(self.values[chosen])
        own = self.value_of(ladder.ravel()).reshape(ladder.shape) == self.values[chosen]
        floats: list[float] = np.unique(ladder[own]).tolist()
        return floats


@lru_cache(maxsize=4096)
def nearness(values: tuple[float, ...], scale: float) -> Nearness:
    """What is near values, given in ascending order, of a column with this scale."""
    exact = np.array(values, dtype=np.float64)
    size = np.abs(exact)
    none = ~((size > _SMALLEST) & (size < _LARGEST))
    ladder = _ladder(np.where(none, 1.0, exact))
    low, high = ladder.min(axis=0, initial=np.inf), ladder.max(axis=0, initial=-np.inf)
    least = min(_OF_SCALE * scale, float(size[size > 0].min(initial=np.inf)) / 4)
    zero = (exact == 0.0) & (_SMALLEST < least < _LARGEST)
    low, high = np.where(none, np.nan, low), np.where(none, exact, high)
    low, high = np.where(zero, -least, low), np.where(zero, least, high)
    return Nearness(exact, low, high, exact == np.floor(exact))


def _ladder(values: FloatArray) -> FloatArray:
    """The 32-bit floats near each value, shape (2 `UNITS` + 1, values)."""
    middle = values.astype(np.float32)
    steps = [middle]
    for end in (np.float32(-np.inf), np.float32(np.inf)):
        step = middle
        for _ in range(UNITS):
            step = np.nextafter(step, end)
            steps.append(step)
    ladder: FloatArray = np.array(steps).astype(np.float64)
    return ladder


def is_near(numbers: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Which numbers are as good as equal to others, for all that a 32-bit float tells; shape as given."""
    size = np.maximum(np.abs(numbers), np.abs(others))
    near: NDArray[np.bool_] = np.abs(numbers - others) <= UNITS * 2.0**-23 * size
    return near


def as_good_as_zero(largest: float) -> float:
    """How far from 0 a number of a column may be that stands for 0, given the column's largest number."""
    return _OF_SCALE * abs(largest)


def typical_values(sample: FloatArray) -> FloatArray:
    """The values that numbers stand for, of each group of near ones the most frequent, ascending.

    Args:
        sample: finite values, shape (n,).
    """
    distinct, counts = np.unique(sample + 0.0, return_counts=True)
    if not len(distinct):
        return distinct
    unit = np.maximum(np.abs(distinct[1:]), np.abs(distinct[:-1])) * 2.0**-23
    with np.errstate(over="ignore"):
        gap = np.diff(distinct) > UNITS * unit
    group = np.append(0, np.cumsum(gap))
    order = np.lexsort((-counts, group))
    typical: FloatArray = distinct[order[np.flatnonzero(np.diff(group[order], prepend=-1))]]
    return typical


def rounded(number: nw.Expr) -> nw.Expr:
    """Each finite number as a 32-bit float; one that is near nothing where it is too large for that."""
    # what 32 bits have no form of at all, which databases take for an error
    seen = nw.when(number.abs() <= _LEAST).then(0.0).otherwise(number)
    small = nw.when(number.abs() < _LARGEST * 10).then(seen).otherwise(_LARGEST * 20)
    return small.cast(nw.Float32).cast(nw.Float64)
