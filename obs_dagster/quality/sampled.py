"""Rows that are here: those of the lake, or few of each day that were fetched from a warehouse.

Where rows stay in a warehouse, a monitor may allow so many of each version and day to leave it. One query
draws and fetches them with their labels, when something first needs rows of the day, and again when its rows
or its labels have changed; the lake keeps them for whatever needs rows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import DAY, FILE, LABEL, RESERVED, ROW
from obs_dagster.lake.lake import Lake, manifest_metadata, replacing
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.validated import clean_rows, validated
from obs_dagster.quality.warehouse import check_unchanged, clean_table
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import connect
from obs_dagster.sources.forgotten import forgotten, is_forgotten
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.label_table import label_table
from obs_dagster.sources.label_values import label_type
from obs_dagster.sources.log_rows import day_of
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse_labelled import labelled_table
from obs_dagster.sources.warehouse_labels import labels_of
from obs_dagster.telemetry.traces import span

if TYPE_CHECKING:
    import duckdb
    import ibis
    import pyarrow as pa

FETCHED, FETCHED_LABELS = "warehouse_sample", "warehouse_sample_labels"
"""Tables of the lake: the rows that were fetched of days, and their labels."""

_DRAWN, _PLACE = f"{RESERVED}drawn", f"{RESERVED}place"


def rows_here(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> duckdb.DuckDBPyRelation:
    """The clean rows of days, see `clean_rows`; where they stay in a warehouse, those that may leave it.

    Raises:
        LakeError: a day has not been validated, or no row may leave the warehouse.
        SourceError: the warehouse cannot be read, or has other rows than when the day was ingested.
    """
    if not monitor.engine.rows_stay:
        return clean_rows(connection, monitor, days, lake)
    files = literals(str(_current(monitor, day, lake)) for day in days)
    return connection.sql(
        f"SELECT * EXCLUDE ({FILE}), {day_of(FILE)} AS {DAY} FROM read_parquet({files}, "
        f"filename = '{FILE}', union_by_name = true, hive_partitioning = false)"
    )


def labels_here(monitor: Monitor, day: dt.date, lake: Lake) -> Path | None:
    """The file with the labels of the rows that are here, `prediction_id` and `label`; None if none has one.

    Raises:
        LakeError, SourceError: as `rows_here`.
    """
    name = FETCHED_LABELS if monitor.engine.rows_stay else GROUND_TRUTH
    if monitor.engine.rows_stay:
        _current(monitor, day, lake)
    table = lake.table(monitor.model, name)
    return table.path(day) if table.exists(day) else None


def drawn_table(
    rows: ibis.Table, known: ibis.Table | None, monitor: Monitor, day: dt.date, most: int
) -> ibis.Table:
    """The rows of each version of a day whose ids have the lowest MD5, with their labels, lazily.

    Args:
        rows: the clean rows of the day.
        known: the labels; None if the monitor has none.
        monitor: names the columns.
        day: the day.
        most: how many rows of each version.
    """
    import ibis

    roles = monitor.logs.columns
    md5 = ibis.udf.scalar.builtin(_md5, name="md5", signature=(("string",), "string"))
    hashed = rows.mutate(**{_DRAWN: md5(rows[roles.prediction_id])})
    order = [hashed[_DRAWN], hashed[roles.prediction_id]]
    place = ibis.row_number().over(ibis.window(group_by=hashed[roles.version], order_by=order))
    chosen = hashed.mutate(**{_PLACE: place})
    chosen = chosen.filter(chosen[_PLACE] < most).drop(_PLACE, _DRAWN)
    return chosen if known is None else labelled_table(chosen, known, monitor, [day])


def _md5(value: str) -> str:
    """Every database has it; this says what it is called."""
    raise NotImplementedError(value)


def _current(monitor: Monitor, day: dt.date, lake: Lake) -> Path:
    """The file of the rows that were fetched of a day; they are fetched where that is not what they were."""
    if why := no_sample(monitor):
        raise LakeError(f"There are no rows of {monitor.model}: {why}.", remedy="Ask the warehouse for them.")
    quality, table = validated(monitor, [day], lake)[day], lake.table(monitor.model, FETCHED)
    gone = forgotten(monitor.model, lake)
    labelled = lake.table(monitor.model, GROUND_TRUTH).readable(day) or {}
    made_of = {
        "fingerprint": quality.fingerprint,
        "labels": labelled.get("fingerprint", ""),
        "rows": monitor.engine.sample_rows,
        # as JSON has it
        "columns": [list(each) for each in declared_types(monitor).items()],
        "without": hashlib.sha256(" ".join(sorted(gone)).encode()).hexdigest()[:16] if gone else "",
    }
    if table.readable(day) != made_of:
        with span("fetch a sample", engine=monitor.engine.kind) as told:
            found = _fetched(monitor, day, lake)
            told.set(rows=found.num_rows)
        _write(monitor, day, lake, found, gone=gone, made_of=made_of)
    return table.path(day)


def _fetched(monitor: Monitor, day: dt.date, lake: Lake) -> pa.Table:
    labels = monitor.labels
    others = [label_table(labels)] if labels is not None else []
    with log_table(monitor).opened(*others) as (log, *tables):
        known = labels_of(tables[0], monitor, lake) if tables else None
        rows = clean_table(log, monitor, [day], lake)
        found = drawn_table(rows, known, monitor, day, monitor.engine.sample_rows).to_pyarrow()
    check_unchanged(monitor, [day], lake)
    return found


def _write(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    found: pa.Table,
    *,
    gone: Collection[str],
    made_of: dict[str, Any],
) -> None:
    """Replace what was fetched of a day: labels first, for the rows say what both are made of."""
    roles, types = monitor.logs.columns, declared_types(monitor)
    key, version = identifier(roles.prediction_id), identifier(roles.version)
    columns = ", ".join(
        f"CAST({identifier(name)} AS {types[name]}) AS {identifier(name)}"
        if name in types
        else identifier(name)
        for name in found.column_names
        if name not in (DAY, LABEL)
    )
    place = f"row_number() OVER (ORDER BY {version}, md5({key}), {key}) AS {ROW}"
    kept = f"FROM found WHERE NOT {is_forgotten(key, gone)}"
    with connect() as connection:
        connection.register("found", found)

        def copy(query: str, table: str, manifest: dict[str, Any]) -> None:
            pairs = manifest_metadata(manifest).items()
            told = ", ".join(f"{name}: {literal(value)}" for name, value in pairs)
            with replacing(lake.table(monitor.model, table).path(day)) as aside:
                connection.execute(
                    f"COPY ({query}) TO {literal(str(aside))} "
                    f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{told}}})"
                )

        if LABEL in found.column_names:
            label = f"CAST({LABEL} AS {label_type(monitor)}) AS label"
            named = f"CAST({key} AS VARCHAR) AS prediction_id"
            copy(f"SELECT {named}, {label} {kept} AND {LABEL} IS NOT NULL", FETCHED_LABELS, {})
        copy(f"SELECT {columns}, {place} {kept}", FETCHED, made_of)
