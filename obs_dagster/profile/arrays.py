"""Arrow arrays as NumPy arrays, without a copy and without pandas, which Arrow's own `to_numpy` imports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_DTYPES: dict[pa.DataType, type[np.generic]] = {
    pa.float64(): np.float64,
    pa.int64(): np.int64,
    pa.int32(): np.int32,
}


def values(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """The values of a column of numbers; where it is null there may stand anything."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    dtype = np.dtype(_DTYPES[array.type])
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array), dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype, count=len(array), offset=array.offset * dtype.itemsize)


def validity(column: pa.Array) -> NDArray[np.uint8]:
    """The bits that say which rows have a value, from the buffer's first row on; empty if all have one."""
    buffer = column.buffers()[0] if column.null_count else None
    if buffer is None:
        # a column of nulls alone may lack its bits
        buffer = bytes((column.offset + len(column) + 7) // 8 if column.null_count else 0)
    return np.frombuffer(buffer, dtype=np.uint8)


def nulls(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which values of a column are null."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    validity = array.buffers()[0]
    if validity is None:
        return np.full(len(array), array.null_count > 0)
    bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
    missing: NDArray[np.bool_] = bits[array.offset : array.offset + len(array)] == 0
    return missing


def floats(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    """The values of a column of floats, NaN where it is null."""
    return np.where(nulls(column), np.nan, values(column)) if column.null_count else values(column)
