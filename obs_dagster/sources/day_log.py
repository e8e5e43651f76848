"""The rows of one day of a log: those of the files that the day names, or those whose time lies in the day.

Many services write a folder per day of UTC, while the monitor's days are those of a time zone. Such a folder
has rows of two days, and its rows tell so: they lie in the UTC day of the folder's name and outside the day
that the monitor means by it. A day is then made of the rows whose time is in it, from its own folder and the
two beside it. So that every row is in exactly one day, what has no time, or one that no day near the folder
has, stays with the folder's own day, whose contract it breaks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.source import SOURCES
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.part import JSON, TEXT, Part
from obs_dagster.sources.halves import AcrossDays
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.placement import Placement, placement
from obs_dagster.sources.times import Written

if TYPE_CHECKING:
    import duckdb

#: Texts of moments whose day is certain: with an offset, or as a number since 1970.
_WITH_ZONE = r":[0-9]{2}([.][0-9]+)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$|^[0-9.eE+]+$"
_ONE = dt.timedelta(days=1)
#: One of so many rows may lie elsewhere: clocks differ, and a request may end after midnight.
_STRAY = 20
#: Less than one of so many rows of the folders says nothing of them, however few others there are.
_FEW = 50
#: A folder that is missing is one that is still to come if none of so many later ones is there.
_LATER = 7


@dataclass(frozen=True, slots=True)
class DayLog:
    """The rows of a day.

    Attributes:
        source: the files that have them.
        stamps: what each was like before it was read.
        parts: the rows of the files.
        query: SQL for the rows of the day as declared.
        placed: where the rows are, if they are all rows of Parquet files.
        incomplete: why rows of the day are still to come; empty if none are known to.
        by_time: whether the files have rows of other days, too.
        others: SQL for these rows: the day that names their `folder`, and when they were predicted, `moment`.
    """

    source: SourceFiles
    stamps: tuple[FileStamp, ...]
    parts: tuple[Part, ...]
    query: str
    placed: Placement | None = None
    incomplete: str = ""
    by_time: bool = False
    others: str = ""

    @property
    def rows(self) -> int:
        """Rows that the files have, of whatever day."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The files that a day names, and their rows as declared."""

    day: dt.date
    source: SourceFiles
    stamps: tuple[FileStamp, ...]
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Evidence:
    """Rows that only one of two readings of their folder's name explains, among all rows of the folders."""

    utc: int = 0
    local: int = 0
    rows: int = 0

    @property
    def by_utc(self) -> bool | None:
        """Whether folders are days of UTC; None if the rows don't tell."""
        if self.utc and self.utc >= _STRAY * self.local and _FEW * self.utc >= self.rows:
            return True
        return False if self.local and self.local >= _STRAY * self.utc else None


def log_files(monitor: Monitor, day: dt.date) -> SourceFiles:
    """The files that a day names.

    Raises:
        SourceError: what matches is no file, or a folder cannot be looked into.
    """
    return LogPath.of(monitor).files([day])


def may_be_by_time(monitor: Monitor, day: dt.date) -> bool:
    """Whether rows of the day may be in files that the days beside it name."""
    if not SOURCES.named(monitor.logs.source).of_files or LogPath.of(monitor).period < Period.DAY:
        return False
    if monitor.logs.day_of is not None:
        return monitor.logs.day_of == "time"
    begin, end = bounds(monitor, day)
    return (begin, end) != _utc_bounds(day)


