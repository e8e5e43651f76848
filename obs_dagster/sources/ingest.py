"""A day's log files, read once into the lake: typed as declared, one row per prediction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake, Table, manifest_metadata, replacing
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.data import MADE_ID
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.source import SOURCES
from obs_dagster.sources.day_log import day_log, may_be_by_time
from obs_dagster.sources.declared import encoders
from obs_dagster.sources.divided import divided_files, rows_of
from obs_dagster.sources.file_stamp import FileStamp, fingerprint
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.forgotten import forgotten, is_forgotten
from obs_dagster.sources.halves import AcrossDays, halves_in_words, tell_alone, with_halves
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.partition import write_partition
from obs_dagster.sources.protocol import OfSnapshots, counted_by, source_of
from obs_dagster.sources.purged import refuse_purged
from obs_dagster.sources.repeats import Repeats, find_repeats
from obs_dagster.sources.schema_change import SchemaChange, found_in
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.strays import Strays, find_strays, read_by_time
from obs_dagster.sources.streamed import FAILURES
from obs_dagster.store import working_folder
from obs_dagster.telemetry.traces import span

if TYPE_CHECKING:
    import duckdb

LOGS = "inference_logs"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one day's log held.

    Attributes:
        rows: rows kept, one per prediction.
        duplicates: rows whose prediction another row has, which counts (see `repeats`).
        files: how many files there were.
        versions: rows per version.
        schema_changes: differences from the declared schema.
        forgotten: rows of ids that somebody asked to be forgotten, which are passed over.
        repeats: what the rows of one prediction say.
        strays: rows of other days in the files.
        snapshot: the state of the table that the rows are of; None of files.
        halves: what became of requests and responses that were captured in files of different days.
    """

    rows: int
    duplicates: int
    files: int
    versions: dict[str, int] = field(default_factory=dict)
    schema_changes: tuple[SchemaChange, ...] = ()
    forgotten: int = 0
    repeats: Repeats = field(default_factory=Repeats)
    strays: Strays = field(default_factory=Strays)
    snapshot: SnapshotName | None = None
    halves: str = ""


@reads_rows
def ingest_logs(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    *,
    without: Collection[str] | None = None,
    stamp: str | None = None,
    known: Lake | None = None,
) -> Ingested:
    """Read the day's log files and replace the day's partition of `inference_logs`.

    Where several rows are of one prediction, which the monitor's `identity` says, one of them counts (see
    `find_repeats`). Values that are not of the
    declared type become null, their column is named in `_obs_uncast` and the source row kept in `_obs_raw`.

    By default the partition is a copy: labels may come weeks later, when the source has been overwritten or
    cleaned up, and the day must still be what was evaluated. Where the monitor says `in_place`, and the
    source is Parquet whose columns need no conversion that could fail and whose ids are unique, the
    partition holds no rows but tells which files do (see `obs_dagster.sources.log_rows`).

    Args:
        monitor: names the log.
        day: the day.
        lake: takes the partition.
        without: pseudonyms of ids that are passed over; left out: those that are forgotten in this lake.
        stamp: the source's stamp of the day, taken just before; left out: it is taken now.
        known: has the other days that were read; left out: `lake`.

    Raises:
        SourceError: a file cannot be read, or changes while it is; the partition stays as it was.
        LakeError: the disk is full, or cannot be written.
        PurgedError: the day's rows were removed when their time was over.
    """
    table = lake.table(monitor.model, LOGS)
    refuse_purged(monitor, day, table.readable(day))
    target = table.path(day)
    if (reduced := counted_by(monitor, monitor.logs)) is not None:
        return _counted(monitor, day, table, reduced.counted(monitor, day, lake, known or lake))
    with span("ingest", source=monitor.logs.source, engine=monitor.engine.kind) as told:
        # before anything is read: what comes meanwhile makes the day another one
        if stamp is None:
            stamp = source_of(monitor.logs).stamp(monitor, day)
        with (
            source_of(monitor.logs).day(monitor, day, working_folder(target.parent)) as source,
            connect() as connection,
            replacing(target) as aside,
        ):
            gone = forgotten(monitor.model, known or lake) if without is None else without
            found = _ingest(
                connection,
                monitor,
                day,
                source,
                aside,
                table=(known or lake).table(monitor.model, LOGS),
                stamp=stamp,
                without=gone,
                across=AcrossDays(monitor, lake, known or lake, gone),
            )
            size = aside.stat().st_size
        told.set(
            rows=found.rows,
            files=found.files,
            versions=", ".join(sorted(found.versions)),
            bytes=size,
        )
    if known is None:
        tell_alone(monitor, day, lake)
    return found


