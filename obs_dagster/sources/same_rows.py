"""Whether a log whose files are not as they were has other rows of a day, too.

Files are touched, copied back and renamed, and get rows of other days: their stamps differ, and the rows of a
day may be the same. They are read once more, into a lake of their own, and compared with those that the night
read; that they are the same is noted beside the lake's days, so that nobody asks again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import LakeError, SourceError
from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake, Table, read_json, write_json
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.source import SOURCES, HasSnapshots
from obs_dagster.scratch import scratch
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS, ingest_logs

if TYPE_CHECKING:
    import duckdb

_FOLDER = "same_logs"
#: What a night tells of a day beside its rows, and would tell again.
_TOLD = ("rows", "duplicates", "versions", "schema_changes", "incomplete", "conflicts", "untaken", "beyond")


def known_same(monitor: Monitor, day: dt.date, lake: Lake, *, read: str, now: str) -> bool:
    """Whether a log was seen to have the rows that its night read, though its stamp is another one.

    Args:
        monitor: the monitor.
        day: the day.
        lake: has the note.
        read: the stamp that the night read.
        now: the present stamp.
    """
    try:
        note = read_json(_note(monitor, day, lake))
    except LakeError:
        return False
    return bool(note) and (note["read"], note["now"]) == (read, now)


@reads_rows
def same_rows(monitor: Monitor, day: dt.date, lake: Lake, now: str, *, most: int | None = None) -> bool:
    """Read a day once more and compare it with what its night read; it is noted if nothing differs.

    Of a log that is read in place, that is a table of a warehouse, or that cannot be read, nobody knows.

    Args:
        monitor: names the log.
        day: the day.
        lake: has what was read.
        now: the present stamp.
        most: a day of more rows is not read.
    """
    table = lake.table(monitor.model, LOGS)
    before = table.readable(day)
    source = SOURCES.named(monitor.logs.source)
    again_readable = source.of_files or isinstance(source, HasSnapshots)
    if not again_readable or before is None or "stamp" not in before:
        return False
    if "in_place" in before or "unreadable" in before or (most is not None and before["rows"] > most):
        return False
    with TemporaryDirectory(prefix="same-", dir=scratch()) as folder:
        again = Lake(Path(folder)).table(monitor.model, LOGS)
        try:
            ingest_logs(monitor, day, Lake(Path(folder)), stamp=now, known=lake)
        except SourceError:
            return False
        same = _told(before) == _told(again.readable(day) or {}) and _content(table, day) == _content(
            again, day
        )
    if same:
        write_json(_note(monitor, day, lake), {"read": before["stamp"], "now": now})
    return same


def _note(monitor: Monitor, day: dt.date, lake: Lake) -> Path:
    return lake.folder(monitor.model, _FOLDER) / f"{day}.json"


def _told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: manifest[key] for key in _TOLD if manifest.get(key)}
    # rows that were erased since are no more in the log than those that are passed over
    return told | {"rows": manifest.get("rows", 0)}


def _content(table: Table, day: dt.date) -> tuple[object, ...]:
    """Columns of a day, and what changes with its rows, in whatever order they are."""
    import duckdb

    with connect() as connection:
        rows = f"read_parquet({literal(str(table.path(day)))}, hive_partitioning = false)"
        try:
            found = connection.sql(f"FROM {rows}")
            return _hashed(found)
        except duckdb.Error as error:
            raise LakeError(
                f"{table.path(day)} cannot be read ({error}).", remedy="Run its day again."
            ) from error


def _hashed(rows: duckdb.DuckDBPyRelation) -> tuple[object, ...]:
    columns = sorted(name for name in rows.columns if name != ROW)
    types = dict(zip(rows.columns, map(str, rows.types), strict=True))
    whole = f"hash({', '.join(map(identifier, columns))})"
    sums = rows.aggregate(f"count(*), bit_xor({whole}), sum({whole})").fetchall()[0]
    return (*((name, types[name]) for name in columns), *sums)
