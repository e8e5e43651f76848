"""Counts of one column, as the statistics take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
CountArray = NDArray[np.int64] | NDArray[np.float64]
"""Rows per bin: as they were counted, or as replicates of a bootstrap have them."""


@dataclass(frozen=True)
class NumericCounts:
    """Counts of one numeric column.

    Attributes:
        points: the finite values, ascending, shape (k,): a value counted exactly, or the centre of a bin of
            the column's grid; distinct but for the centre of a bin that is a value counted exactly too.
        widths: the width of each bin, shape (k,); 0 where the value was counted exactly.
        counts: rows at each point, shape (k,).
        near: those of them that are only as good as equal to a value counted exactly, shape (k,); None: none.
        reach: how far they can be off it, shape (k,).
        nulls, nans, infinite: rows without a finite value.
        total, total_sq: sum and sum of squares of the finite values (exact, not from bins).
        minimum, maximum: of the finite values; None if there are none.
    """

    points: FloatArray
    widths: FloatArray
    counts: IntArray
    near: IntArray | None = None
    reach: FloatArray | None = None
    nulls: int = 0
    nans: int = 0
    infinite: int = 0
    total: float = 0.0
    total_sq: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    @cached_property
    def n(self) -> int:
        """Rows with a finite value."""
        return int(self.counts.sum())

    @cached_property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest point that has rows; None if none has."""
        used = self.points[self.counts > 0]
        return (float(used[0]), float(used[-1])) if len(used) else None

    @property
    def missing(self) -> int:
        """Rows without a usable value: null, NaN or infinite."""
        return self.nulls + self.nans + self.infinite

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.missing


@dataclass(frozen=True)
class CategoryCounts:
    """Counts of one categorical column.

    Attributes:
        counts: rows per value.
        nulls: rows without a value.
        rest: rows whose value has no count of its own that they are in, because there were too many values.
        most: the most of these rows that can have one and the same value.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    nulls: int = 0
    rest: int = 0
    most: int = 0

    @cached_property
    def n(self) -> int:
        """Rows with a value."""
        return sum(self.counts.values()) + self.rest

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.nulls

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.missing


Counts = NumericCounts | CategoryCounts

OTHER = "(other)"
"""The segment cell that values share which have none of their own."""
