"""Ground truth: labels, however late, sorted to the days of the predictions that they belong to.

State between nights: which files (of a warehouse's table, which parts) were read, and which labels wait
because nobody knows their prediction yet. Both are rewritten last, so a killed run reads the same again;
labels merge by prediction id, so reading twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.lake import Lake, manifest_metadata, read_json, replacing, write_json
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import DAY
from obs_dagster.sources.files import SourceFiles, connect, stamp
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.label_table import fetched_parts, parts_of
from obs_dagster.sources.log_rows import check_in_place, log_rows
from obs_dagster.sources.quoting import identifier, literal
from obs_dagster.sources.schema import text_of

if TYPE_CHECKING:
    import duckdb

GROUND_TRUTH = "ground_truth"
_FILES = "files_read.json"
_HOLDING = "unknown_predictions.parquet"
_COLUMNS = "prediction_id VARCHAR, label BOOLEAN, known_at TIMESTAMPTZ"


@dataclass(frozen=True, slots=True)
class LabelsIngested:
    """What was new among the labels.

    Attributes:
        files: files read now, because they are new or were rewritten; of a table, its parts.
        labels: rows in them with a prediction id and a label.
        rejected: rows in them without one of the two.
        touched: days whose labels changed, with the number of labels the day has now.
        waiting: labels whose prediction is not in any day of the lake.
    """

    files: int
    labels: int
    rejected: int
    touched: dict[dt.date, int]
    waiting: int


def ingest_labels(monitor: Monitor, lake: Lake) -> LabelsIngested:
    """Read labels that are new and merge them into the days they belong to.

    Raises:
        SourceError: a file or the warehouse cannot be read, or a log that is read in place changed; nothing
            is lost, and the next run reads the same again.
    """
    if monitor.labels is None:
        return LabelsIngested(0, 0, 0, {}, 0)
    folder = lake.folder(monitor.model, "labels")
    known: dict[str, str] = read_json(folder / _FILES) or {}
    # a label that is read as another class, or from another column, is a new label
    meaning = monitor.labels.model_dump_json(include={"columns", "positive"})
    stamps = {name: f"{each} as {meaning}" for name, each in _stamps(monitor, monitor.labels).items()}
    new = [name for name, each in stamps.items() if known.get(name) != each]
    with connect() as connection:
        with _opened(monitor.labels, new, folder) as sources:
            labels, rejected = _load(connection, monitor.labels, sources, folder / _HOLDING)
        touched = _sort_to_days(connection, monitor, lake) if labels or _count(connection, "incoming") else {}
        waiting = _count(connection, "incoming")
        if waiting or (folder / _HOLDING).exists():
            with replacing(folder / _HOLDING) as aside:
                connection.execute(
                    f"COPY incoming TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd)"
                )
    if new:
        write_json(folder / _FILES, known | stamps)
    return LabelsIngested(len(new), labels, rejected, touched, waiting)


def _stamps(monitor: Monitor, labels: Labels) -> dict[str, str]:
    """What there is, by name, with a stamp of each: files, or parts of a table."""
    if labels.source == "ibis":
        return {f"{_table(labels)}{part}": stamped for part, stamped in parts_of(labels).items()}
    source = SourceFiles.find(labels.source, monitor.resolve_path(labels.path))
    return {str(file): stamp(file) for file in source.files}


@contextmanager
def _opened(labels: Labels, names: Sequence[str], folder: Path) -> Iterator[list[SourceFiles]]:
    """What is to be read: each file alone, in order; parts of a table together."""
    if labels.source != "ibis":
        yield [SourceFiles(labels.source, labels.path, (Path(name),)) for name in names]
    elif names:
        parts = [name.removeprefix(_table(labels)) for name in names]
        with fetched_parts(labels, parts, folder) as source:
            yield [source]
    else:
        yield []


def _table(labels: Labels) -> str:
    """Begins the names of the parts of a table; the URL has its variables, not their values."""
    return f"{labels.table} of {labels.path}, "


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _load(
    connection: duckdb.DuckDBPyConnection, labels: Labels, sources: Sequence[SourceFiles], holding: Path
) -> tuple[int, int]:
    """Fill the table `incoming` with one label per prediction id: new labels over those that waited."""
    connection.execute(f"CREATE TEMP TABLE loaded ({_COLUMNS}, file_order BIGINT)")
    if holding.exists():
        connection.execute(f"INSERT INTO loaded SELECT *, 0 FROM read_parquet({literal(str(holding))})")
    waiting = _count(connection, "loaded")
    for position, source in enumerate(sources, start=1):
        _load_file(connection, labels, source, position)
    read = _count(connection, "loaded") - waiting
    # hashes tell nearly all ids apart, in less memory; only labels whose hash repeats are compared
    connection.execute(
        "CREATE TEMP TABLE repeated AS SELECT hash(prediction_id) AS hashed FROM loaded "
        "WHERE prediction_id IS NOT NULL AND label IS NOT NULL GROUP BY hashed HAVING count(*) > 1; "
        "CREATE TEMP VIEW usable AS SELECT *, hash(prediction_id) IN (SELECT hashed FROM repeated) AS again "
        "FROM loaded WHERE prediction_id IS NOT NULL AND label IS NOT NULL; "
        "CREATE TEMP TABLE incoming AS SELECT prediction_id, label, known_at FROM usable WHERE NOT again "
        "UNION ALL (SELECT prediction_id, label, known_at FROM usable WHERE again QUALIFY row_number() OVER "
        "(PARTITION BY prediction_id ORDER BY known_at DESC NULLS LAST, file_order DESC) = 1)"
    )
    rejected = connection.sql(
        "SELECT count(*) FROM loaded WHERE prediction_id IS NULL OR label IS NULL"
    ).fetchall()[0][0]
    connection.execute("DROP VIEW usable; DROP TABLE loaded; DROP TABLE repeated")
    return read - rejected, rejected


def _load_file(
    connection: duckdb.DuckDBPyConnection, labels: Labels, source: SourceFiles, position: int
) -> None:
    import duckdb

    relation = source.relation(connection)
    columns = labels.columns
    needed = [columns.prediction_id, columns.label, *([columns.known_at] if columns.known_at else [])]
    if missing := [name for name in needed if name not in relation.columns]:
        raise SourceError(
            f"{source.files[0]} has no column {', '.join(missing)}; it has {', '.join(relation.columns)}.",
            remedy="Correct labels.columns in the monitor, or the file.",
        )
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    label, positive = _label(labels, found[columns.label])
    known_at = f"TRY_CAST({identifier(columns.known_at)} AS TIMESTAMPTZ)" if columns.known_at else "NULL"
    key = text_of(identifier(columns.prediction_id), found[columns.prediction_id])
    connection.register("label_file", relation)
    try:
        connection.execute(
            f"INSERT INTO loaded SELECT {key}, "
            f"CASE WHEN {label} IS NOT NULL THEN {label} = {positive} END, {known_at}, {position} "
            "FROM label_file"
        )
    except duckdb.Error as error:
        raise source.unreadable(error) from error


def _label(labels: Labels, found: str) -> tuple[str, str]:
    """The label, null where it is not known, and the positive class: as SQL, comparable with each other."""
    label, value = identifier(labels.columns.label), labels.positive
    if found == "VARCHAR" and isinstance(value, bool):
        # True in one program is true in the next
        return f"lower({label})", literal(str(value).lower())
    if found == "VARCHAR":
        return label, literal(str(value))
    if found in ("DOUBLE", "FLOAT"):
        label = f"CASE WHEN NOT isnan({label}) THEN {label} END"
    return label, f"CAST({literal(value) if isinstance(value, str) else value} AS {found})"


def _sort_to_days(connection: duckdb.DuckDBPyConnection, monitor: Monitor, lake: Lake) -> dict[dt.date, int]:
    """Move labels from `incoming` to their days, newest days first, until none is left or no day is."""
    logs = lake.table(monitor.model, LOGS)
    touched: dict[dt.date, int] = {}
    for days in _batches(sorted(logs.days(), reverse=True), _expected_days(monitor)):
        key = identifier(monitor.logs.columns.prediction_id)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE sought AS SELECT incoming.*, log.{DAY} AS day "
            f"FROM incoming LEFT JOIN ({log_rows(connection, monitor, days, lake)}) AS log "
            f"ON log.{key} = incoming.prediction_id"
        )
        check_in_place(monitor, days, lake)
        # first, since the session has memory for the labels once, not twice
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (day) FROM sought WHERE day IS NULL"
        )
        days_found = connection.sql(
            "SELECT DISTINCT CAST(day AS DATE) AS found FROM sought WHERE day IS NOT NULL ORDER BY found"
        ).fetchall()
        for (day,) in days_found:
            if (labels := _merge_day(connection, monitor, lake, day)) is not None:
                touched[day] = labels
        if not _count(connection, "incoming"):
            break
    return touched


def _expected_days(monitor: Monitor) -> int:
    return (monitor.labels.max_delay_days if monitor.labels else 0) + 1


def _batches(days: list[dt.date], size: int) -> Iterable[list[dt.date]]:
    """The days in batches that double: most labels belong to the newest days, so old ones are rarely read."""
    start = 0
    while start < len(days):
        yield days[start : start + size]
        start, size = start + size, size * 2


def _merge_day(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, lake: Lake, day: dt.date
) -> int | None:
    """Merge the labels sought and found in one day into its partition; None if that changes nothing."""
    table = lake.table(monitor.model, GROUND_TRUTH)
    path = table.path(day)
    before = table.manifest(day)
    stored = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    merged = f"SELECT prediction_id, label, known_at FROM sought WHERE day = '{day}'"
    if before:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE merged AS SELECT prediction_id, label, known_at FROM "
            f"(SELECT *, 0 AS newer FROM {stored} UNION ALL BY NAME SELECT *, 1 AS newer FROM ({merged})) "
            "QUALIFY row_number() OVER "
            "(PARTITION BY prediction_id ORDER BY known_at DESC NULLS LAST, newer DESC) = 1"
        )
        merged = "FROM merged"
    labels, content = connection.sql(
        f"SELECT count(*), CAST(bit_xor(hash(prediction_id, label, known_at)) AS VARCHAR) FROM ({merged})"
    ).fetchall()[0]
    fingerprint = f"{labels}-{content}"
    if before is not None and before["fingerprint"] == fingerprint:
        return None
    with replacing(path) as aside:
        manifest = manifest_metadata({"labels": labels, "fingerprint": fingerprint})
        pairs = ", ".join(f"{key}: {literal(value)}" for key, value in manifest.items())
        connection.execute(
            f"COPY (FROM ({merged}) ORDER BY prediction_id) TO {literal(str(aside))} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{pairs}}})"
        )
    return int(labels)
