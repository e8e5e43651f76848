"""Vectors times a matrix: many rows at once, each as if it were alone.

The database works out an inner product as one sum after the other, which takes five times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Rows of a product. BLAS takes no second thread for so few, and adds up a row's numbers in one order
#: wherever it stands, so what is told of a vector does not depend on the rows beside it.
_TILE = 32


def rows_of(column: Any, dimension: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The vectors of a column, shape (rows, dimension), and which are there; each has `dimension` numbers.

    In the place of those that are not are zeros.
    """
    parts = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    rows, there = [], []
    for part in parts:
        known = part.is_valid().to_numpy(zero_copy_only=False)
        # a list that is null has no numbers, as opposed to a vector that is
        found = part.flatten().to_numpy(zero_copy_only=False).reshape(-1, dimension)
        if len(found) < len(part):
            dense = np.zeros((len(part), dimension), np.float32)
            dense[known] = found
            found = dense
        rows.append(found)
        there.append(known)
    if not rows:
        return np.zeros((0, dimension), np.float32), np.zeros(0, bool)
    if len(rows) == 1:
        return rows[0], there[0]
    return np.concatenate(rows), np.concatenate(there)


def product(rows: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of shape (n, dimension) times a matrix of shape (dimension, k), as (n, k)."""
    whole = len(rows) // _TILE * _TILE
    tiles = rows[:whole].reshape(-1, _TILE, rows.shape[1])
    found = np.empty((len(rows), matrix.shape[1]), np.float32)
    np.matmul(tiles, matrix, out=found[:whole].reshape(-1, _TILE, matrix.shape[1]))
    if whole < len(rows):
        last = np.zeros((_TILE, rows.shape[1]), np.float32)
        last[: len(rows) - whole] = rows[whole:]
        found[whole:] = (last @ matrix)[: len(rows) - whole]
    return found


def norms(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Euclidean norm of each row."""
    found: NDArray[np.float32] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return found
