"""The grid of numbers: fine where the baseline is dense, coarse far out, without an end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import narwhals as nw
import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.resolution import JOINED_BITS

#: In scales: values further out share the outermost bin; their square would overflow.
FARTHEST = 1e150


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the line in which the baseline is far denser than around it.

    Attributes:
        low, high: where it begins, and where it ends; the latter is not in it.
        centre: the median of the baseline's values in it.
        scale: half their interquartile range.
    """

    low: float
    high: float
    centre: float
    scale: float


@dataclass(frozen=True, slots=True)
class AsinhGrid:
    """A grid that is fine near the centre and coarse far out: `floor(asinh((x - centre)/scale)/step)`.

    Near the centre a bin is `step * scale` wide, far out `step` times the distance: heavy tails take few
    bins, and no value falls off the grid. Zones are divided in the same way around centres of their own, so
    that several narrow spikes are resolved wherever they are. Bins are numbered in ascending order. Values
    listed in `exact` are counted by value instead.

    Attributes:
        centre: the baseline's median.
        scale: half the baseline's interquartile range.
        step: width of a bin in asinh units.
        exact: values that are counted exactly: all of the baseline's where there are few, else those that
            many of its rows have.
        zones: later ones go before earlier ones, in which they may lie.
        bits: binary digits of a bin's number that are left out, where bins are joined.
    """

    centre: float
    scale: float
    step: float = 0.005
    exact: tuple[float, ...] = ()
    zones: tuple[Zone, ...] = ()
    bits: int = 0

    def bin(self, value: nw.Expr) -> nw.Expr:
        """The bin of each finite value, as an integer expression."""
        pieces = layout(self)
        found = self._bin(value, pieces, len(pieces.bounds))
        for place in reversed(range(len(pieces.bounds))):
            here = self._bin(value, pieces, place)
            found = nw.when(value < float(pieces.bounds[place])).then(here).otherwise(found)
        return found

    def _bin(self, value: nw.Expr, pieces: Layout, place: int) -> nw.Expr:
        scaled = (value - float(pieces.centres[place])) / float(pieces.scales[place])
        size = nw.when(scaled.abs() > FARTHEST).then(FARTHEST).otherwise(scaled.abs())
        # asinh, written with functions that every engine has; odd, so that both tails are equally exact
        asinh = (size + (size * size + 1.0).sqrt()).log()
        signed = nw.when(scaled < 0).then(-asinh).otherwise(asinh)
        fine = (signed / self.step).floor() + float(pieces.shifts[place])
        return (fine / float(1 << self.bits)).floor().cast(nw.Int64)

    @property
    def joined(self) -> AsinhGrid:
        """The grid of segment cells."""
        return replace(self, bits=self.bits + JOINED_BITS)

    def edges(self, bins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edges of bins, in the column's unit."""
        first = bins << self.bits
        last = first + (1 << self.bits) - 1
        return self._edges(first, 0), self._edges(last, 1)

    def _edges(self, bins: IntArray, upper: int) -> FloatArray:
        """One edge of bins as they are before any are joined."""
        pieces = layout(self)
        place = np.searchsorted(pieces.firsts, bins, side="right")
        raw = bins - pieces.shifts[place] + upper
        edges = pieces.centres[place] + pieces.scales[place] * np.sinh(raw * self.step)
        ends = np.concatenate([[-np.inf], pieces.bounds, [np.inf]])
        clipped: FloatArray = np.clip(edges, ends[place], ends[place + 1])
        return clipped


class Layout(NamedTuple):
    """The pieces of the line that have a centre and scale of their own, in ascending order.

    Attributes:
        bounds: the values at which one piece ends and the next begins, shape (pieces - 1,).
        centres, scales: of each piece, shape (pieces,).
        shifts: what is added to the bins of each piece, so that bins ascend over all of them.
        firsts: the first bin of each piece but the first, shape (pieces - 1,).
    """

    bounds: FloatArray
    centres: FloatArray
    scales: FloatArray
    shifts: IntArray
    firsts: IntArray


@lru_cache(maxsize=4096)
def layout(grid: AsinhGrid) -> Layout:
    """The pieces of a grid."""
    bounds = sorted({end for zone in grid.zones for end in (zone.low, zone.high)})
    owners: list[AsinhGrid | Zone] = [
        next((zone for zone in reversed(grid.zones) if zone.low <= start < zone.high), grid)
        for start in (-np.inf, *bounds)
    ]
    shifts, firsts = [0], []
    for bound, owned in zip(bounds, pairwise(owners), strict=True):
        last, first = (int(bins_around(np.array(bound), owner, grid.step)) for owner in owned)
        # a bin more on either side is for values that rounding puts on the wrong side of the bound
        firsts.append(last + shifts[-1] + 2)
        shifts.append(firsts[-1] - first + 1)
    return Layout(
        np.array(bounds, dtype=np.float64),
        np.array([owner.centre for owner in owners]),
        np.array([owner.scale for owner in owners]),
        np.array(shifts, dtype=np.int64),
        np.array(firsts, dtype=np.int64),
    )


def bins_around(values: FloatArray, owner: AsinhGrid | Zone, step: float) -> IntArray:
    """The bins of values around one centre, whatever zones there are; shape as the values."""
    with np.errstate(over="ignore"):
        scaled = np.clip((values - owner.centre) / owner.scale, -FARTHEST, FARTHEST)
    return np.floor(np.arcsinh(scaled) / step).astype(np.int64)
