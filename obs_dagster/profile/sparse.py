"""Numbers that few rows of a table have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Sparse:
    """A column of which most rows are null.

    Attributes:
        rows: those that have a value, ascending.
        values: theirs.
    """

    rows: IntArray
    values: FloatArray

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Sparse:
        """The values of a column of floats."""
        if not column.null_count:
            return cls(np.arange(len(column)), arrays.values(column))
        rows = np.flatnonzero(~arrays.nulls(column))
        return cls(rows, arrays.values(column)[rows])

    def count(self, start: int, length: int) -> int:
        """How many of some rows have a value."""
        first, last = self.rows.searchsorted((start, start + length))
        return int(last - first)

    def part(self, start: int, length: int) -> FloatArray:
        """The values of some rows, shape (length,); NaN where there is none."""
        found = np.full(length, np.nan)
        first, last = self.rows.searchsorted((start, start + length))
        found[self.rows[first:last] - start] = self.values[first:last]
        return found
