"""Parquet: files of the same columns are one part, read lazily where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.lake.quoting import literal, literals
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.formats.part import Part, RowGroup, UnreadableError, first_rows, repeated
from obs_dagster.store import in_parts

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

#: Columns that DuckDB gives to every Parquet file that has none of the same name.
VIRTUAL = frozenset(["file_row_number", "file_index"])
#: Milliseconds that DuckDB can turn into microseconds; on others it refuses the file.
_MOST_MILLISECONDS = (1 << 63) // 1000 - 1
#: A year that is as unknown as those beyond (31 December 19999), in milliseconds.
_FAR = 568_971_820_800_000


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    before: int
    metadata: pq.FileMetaData


def table_function(files: Sequence[Path]) -> str:
    """SQL for the rows of files of the same columns."""
    return f"read_parquet({literals(map(str, files))}, hive_partitioning = false)"


def read(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None) -> list[Part]:
    """The rows of Parquet files (see `Reader`)."""
    # statistics of files leave NaN out; DuckDB would conclude that isnan() is false everywhere
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    groups: list[list[_File]] = []
    for file in _described(files):
        alike = next((group for group in groups if _alike(group[0], file)), None)
        if alike is None:
            groups.append([file])
        else:
            alike.append(file)
    parts = [_part(connection, group) for group in groups]
    return parts if most is None else [_beginning(part, most) for part in parts]


def numbered(before: Sequence[int]) -> str:
    """SQL for the number of a row of a table function, from 1 on.

    Args:
        before: for each file, how many rows there are before its own.
    """
    row = "file_row_number + 1"
    if len(before) > 1:
        return f"{row} + {list(before)}[CAST(file_index AS BIGINT) + 1]"
    return f"{row} + {before[0]}" if before[0] else row


def _beginning(part: Part, most: int) -> Part:
    """The first rows of a part, numbered by themselves."""
    source = f"(SELECT * FROM {part.source}{first_rows(most)})"
    rows = min(part.rows, most)
    return replace(part, source=source, row="row_number() OVER ()", rows=rows, place="", row_groups=None)


def _described(files: Sequence[Path]) -> Iterator[_File]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    before = 0
    for file in files:
        try:
            metadata = pq.read_metadata(in_parts(file))
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError(file, str(error).splitlines()[0]) from error
        yield _File(file, before, metadata)
        before += metadata.num_rows


def _alike(one: _File, other: _File) -> bool:
    """Whether the columns are the same, and neither file needs care of its own."""
    same: bool = one.metadata.schema.equals(other.metadata.schema)
    return same and not _far_milliseconds(one.metadata) and not _far_milliseconds(other.metadata)


def _part(connection: duckdb.DuckDBPyConnection, files: Sequence[_File]) -> Part:
    names = _names(files[0])
    rows = tuple(file.metadata.num_rows for file in files)
    place, groups = "", None
    if _far_milliseconds(files[0].metadata):
        source, row = _copied(connection, files[0]), f"rowid + {files[0].before + 1}"
    else:
        source = table_function([file.path for file in files])
        row = numbered([file.before for file in files])
        if {name.lower() for name in names} & VIRTUAL:
            row = f"row_number() OVER () + {files[0].before}"
        elif len(files) == 1:
            place, groups = "file_row_number", partial(_row_groups, connection, files[0])
    relation = connection.sql(f"SELECT * FROM {source}")
    if len(names) != len(relation.columns):
        names = list(relation.columns)
    found: dict[str, str] = {}
    called: dict[str, str] = {}
    for name, known, kind in zip(names, relation.columns, map(str, relation.types), strict=True):
        if name not in found:
            found[name] = kind
            if known != name:
                called[name] = known
    again = repeated(names)
    return Part(source, found, row, sum(rows), called, again, rows, place=place, row_groups=groups)


def _row_groups(connection: duckdb.DuckDBPyConnection, file: _File, column: str) -> list[RowGroup]:
    """The groups of a file's rows, by the statistics of a column; none if those of one are not whole."""
    found = connection.execute(
        "SELECT row_group_num_rows, coalesce(stats_min_value, stats_min), "
        "coalesce(stats_max_value, stats_max), stats_null_count "
        f"FROM parquet_metadata({literal(str(file.path))}) WHERE path_in_schema = ? "
        "ORDER BY row_group_id",
        [column],
    ).fetchall()
    groups: list[RowGroup] = []
    before = 0
    for rows, low, high, nulls in found:
        if rows == 0:
            continue
        if low is None or high is None or nulls != 0:
            return []
        groups.append(RowGroup(before, before + rows - 1, low, high))
        before += rows
    # a name may be that of several columns
    return groups if before == file.metadata.num_rows else []


def _names(file: _File) -> list[str]:
    import pyarrow as pa

    try:
        return list(file.metadata.schema.to_arrow_schema().names)
    except pa.ArrowException as error:
        raise UnreadableError(file.path, str(error).splitlines()[0]) from error


def _far_milliseconds(metadata: pq.FileMetaData) -> Mapping[str, int]:
    """Columns of milliseconds that have values which DuckDB cannot read, or may have."""
    schema = metadata.schema
    suspects = {
        place: schema.column(place).path
        for place in range(len(schema))
        if "milliseconds" in schema.column(place).logical_type.to_json()
        and schema.column(place).physical_type == "INT64"
    }
    return {
        path: place
        for place, path in suspects.items()
        if any(
            _is_far(metadata.row_group(group).column(place).statistics)
            for group in range(metadata.num_row_groups)
        )
    }


def _is_far(statistics: pq.Statistics | None) -> bool:
    if statistics is None:
        return True
    if not statistics.has_min_max:
        # of nulls alone there is neither
        return bool(statistics.num_values)
    extremes: tuple[int, int] = (statistics.min_raw, statistics.max_raw)
    return max(abs(extremes[0]), abs(extremes[1])) > _MOST_MILLISECONDS


def _copied(connection: duckdb.DuckDBPyConnection, file: _File) -> str:
    """A temporary table of the rows, in which milliseconds that DuckDB cannot read are a year that it can."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    far = frozenset(_far_milliseconds(file.metadata))
    name = f"rows_{uuid4().hex}"
    with pq.ParquetFile(file.path) as opened:
        batches = (_clipped(batch, far) for batch in opened.iter_batches())
        reader = pa.RecordBatchReader.from_batches(opened.schema_arrow, batches)
        connection.register(f"{name}_read", reader)
        try:
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {name}_read")
        finally:
            connection.unregister(f"{name}_read")
    return name


def _clipped(batch: pa.RecordBatch, columns: frozenset[str]) -> pa.RecordBatch:
    import pyarrow as pa
    import pyarrow.compute as pc

    arrays = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        if name in columns and pa.types.is_timestamp(array.type):
            since = array.view(pa.int64())
            # not as scalars of Python: those would need pandas
            low = pc.if_else(pc.less(since, pa.scalar(-_FAR)), pa.scalar(-_FAR), since)
            clipped = pc.if_else(pc.greater(low, pa.scalar(_FAR)), pa.scalar(_FAR), low)
            arrays.append(clipped.view(array.type))
        else:
            arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


FORMAT = FileFormat("parquet", read, (".parquet", ".pq", ".parq"))
