"""A day's log files, read once into the lake: typed as declared, one row per prediction id."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.lake import Lake, manifest_metadata, replacing
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ROW
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.quoting import identifier, literal
from obs_dagster.sources.schema import SchemaChange, declared_types, schema_changes, typed_query

if TYPE_CHECKING:
    import duckdb

LOGS = "inference_logs"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one day's log held.

    Attributes:
        rows: rows kept, one per prediction id.
        duplicates: rows that a later row with the same prediction id replaced.
        files: how many files there were.
        versions: rows per version.
        schema_changes: differences from the declared schema.
    """

    rows: int
    duplicates: int
    files: int
    versions: dict[str, int] = field(default_factory=dict)
    schema_changes: tuple[SchemaChange, ...] = ()


def ingest_logs(monitor: Monitor, day: dt.date, lake: Lake) -> Ingested:
    """Read the day's log files and replace the day's partition of `inference_logs`.

    Where a prediction id occurs more than once, the last row by time counts. Values that are not of the
    declared type become null, their column is named in `_obs_uncast` and the source row kept in `_obs_raw`.

    Raises:
        SourceError: a file cannot be read; the partition stays as it was.
    """
    source = log_files(monitor, day)
    target = lake.table(monitor.model, LOGS).path(day)
    with connect() as connection, replacing(target) as aside:
        return _ingest(connection, monitor, source, aside)


def log_files(monitor: Monitor, day: dt.date | str) -> SourceFiles:
    """The files of a day's log; `*` stands for all days."""
    return SourceFiles.find(monitor.logs.source, monitor.resolve_path(monitor.logs.path, day=str(day)))


def _ingest(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: SourceFiles, aside: Path
) -> Ingested:
    import duckdb

    declared = declared_types(monitor)
    if source.files:
        relation = source.relation(connection)
    else:
        columns = ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind in declared.items())
        relation = connection.sql(f"SELECT {columns} WHERE false")
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    changes = schema_changes(declared, found)
    connection.register("source", relation)
    try:
        connection.execute(f"CREATE TEMP TABLE log AS {typed_query(monitor, found)}")
    except duckdb.Error as error:
        raise source.unreadable(error) from error
    rows, ids = connection.sql(
        f"SELECT count(*), count(DISTINCT {identifier(monitor.logs.columns.prediction_id)}) "
        f"+ count(*) FILTER (WHERE {identifier(monitor.logs.columns.prediction_id)} IS NULL) FROM log"
    ).fetchall()[0]
    kept = _unique(monitor) if ids < rows else "SELECT * FROM log"
    by_version = connection.sql(
        f"SELECT {identifier(monitor.logs.columns.version)}, count(*) FROM ({kept}) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    result = Ingested(
        rows=ids,
        duplicates=rows - ids,
        files=len(source.files),
        versions={version: count for version, count in by_version if version is not None},
        schema_changes=tuple(changes),
    )
    manifest = manifest_metadata(_manifest(result, source))
    pairs = ", ".join(f"{key}: {literal(value)}" for key, value in manifest.items())
    connection.execute(
        f"COPY ({kept} ORDER BY {ROW}) TO {literal(str(aside))} "
        f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{pairs}}})"
    )
    return result


def _manifest(result: Ingested, source: SourceFiles) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "duplicates": result.duplicates,
        "versions": result.versions,
        "files": [str(file) for file in source.files],
        "fingerprint": source.fingerprint(),
        "schema_changes": [
            {"kind": change.kind, "column": change.column, "text": str(change)}
            for change in result.schema_changes
        ],
    }


def _unique(monitor: Monitor) -> str:
    """SQL for the last row by time of every prediction id; rows without an id all stay."""
    key, time = identifier(monitor.logs.columns.prediction_id), identifier(monitor.logs.columns.time)
    return (
        f"SELECT * FROM log QUALIFY {key} IS NULL OR "
        f"row_number() OVER (PARTITION BY {key} ORDER BY {time} DESC NULLS LAST, {ROW} DESC) = 1"
    )