def _counted(monitor: Monitor, day: dt.date, table: Table, manifest: Mapping[str, Any]) -> Ingested:
    """Replace a day's partition by one without rows, which were counted elsewhere."""
    write_without_rows(monitor, table.path(day), manifest)
    return Ingested(
        rows=manifest["rows"],
        duplicates=manifest["duplicates"],
        files=len(manifest["files"]),
        versions=manifest["versions"],
        forgotten=manifest.get("forgotten", 0),
    )


def write_without_rows(monitor: Monitor, path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a partition that has the declared columns, no row, and a manifest; atomically."""
    pairs = ", ".join(f"{key}: {literal(value)}" for key, value in manifest_metadata(manifest).items())
    with connect() as connection, replacing(path) as aside:
        connection.execute(
            f"COPY ({LogSchema.of(monitor).nothing()}) TO {literal(str(aside))} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{pairs}}})"
        )


def ingest_some(monitor: Monitor, day: dt.date, lake: Lake, *, files: int, most: int) -> Ingested:
    """Read the beginning of some of a day's files as a night would read all, for a look.

    Args:
        monitor: names the log.
        day: the day.
        lake: a lake of its own, which lasts as long as the look.
        files: how many files; the first and the last ones are taken.
        most: how many rows of like files.

    Raises:
        SourceError: as `ingest_logs`.
    """
    table = lake.table(monitor.model, LOGS)
    with (
        _beginning(monitor, day, working_folder(table.path(day).parent), files=files, most=most) as source,
        connect() as connection,
        replacing(table.path(day)) as aside,
    ):
        return _ingest(connection, monitor, day, source, aside, table=table, most=most)


def _beginning(
    monitor: Monitor, day: dt.date, folder: Path, *, files: int, most: int
) -> AbstractContextManager[SourceFiles]:
    """The beginning of a day's rows."""
    source = source_of(monitor.logs)
    if isinstance(source, OfSnapshots):
        return source.look(monitor, day, folder, most)
    path = LogPath.of(monitor)
    if path.period is Period.DAY:
        return nullcontext(path.files([day]).beginning(files))
    return nullcontext(rows_of(monitor, path.files().beginning(files), day, most))


def sampled_days(monitor: Monitor, *, files: int, most: int) -> list[dt.date]:
    """The days of the beginning of some files that have rows of many days, ascending.

    Args:
        monitor: names the log.
        files: how many files; the first and the last ones are taken.
        most: how many rows of like files.

    Raises:
        SourceError: as `ingest_logs`.
    """
    source = LogPath.of(monitor).files().beginning(files)
    parts = [part for file in divided_files(monitor, source, most) for part in file.parts]
    return sorted({day for part in parts for day in part.days})


def _ingest(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    day: dt.date,
    own: SourceFiles,
    aside: Path,
    *,
    table: Table,
    stamp: str = "",
    most: int | None = None,
    without: Collection[str] = (),
    across: AcrossDays | None = None,
) -> Ingested:
    import duckdb

    log = day_log(connection, monitor, day, own, most=most, follow=read_by_time(table, day), across=across)
    source, stamps = log.source, log.stamps
    try:
        schema = LogSchema.of(monitor)
        found = found_in(log.parts, schema.types) or dict(schema.types)
        changes = schema.changes(found)
        gone = is_forgotten(identifier(monitor.logs.columns.prediction_id), without)
        lost = _count(connection, f"({log.query}) WHERE {gone}") if without else 0
        told = f"SELECT * FROM ({log.query}) WHERE NOT {gone}" if lost else log.query
        connection.execute(f"CREATE TEMP VIEW log AS {told}")
        made = monitor.logs.columns.prediction_id == MADE_ID
        repeats = find_repeats(connection, monitor, day, table)
        replaced = 0 if made else repeats.rows
        kept = "SELECT * FROM log"
        if repeats.rows:
            kept = _told_apart() if made else f"SELECT log.* FROM log ANTI JOIN replaced USING ({ROW})"
        version = identifier(monitor.logs.columns.version)
        by_version = connection.sql(
            f"SELECT {version}, count(*) FROM ({kept}) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        strays = find_strays(connection, monitor, day, log, table)
        result = Ingested(
            rows=sum(count for _, count in by_version),
            duplicates=replaced,
            files=len(source.files),
            versions={version: count for version, count in by_version if version is not None},
            schema_changes=tuple(changes),
            forgotten=lost,
            repeats=repeats,
            strays=strays,
            snapshot=own.snapshot,
            halves=halves_in_words(across.told()) if across else "",
        )
        if repeats.rows or len(log.parts) > 1 or schema.compares_rows:
            # joins and windows give rows in any order, and parts have theirs
            kept = f"{kept} ORDER BY {ROW}"
        manifest = _manifest(result, stamps, stamp) | (
            {"incomplete": log.incomplete} if log.incomplete else {}
        )
        if may_be_by_time(monitor, day) and not log.by_time and stamp:
            # it turned out that the files beside the day's have none of its rows
            manifest |= {"own_files": True, "stamp": fingerprint(stamps) if stamps else ""}
        if across is not None and (halves := across.told()):
            manifest |= {"halves": halves, "stamp": with_halves(manifest["stamp"], across.digest)}
        manifest["columns"] = found_in(log.parts, schema.types)
        # where files have rows of several days, those of this one are picked by their time
        manifest |= {"by_time": True} if log.by_time else {}
        untaken = sum(strays.untaken.values())
        manifest["source_rows"] = log.rows + (0 if log.by_time else untaken)
        manifest["other_days"] = strays.rows - (untaken if log.by_time else 0)
        manifest |= strays.to_json()
        if not result.rows and own.elsewhere:
            manifest["elsewhere"] = own.elsewhere
        # so that the day can be read as it was
        manifest |= {"snapshot": own.snapshot.to_json()} if own.snapshot else {}
        if log.placed is not None and not replaced and not lost and _in_place(monitor, schema, found):
            kept = f"{kept} LIMIT 0"
            manifest["in_place"] = log.placed.to_json()
        if encoded := encoders(monitor):
            # which version made the vectors that the partition has
            manifest["encoders"] = {name: each.uri for name, each in encoded.items()}
        write_partition(connection, monitor, kept, aside, manifest)
    except (duckdb.Error, *FAILURES) as error:
        source.check(stamps)
        raise source.unreadable(error) from error
    source.check(stamps)
    return result


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(connection.sql(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def _told_apart() -> str:
    """SQL for the rows of the log, with a number behind ids that are those of other rows, too."""
    key = identifier(MADE_ID)
    return (
        f"SELECT log.* REPLACE (CASE WHEN place > 1 THEN concat(log.{key}, '-', place) ELSE log.{key} END "
        f"AS {key}) FROM log LEFT JOIN replaced USING ({ROW})"
    )


def _in_place(monitor: Monitor, schema: LogSchema, found: Mapping[str, str]) -> bool:
    """Whether the source's files can stand for a copy, and shall."""
    # rows that were fetched for the day are in a file that is soon gone
    stays = SOURCES.named(monitor.logs.source).of_files and monitor.engine.reads_in_place
    # days that come later look for their ids in the copy
    looked_up = monitor.identity == "global"
    return monitor.logs.in_place and stays and not looked_up and schema.kept_whole(found)


def _manifest(result: Ingested, stamps: Sequence[FileStamp], stamp: str) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "duplicates": result.duplicates,
        **({"forgotten": result.forgotten} if result.forgotten else {}),
        "conflicts": result.repeats.conflicts,
        "conflicting": result.repeats.examples,
        **({"also_on": result.repeats.also_on} if result.repeats.also_on else {}),
        "versions": result.versions,
        "files": [each.to_json() for each in stamps],
        "fingerprint": fingerprint(stamps),
        "stamp": stamp,
        "schema_changes": [
            {"kind": change.kind, "column": change.column, "text": str(change)}
            for change in result.schema_changes
        ],
    }
