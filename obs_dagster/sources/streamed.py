"""Rows of vectors written to Parquet as they come from the database.

The database's own writer keeps several row groups in memory, looks for values that come again among numbers
that never do, and takes twice the time of a stream into Arrow's writer, which knows which columns those are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import duckdb

FAILURES = (OSError, pa.ArrowException)
"""What the database's errors are as, when they come through a stream."""

#: The database's memory beside such a stream; it would read ahead several times as much, for nothing.
_LIMITS = "SET memory_limit = '400MB'; SET streaming_buffer_size = '16MB'"


#: Numbers of a row group, and rows at least and at most.
_NUMBERS, _FEWEST, _MOST = 3 << 20, 1 << 11, 122_880


def write_streamed(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, metadata: Mapping[str, str], width: int
) -> None:
    """Write the rows of a query to a Parquet file, a row group at a time.

    Args:
        connection: the session; has less memory from now on.
        query: a SELECT.
        path: the file.
        metadata: is kept in it.
        width: how many numbers a row has: a row group is in memory as a whole.

    Raises:
        OSError, pyarrow.ArrowException: a row cannot be read, or the file not be written.
    """
    connection.execute(_LIMITS)
    size = max(_FEWEST, min(_MOST, _NUMBERS // max(width, 1)))
    rows = connection.sql(query).to_arrow_reader(size)
    texts = [each.name for each in rows.schema if _repeats(each.type)]
    with pq.ParquetWriter(
        path, rows.schema, compression="zstd", use_dictionary=texts or False, store_schema=False
    ) as writer:
        writer.add_key_value_metadata(dict(metadata))
        for batch in rows:
            writer.write_batch(batch, row_group_size=size)


def _repeats(kind: pa.DataType) -> bool:
    """Whether values of a type are likely to come again."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
