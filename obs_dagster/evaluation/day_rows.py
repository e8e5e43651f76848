"""Few rows of each day that are kept for metrics of several columns, so that it is read for them once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.tables import SAMPLED
from obs_dagster.pseudonym import pseudonym_sql
from obs_dagster.quality.validated import clean_rows, day_quality
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.log_rows import check_in_place

ROWS = 2_000
"""Rows of a version and day that are kept at most."""

_HASH, _VERSION = "_obs_hash", "_obs_version"
_ROOM = 3_000
"""Rows that are looked for, so that as good as always there are `ROWS` of them."""
_HASHES = 2**64


def kept_rows(
    monitor: Monitor, day: dt.date, rows: Mapping[str, int], columns: Sequence[str], lake: Lake
) -> pa.Table:
    """The rows of each version of a day whose prediction ids have the lowest hashes, in their order.

    Beside the columns they have their ids, by which they can be forgotten, and what `of_version` and `lowest`
    look at.

    Args:
        monitor: the monitor.
        day: a day that was validated.
        rows: how many rows each version has.
        columns: the columns that are wanted; one that the day lacks is null.
        lake: holds the day.

    Raises:
        LakeError: the day has not been validated, or its rows were removed since.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    quality, table = day_quality(monitor, day, lake), lake.table(monitor.model, SAMPLED)
    made_of = {"fingerprint": quality.fingerprint if quality else "", "columns": list(columns)}
    if table.readable(day) == made_of:
        return table.read(day)
    absent = set(quality.missing_columns) if quality else set()
    found = _drawn(monitor, day, rows, [(name, name not in absent) for name in columns], lake)
    table.write(day, found, made_of)
    return found


def of_version(rows: pa.Table, version: str) -> pa.Table:
    """Those of a version."""
    return rows.filter(pc.equal(rows[_VERSION], version))


def lowest(tables: Sequence[pa.Table]) -> pa.Table:
    """Of all rows of some days, those with the lowest hashes: as if the days were one."""
    rows = pa.concat_tables(tables)
    return rows.take(pc.sort_indices(rows, [(_HASH, "ascending")])[:ROWS])


def _drawn(
    monitor: Monitor, day: dt.date, rows: Mapping[str, int], columns: Sequence[tuple[str, bool]], lake: Lake
) -> pa.Table:
    roles = monitor.logs.columns
    version, key = identifier(roles.version), identifier(roles.prediction_id)
    if roles.prediction_id in monitor.personal:
        # a plain hash of an id would tell who tries ids out which one it is
        key = pseudonym_sql(key)
    chosen = " OR ".join(
        f"({version} = {literal(each)}"
        + (f" AND hash({key}) < {_HASHES * _ROOM // count}::UBIGINT" if count > _ROOM else "")
        + ")"
        for each, count in rows.items()
    )
    # days may differ in their types
    wanted = ", ".join(
        f"CAST({identifier(name) if there else 'NULL'} AS "
        f"{'DOUBLE' if monitor.features[name].numeric else 'VARCHAR'}) AS {identifier(name)}"
        for name, there in columns
    )
    with connect() as connection:
        log = clean_rows(connection, monitor, [day], lake)
        query = (
            f"SELECT {wanted}, CAST({version} AS VARCHAR) AS {_VERSION}, hash({key}) AS {_HASH}, "
            f"{key} AS {identifier(roles.prediction_id)} FROM log "
        )
        query += f"WHERE {chosen or 'false'}"
        found = derived(log, "log", query).to_arrow_table()
    check_in_place(monitor, [day], lake)
    ordered = found.sort_by([(_HASH, "ascending"), (roles.prediction_id, "ascending")])
    kept = [of_version(ordered, each).slice(0, ROWS) for each in rows]
    return pa.concat_tables(kept) if kept else ordered