def bounds(monitor: Monitor, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When the day begins in the monitor's time zone, and when the next one does, in UTC."""
    begin, end = (dt.datetime.combine(each, dt.time(), monitor.zone) for each in (day, day + _ONE))
    return begin.astimezone(dt.UTC), end.astimezone(dt.UTC)


def beside(day: dt.date) -> tuple[dt.date, dt.date]:
    """The days before and after."""
    return day - _ONE, day + _ONE


def day_log(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    day: dt.date,
    own: SourceFiles,
    *,
    most: int | None = None,
    follow: bool = False,
    across: AcrossDays | None = None,
) -> DayLog:
    """The rows of a day.

    Args:
        connection: the session that reads them.
        monitor: names the log and its columns.
        day: the day.
        own: the files that the day names.
        most: rows of like files that are enough for a look; left out: all.
        follow: whether the day is read by time where its rows do not tell, as the days beside it are.
        across: joins rows whose halves are in files of two days; left out: none are.

    Raises:
        SourceError: a file cannot be read as what it is, or has a declared column twice.
    """
    schema = LogSchema.of(monitor)
    opened = _open(connection, schema, day, across.files(day, own) if across else own, most)
    if not may_be_by_time(monitor, day):
        return _by_path(schema, opened)
    evidence = _Evidence()
    _add_evidence(connection, monitor, schema, opened, evidence)
    by_time = monitor.logs.day_of == "time" or evidence.by_utc
    if by_time is False:
        return _by_path(schema, opened)
    files = {each: log_files(monitor, each) for each in beside(day)}
    around = [
        _open(connection, schema, each, across.files(each, found) if across else found, most)
        for each, found in files.items()
    ]
    if evidence.by_utc is None:
        for each in around:
            _add_evidence(connection, monitor, schema, each, evidence)
    by_utc = evidence.by_utc or (evidence.by_utc is None and follow)
    if not (by_time or by_utc):
        return _by_path(schema, opened)
    log = _by_time(schema, monitor, [around[0], opened, around[1]], day)
    return replace(log, incomplete=_incomplete(monitor, day)) if by_utc else log


def _open(
    connection: duckdb.DuckDBPyConnection,
    schema: LogSchema,
    day: dt.date,
    source: SourceFiles,
    most: int | None,
) -> _Opened:
    stamps = source.stamps()
    parts = tuple(source.parts(connection, most)) if source.files else ()
    for part in parts:
        if twice := sorted(part.repeated & set(schema.types)):
            raise SourceError(
                f"{source.files[0] if len(source.files) == 1 else source.pattern} has more than one column "
                f"{', '.join(twice)}.",
                remedy="Give each column a name of its own; which one is meant is not guessed.",
            )
    return _Opened(day, source, stamps, parts)


def _by_path(schema: LogSchema, opened: _Opened) -> DayLog:
    """All rows of the files that the day names."""
    query = schema.rows(opened.parts) if opened.parts else schema.nothing()
    placed = (
        placement(schema, opened.parts[0], opened.source, opened.stamps) if len(opened.parts) == 1 else None
    )
    return DayLog(opened.source, opened.stamps, opened.parts, query, placed)


def _by_time(schema: LogSchema, monitor: Monitor, folders: Sequence[_Opened], day: dt.date) -> DayLog:
    """The rows of three folders whose time is in the day, and what of its own folder is in no day near it."""
    time = identifier(monitor.logs.columns.time)
    begin, end = bounds(monitor, day)
    within = _between(time, begin, end)
    first, last = bounds(monitor, day - _ONE)[0], bounds(monitor, day + _ONE)[1]
    nowhere = f"{time} IS NULL OR NOT {_between(time, first, last)}"
    every = [part for opened in folders for part in opened.parts]
    queries, others = [], []
    before = 0
    for opened in folders:
        if opened.parts:
            moved = [replace(part, row=f"{part.row} + {before}") for part in opened.parts]
            kept = f"{within} OR {nowhere}" if opened.day == day else within
            rows = schema.rows(moved, among=every)
            queries.append(f"SELECT * FROM ({rows}) WHERE {kept}")
            others.append(
                f"SELECT '{opened.day}' AS folder, {time} AS moment FROM ({rows}) WHERE ({kept}) IS NOT TRUE"
            )
            before += sum(part.rows for part in opened.parts)
    files = [file for opened in folders for file in opened.source.files]
    return DayLog(
        folders[1].source.only(files),
        tuple(stamp for opened in folders for stamp in opened.stamps),
        tuple(every),
        " UNION ALL BY NAME ".join(queries) or schema.nothing(),
        by_time=True,
        others=" UNION ALL ".join(others) or f"SELECT '{day}' AS folder, NULL::TIMESTAMPTZ AS moment LIMIT 0",
    )


def _add_evidence(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    schema: LogSchema,
    opened: _Opened,
    evidence: _Evidence,
) -> None:
    """Count the rows of a folder in the UTC day of its name, or in the monitor's day, but not in both."""
    import duckdb

    if not opened.parts or not any(monitor.logs.columns.time in part.found for part in opened.parts):
        return
    known = Written.of(monitor.logs.times).known_zone
    if not known and any(_naive(connection, part, monitor.logs.columns.time) for part in opened.parts):
        # they mean UTC, but folders by local day with local times in them look the same
        return
    time = identifier(monitor.logs.columns.time)
    in_utc = _between(time, *_utc_bounds(opened.day))
    in_local = _between(time, *bounds(monitor, opened.day))
    try:
        utc, local, rows = connection.sql(
            f"SELECT count(*) FILTER ({in_utc} AND NOT {in_local}), "
            f"count(*) FILTER ({in_local} AND NOT {in_utc}), count(*) FROM ({schema.rows(opened.parts)})"
        ).fetchall()[0]
    except duckdb.Error as error:
        raise opened.source.unreadable(error) from error
    evidence.utc += utc
    evidence.local += local
    evidence.rows += rows


def _naive(connection: duckdb.DuckDBPyConnection, part: Part, time: str) -> bool:
    """Whether times are of no zone: what day they are of is not theirs to say."""
    found = part.found.get(time, "")
    if found not in (TEXT, JSON, "VARCHAR"):
        return found == "DATE" or (found.startswith("TIMESTAMP") and "Z" not in found)
    value = f"trim(CAST({part.value(time)} AS VARCHAR))"
    naive = f"NOT regexp_matches({value}, '{_WITH_ZONE}')"
    return bool(connection.sql(f"SELECT 1 FROM {part.source} AS source WHERE {naive} LIMIT 1").fetchall())


def _incomplete(monitor: Monitor, day: dt.date) -> str:
    """Whether the last hours of a day are in a folder that is still to come."""
    last = (bounds(monitor, day)[1] - dt.timedelta(microseconds=1)).date()
    ended = monitor.end is not None and day >= monitor.end
    if ended or any(log_files(monitor, last + offset * _ONE).files for offset in range(_LATER + 1)):
        return ""
    return (
        f"the log's files are by day of UTC, and those of {last}, which have the last hours of {day} "
        f"({monitor.time_zone}), are not there yet; run the day again when they are"
    )


def _utc_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    begin = dt.datetime.combine(day, dt.time(), dt.UTC)
    return begin, begin + _ONE


def _between(time: str, begin: dt.datetime, end: dt.datetime) -> str:
    return f"({time} >= TIMESTAMPTZ '{begin.isoformat()}' AND {time} < TIMESTAMPTZ '{end.isoformat()}')"
