"""The rows of a day, written as its partition of the log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.lake import manifest_metadata, rows_format
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.streamed import write_streamed

if TYPE_CHECKING:
    import duckdb


def write_partition(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    kept: str,
    aside: Path,
    manifest: Mapping[str, Any],
) -> None:
    """Write the rows of a day.

    Args:
        connection: the session that the rows come from.
        monitor: says which columns there are.
        kept: a SELECT of the rows.
        aside: the file.
        manifest: is kept in it.

    Raises:
        duckdb.Error: a row cannot be read, or the file not be written.
        OSError, pyarrow.ArrowException: likewise, of rows with vectors.
    """
    width = _width(monitor)
    metadata = manifest_metadata(manifest)
    if _vectors(monitor):
        write_streamed(connection, kept, aside, metadata, width)
        return
    pairs = ", ".join(f"{key}: {literal(value)}" for key, value in metadata.items())
    connection.execute(
        f"COPY ({kept}) TO {literal(str(aside))} ({rows_format(width)}, KV_METADATA {{{pairs}}})"
    )


def _width(monitor: Monitor) -> int:
    """Of how many columns the rows are; a vector counts as one for each of its numbers."""
    return len(LogSchema.of(monitor).types) + len(monitor.described) + _vectors(monitor)


def _vectors(monitor: Monitor) -> int:
    """How many numbers the vectors of a row have."""
    return sum(feature.dimension or 0 for feature in monitor.content.values())
