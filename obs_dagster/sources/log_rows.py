"""The rows of ingested days: from the lake's copies, or from files of the source that are read in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import LakeError, ObsError
from obs_dagster.lake.columns import DAY, FILE, RAW, ROW, UNCAST
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import literal, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import declared_types, derived_columns
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.placement import Placement
from obs_dagster.sources.purged import refuse_purged
from obs_dagster.sources.warehouse_counts import STAYS
from obs_dagster.storage_fault import blames_storage, storage_fault

if TYPE_CHECKING:
    import duckdb


def log_rows(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> str:
    """SQL for the rows of ingested days, columns matched by name, with the day in the text column `_obs_day`.

    Columns that the monitor does not declare are there only if one day is asked for: days may differ in
    their types.
    Row numbers are those of the day's ingestion, whether its rows were copied or not.

    Raises:
        LakeError: a day has not been ingested.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    table = lake.table(monitor.model, LOGS)
    columns = "*" if len(days) == 1 else _evaluated(monitor)
    copied: list[dt.date] = []
    queries = []
    for day in days:
        manifest = table.manifest(day)
        if manifest is None:
            raise LakeError(f"{day} of {monitor.model} has not been ingested.", remedy="Run its night first.")
        refuse_purged(monitor, day, manifest)
        if manifest.get(STAYS):
            raise LakeError(
                f"The rows of {day} of {monitor.model} stay in the warehouse; the lake has counts of them.",
                remedy="Ask the warehouse for them, or leave out `engine: warehouse`.",
            )
        if placed := _placement(manifest):
            placed.check()
            queries.append(f"SELECT {columns}, '{day}' AS {DAY} FROM ({placed.query()})")
        else:
            copied.append(day)
    if queries:
        # files that others wrote may have statistics that leave NaN out (see SourceFiles.relation)
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    if copied:
        name = literal(str(copied[0])) if len(copied) == 1 else day_of(FILE)
        files = literals(str(table.path(day)) for day in copied)
        queries.append(
            f"SELECT {columns if len(days) > 1 else f'* EXCLUDE ({FILE})'}, {name} AS {DAY} "
            f"FROM read_parquet({files}, "
            f"filename = {literal(FILE)}, union_by_name = true, hive_partitioning = false)"
        )
    return " UNION ALL BY NAME ".join(queries)


def check_in_place(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> None:
    """Make sure, after rows were read, that no file of the source changed while they were.

    Raises:
        SourceError: a file that is read in place is gone or was rewritten.
    """
    table = lake.table(monitor.model, LOGS)
    for day in days:
        if placed := _placement(table.manifest(day) or {}):
            placed.check()


def unreadable(monitor: Monitor, day: dt.date, lake: Lake, error: Exception) -> ObsError:
    """The error for a day's rows that DuckDB failed to read: names the file of the lake or of the source."""
    table = lake.table(monitor.model, LOGS)
    if blames_storage(error) and (fault := storage_fault(error, lake.root)):
        return fault
    if placed := _placement(table.manifest(day) or {}):
        return placed.source.unreadable(error)
    return LakeError(
        f"{table.path(day)} cannot be read: {str(error).strip().splitlines()[0]}",
        remedy=f"Run the day {day} again.",
    )


def day_of(filename: str) -> str:
    """SQL for the day of a partition, as text, from the name of its file."""
    return f"regexp_extract({filename}, 'day=([0-9-]{{10}})/[^/]*$', 1)"


def _evaluated(monitor: Monitor) -> str:
    """SQL for the columns that the monitor declares and that ingestion adds, as far as there are such."""
    names = [*declared_types(monitor), *derived_columns(monitor), UNCAST, RAW, ROW]
    return f"COLUMNS(lambda name: list_contains({literals(names)}, name))"


def _placement(manifest: Mapping[str, Any]) -> Placement | None:
    return Placement.from_json(manifest["in_place"]) if "in_place" in manifest else None
