"""Few rows of each day that are kept for what needs rows as a whole, so that it is read for them once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.tables import SAMPLED
from obs_dagster.pseudonym import pseudonym_sql
from obs_dagster.quality.sampled import rows_here
from obs_dagster.quality.validated import day_quality
from obs_dagster.sources.drawn import drawn_by
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.log_rows import check_in_place
from obs_dagster.sources.purged import PurgedError

ROWS = 2_000
"""Rows of a version and day that are kept at most."""

HASH, _VERSION = "_obs_hash", "_obs_version"
_ROOM = 3_000
"""Rows that are looked for, so that as good as always there are `ROWS` of them."""
_HASHES = 2**64
_TYPES = {"score": "DOUBLE", "number": "DOUBLE", "category": "VARCHAR", "decision": "BOOLEAN"}


def compared_features(monitor: Monitor) -> dict[str, Feature]:
    """The features whose values may be kept as rows: none that is personal, or tells people apart.

    Nor what follows from the baseline, which rows do not have.
    """
    return {
        name: feature
        for name, feature in monitor.features.items()
        if not feature.pii
        and name not in monitor.fairness.columns
        and not (name in monitor.described and monitor.described[name][1].learned)
    }


def rows_of_day(night: Night, day: dt.date) -> pa.Table | None:
    """The rows of a day that are kept, with all features that may be, numbers first.

    None if its rows were removed when their time was over, or are elsewhere.

    Raises:
        LakeError: the day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    if no_sample(night.monitor):
        return None
    features = compared_features(night.monitor)
    columns = sorted(features, key=lambda name: not features[name].numeric)
    try:
        return kept_rows(night.monitor, day, counted_rows(night, day), columns, night.lake)
    except PurgedError:
        return None


def counted_rows(night: Night, day: dt.date) -> dict[str, int]:
    """The rows of each version on a day."""
    path = night.profiles.path(day)
    if not path.exists():
        return {}
    rows = pq.read_table(path, partitioning=None, filters=pc.field("column") == "")
    profile = Profile(rows, night.grids)
    return {version: profile.rows(version) for version in profile.versions() if version}


@reads_rows
def kept_rows(
    monitor: Monitor, day: dt.date, rows: Mapping[str, int], columns: Sequence[str], lake: Lake
) -> pa.Table:
    """The rows of each version of a day whose prediction ids have the lowest hashes, in their order.

    Beside the columns they have what the model put out, their ids, by which they can be forgotten and have
    labels, and what `of_version` and `lowest` look at.

    Args:
        monitor: the monitor.
        day: a day that was validated.
        rows: how many rows each version has.
        columns: the features that are wanted; one that the day lacks is null.
        lake: holds the day.

    Raises:
        LakeError: the day has not been validated, or its rows were removed since.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    quality, table = day_quality(monitor, day, lake), lake.table(monitor.model, SAMPLED)
    types = {name: "DOUBLE" if monitor.features[name].numeric else "VARCHAR" for name in columns}
    types |= {
        each.column: _TYPES[each.kind]
        for each in outputs(monitor)
        if each.kind in _TYPES and each.column not in monitor.personal
    }
    made_of: dict[str, object] = {
        "fingerprint": quality.fingerprint if quality else "",
        "columns": types,
    }
    made_of |= {"sample": monitor.engine.sample_rows} if monitor.engine.rows_stay else {}
    if table.readable(day) == made_of:
        return table.read(day)
    found = _drawn(monitor, day, rows, types, lake)
    table.write(day, found, made_of)
    return found


def of_version(rows: pa.Table, version: str) -> pa.Table:
    """Those of a version."""
    return rows.filter(pc.equal(rows[_VERSION], version))


def lowest(tables: Sequence[pa.Table], most: int = ROWS) -> pa.Table:
    """Of all rows of some days, those with the lowest hashes: as if the days were one."""
    rows = pa.concat_tables(tables)
    return rows.take(pc.sort_indices(rows, [(HASH, "ascending")])[:most])


def _drawn(
    monitor: Monitor, day: dt.date, rows: Mapping[str, int], types: Mapping[str, str], lake: Lake
) -> pa.Table:
    roles = monitor.logs.columns
    version, key = identifier(roles.version), identifier(roles.prediction_id)
    if roles.prediction_id in monitor.personal:
        # a plain hash of an id would tell who tries ids out which one it is
        key = pseudonym_sql(key)
    chosen = " OR ".join(
        f"({version} = {literal(each)}"
        + (f" AND {drawn_by(monitor, key)} < {_HASHES * _ROOM // count}::UBIGINT" if count > _ROOM else "")
        + ")"
        for each, count in rows.items()
    )
    with connect() as connection:
        log = rows_here(connection, monitor, [day], lake)
        there = {*log.columns}
        # days may differ in their types
        wanted = ", ".join(
            f"CAST({identifier(name) if name in there else 'NULL'} AS {kind}) AS {identifier(name)}"
            for name, kind in types.items()
        )
        query = (
            f"SELECT {wanted}, CAST({version} AS VARCHAR) AS {_VERSION}, {drawn_by(monitor, key)} AS {HASH}, "
            f"{key} AS {identifier(roles.prediction_id)} FROM log "
        )
        query += f"WHERE {chosen or 'false'}"
        found = derived(log, "log", query).to_arrow_table()
    check_in_place(monitor, [day], lake)
    ordered = found.sort_by([(HASH, "ascending"), (roles.prediction_id, "ascending")])
    kept = [of_version(ordered, each).slice(0, ROWS) for each in rows]
    return pa.concat_tables(kept) if kept else ordered
