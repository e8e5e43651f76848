"""Rows of outcome tables, from arrays that loops over rows have filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from obs_dagster.profile.distribution import IntArray


class NamedCells:
    """Numbers of cells by name: what is kept apart, then the segment cell. Those of one name are one.

    Args:
        columns: the columns that the names are values of.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._numbers: dict[tuple[str | None, ...], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def places(self, named: Sequence[tuple[str | None, ...]]) -> IntArray:
        """The number of each name, new ones after those that are known."""
        found = [self._numbers.setdefault(name, len(self._numbers)) for name in named]
        return np.array(found, dtype=np.int64)

    def keyed(self, cells: IntArray) -> dict[str, pa.Array]:
        """The names of numbered cells as columns, shape (cells,) each."""
        numbers = pa.array(cells, pa.int64())
        return {
            column: pa.array([name[place] for name in self._numbers], pa.string()).take(numbers)
            for place, column in enumerate(self._columns)
        }


def filled(given: Mapping[str, Any], schema: pa.Schema, length: int) -> pa.Table:
    """The table of a schema with these columns, a text for all rows, or nulls where nothing is given."""
    return pa.table({field.name: _column(given.get(field.name), field.type, length) for field in schema})


def _column(values: Any, kind: pa.DataType, length: int) -> pa.Array:
    if values is None:
        return pa.nulls(length, kind)
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values.cast(kind)
    return pa.repeat(pa.scalar(values, kind), length) if isinstance(values, str) else pa.array(values, kind)
