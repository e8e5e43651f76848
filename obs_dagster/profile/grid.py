"""Grids: how a column's values become bins, the same way on every day and every engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray

#: In scales: values further out share the outermost bin; their square would overflow.
FARTHEST = 1e150
#: The binary digits of a bin's number that segment cells leave out: a bin of theirs joins eight.
JOINED_BITS = 3


@dataclass(frozen=True, slots=True)
class AsinhGrid:
    """A grid that is fine near the centre and coarse far out: `floor(asinh((x - centre)/scale)/step)`.

    Near the centre a bin is `step * scale` wide, far out `step` times the distance: heavy tails take few
    bins, and no value falls off the grid. Values listed in `exact` are counted by value instead.

    Attributes:
        centre: the baseline's median.
        scale: half the baseline's interquartile range.
        step: width of a bin in asinh units.
        exact: values that are counted exactly; all of the baseline's where there are few.
    """

    centre: float
    scale: float
    step: float = 0.005
    exact: tuple[float, ...] = ()

    def bin(self, value: nw.Expr) -> nw.Expr:
        """The bin of each finite value, as an integer expression."""
        scaled = (value - self.centre) / self.scale
        size = nw.when(scaled.abs() > FARTHEST).then(FARTHEST).otherwise(scaled.abs())
        # asinh, written with functions that every engine has; odd, so that both tails are equally exact
        asinh = (size + (size * size + 1.0).sqrt()).log()
        signed = nw.when(scaled < 0).then(-asinh).otherwise(asinh)
        return (signed / self.step).floor().cast(nw.Int64)

    @property
    def joined(self) -> AsinhGrid:
        """The grid of segment cells."""
        return replace(self, step=self.step * (1 << JOINED_BITS))

    def edges(self, bins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edges of bins, in the column's unit."""
        low = self.centre + self.scale * np.sinh(bins * self.step)
        high = self.centre + self.scale * np.sinh((bins + 1) * self.step)
        return low, high


@dataclass(frozen=True, slots=True)
class UnitGrid:
    """A grid of equal bins on [0, 1], for scores; values outside go to the outermost bins.

    The width divides a tenth, also in segment cells: bins of a reliability diagram are unions of these bins.
    """

    bins: int = 10_000

    @property
    def width(self) -> float:
        """The width of a bin."""
        return 1.0 / self.bins

    @property
    def exact(self) -> tuple[float, ...]:
        """No score is counted by value."""
        return ()

    def bin(self, value: nw.Expr) -> nw.Expr:
        """The bin of each finite value, as an integer expression."""
        raw = (value * float(self.bins)).floor()
        low = nw.when(raw < 0).then(0.0).otherwise(raw)
        return nw.when(low > self.bins - 1).then(float(self.bins - 1)).otherwise(low).cast(nw.Int64)

    @property
    def joined(self) -> UnitGrid:
        """The grid of segment cells."""
        return UnitGrid(self.bins >> JOINED_BITS)

    def edges(self, bins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edges of bins."""
        return bins / self.bins, (bins + 1) / self.bins


@dataclass(frozen=True, slots=True)
class CategoryGrid:
    """Counts by value for the baseline's most frequent values; the rest goes into one bucket.

    Attributes:
        top: the values that have a count of their own; None counts every value.
    """

    top: tuple[str, ...] | None = None


NumericGrid = AsinhGrid | UnitGrid
Grid = NumericGrid | CategoryGrid

#: Milliseconds: bins half a percent wide from about a millisecond up.
LATENCY_GRID = AsinhGrid(centre=0.0, scale=1.0)


@dataclass(frozen=True)
class Grids:
    """The grids of all columns of a monitor, fixed at its first baseline so that all profiles merge."""

    columns: dict[str, Grid]

    @cached_property
    def id(self) -> str:
        """Changes with any grid; profiles with different ids do not merge."""
        document = {"columns": self.to_json(), "joined": JOINED_BITS}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        """The grids as a JSON document."""
        return {name: {"kind": type(grid).__name__, **asdict(grid)} for name, grid in self.columns.items()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Grids:
        """The grids that `to_json` wrote."""
        kinds: dict[str, Callable[..., Grid]] = {
            kind.__name__: kind for kind in (AsinhGrid, UnitGrid, CategoryGrid)
        }
        columns: dict[str, Grid] = {}
        for name, parts in document.items():
            values = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in parts.items()
                if key != "kind"
            }
            columns[name] = kinds[parts["kind"]](**values)
        return cls(columns)
