"""Files that have rows of many days, divided by day: each is read once per process.

The rows of a day are in Parquet files of the process's scratch folder, with every column as its source has
it, so that they are ingested like any others. A row without a time that can be read is of the day of the row
before it, whose contract it breaks; so every row is of one day.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.errors import SourceError
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import nearest
from obs_dagster.scratch import scratch
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.part import JSON, TEXT, Part
from obs_dagster.sources.log_schema import LogSchema

if TYPE_CHECKING:
    import duckdb

_ROW, _DAY = "r", "d"
#: The folder of rows whose day is null.
_NO_DAY = f"{_DAY}=__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class DividedPart:
    """Like rows of a file, in a folder per day.

    Attributes:
        folder: has the folders.
        found: type per column, as the format found it.
        days: how many rows each day has, and a text that changes with them.
        used, decimal, thousands: as the part had them.
    """

    folder: Path
    found: Mapping[str, str]
    days: Mapping[dt.date, tuple[int, str]]
    used: frozenset[str]
    decimal: str
    thousands: str

    def part(self, day: dt.date, before: int) -> Part:
        """The rows of a day.

        Args:
            day: one of the days.
            before: how many rows of the source come before those of this part.
        """
        files = literal(str(self.folder / f"{_DAY}={day}" / "*.parquet"))
        names = {name: f"c{place}" for place, name in enumerate(self.found)}
        return Part(
            f"(SELECT * FROM read_parquet({files}, hive_partitioning = false) ORDER BY {_ROW})",
            self.found,
            f"source.{_ROW} + {before}",
            self.days[day][0],
            names,
            values={
                name: f"CAST(source.{names[name]} AS JSON)"
                for name, kind in self.found.items()
                if kind == JSON
            },
            used=self.used,
            decimal=self.decimal,
            thousands=self.thousands,
        )


@dataclass(frozen=True, slots=True)
class DividedFile:
    """A file, divided.

    Attributes:
        file: the file.
        parts: its rows.
        rows: how many there are.
    """

    file: Path
    parts: tuple[DividedPart, ...]
    rows: int

    def content(self, day: dt.date) -> str:
        """Changes with the rows of a day; empty if there are none."""
        return " ".join("-".join(map(str, part.days[day])) for part in self.parts if day in part.days)


@dataclass(frozen=True, slots=True)
class DayRows(SourceFiles):
    """The rows that some files have of one day.

    Attributes:
        day: the day.
        divided: the files, each with rows of the day.
        others: the first and the last day of all rows of all files; None if they have none.
    """

    day: dt.date = dt.date.min
    divided: tuple[DividedFile, ...] = ()
    others: tuple[dt.date, dt.date] | None = None

    @property
    def elsewhere(self) -> str:
        """The days that the files do have."""
        return f"its rows are of {self.others[0]} to {self.others[1]}" if self.others else ""

    def stamps(self) -> tuple[FileStamp, ...]:
        """Each file with its rows of the day: what comes to other days changes nothing."""
        return tuple(FileStamp(str(each.file), None, None, each.content(self.day)) for each in self.divided)

    def parts(self, connection: duckdb.DuckDBPyConnection, most: int | None = None) -> list[Part]:
        """The rows of the day, numbered over all files."""
        del connection, most
        found, before = [], 0
        for file in self.divided:
            found += [part.part(self.day, before) for part in file.parts if self.day in part.days]
            before += file.rows
        return found


def rows_of(monitor: Monitor, source: SourceFiles, day: dt.date, most: int | None = None) -> DayRows:
    """The rows of a day in files that have many.

    Args:
        monitor: names the column of the time, and the zone of its days.
        source: the files.
        day: the day.
        most: rows of like files that are enough for a look; left out: all.

    Raises:
        SourceError: a file cannot be read, changes while it is, or has no time that could be read.
    """
    every = divided_files(monitor, source, most)
    days = [known for file in every for part in file.parts for known in part.days]
    divided = tuple(each for each in every if each.content(day))
    return DayRows(
        source.kind,
        source.pattern,
        tuple(each.file for each in divided),
        source.reading,
        day,
        divided,
        (min(days), max(days)) if days else None,
    )


def divided_files(monitor: Monitor, source: SourceFiles, most: int | None = None) -> list[DividedFile]:
    """Files, each divided by day.

    Raises:
        SourceError: as `rows_of`.
    """
    return [_divided(monitor, source.only([file]), most) for file in source.files]


@dataclass(slots=True)
class _Known:
    """What was divided in this process, by model and file: how it was read, and what came of it."""

    files: dict[tuple[str, str, int | None], tuple[object, DividedFile]]
    lock: Lock


_KNOWN = _Known({}, Lock())


def _divided(monitor: Monitor, source: SourceFiles, most: int | None) -> DividedFile:
    with _KNOWN.lock:
        schema = LogSchema.of(monitor)
        stamps = source.stamps()
        read_as = (stamps, source.kind, source.reading, schema, monitor.time_zone)
        key = (monitor.model, str(source.files[0]), most)
        known = _KNOWN.files.get(key)
        if known is not None and known[0] == read_as and all(each.folder.exists() for each in known[1].parts):
            return known[1]
        if known is not None:
            for each in known[1].parts:
                shutil.rmtree(each.folder, ignore_errors=True)
        with connect() as connection:
            parts = source.parts(connection, most)
            found = [_write(connection, monitor, schema, source, part) for part in parts]
        source.check(stamps)
        divided = DividedFile(source.files[0], tuple(found), sum(part.rows for part in parts))
        _KNOWN.files[key] = (read_as, divided)
        return divided


def _write(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    schema: LogSchema,
    source: SourceFiles,
    part: Part,
) -> DividedPart:
    """Write the rows of a part into a folder for each day."""
    import duckdb

    time = monitor.logs.columns.time
    if time not in part.found:
        meant = nearest(time, list(part.found))
        raise SourceError(
            f"{source.files[0]} has no column {time}, which says of which day a row is; "
            f"it has {', '.join(part.found)}.",
            remedy=f"Correct logs.columns.time{f': there is {meant}' if meant else ''}.",
        )
    folder = scratch() / f"days-{uuid4().hex}"
    columns = [
        f"{f'CAST({part.column(name)} AS VARCHAR)' if kind == JSON else part.column(name)} AS c{place}"
        for place, (name, kind) in enumerate(part.found.items())
    ]
    day = f"CAST(timezone({literal(monitor.time_zone)}, {schema.declared(part, time)}) AS DATE)"
    rows = f"SELECT {', '.join(columns)}, {part.row} AS {_ROW}, {day} AS {_DAY} FROM {part.source} AS source"
    try:
        _copy(connection, rows, folder)
        if (folder / _NO_DAY).exists():
            if len(list(folder.iterdir())) == 1:
                raise _without_days(connection, source, part, time)
            # rare, so that all rows are cast and written anew
            shutil.rmtree(folder)
            _copy(connection, _near(rows), folder)
        if not part.rows:
            return DividedPart(folder, part.found, {}, part.used, part.decimal, part.thousands)
        days = _days(connection, folder, len(columns))
        found = _as_stored(connection, folder, part.found)
        return DividedPart(folder, found, days, part.used, part.decimal, part.thousands)
    except duckdb.Error as error:
        raise source.unreadable(error) from error


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, folder: Path) -> None:
    # for a process: it is not worth to compress much
    connection.execute(
        f"COPY ({rows}) TO {literal(str(folder))} (FORMAT parquet, COMPRESSION snappy, PARTITION_BY ({_DAY}))"
    )


def _near(rows: str) -> str:
    """SQL for rows of which some have no day of their own: they are of that of the row before, or after."""
    before = f"last_value({_DAY} IGNORE NULLS) OVER (ORDER BY {_ROW})"
    after = (
        f"first_value({_DAY} IGNORE NULLS) OVER "
        f"(ORDER BY {_ROW} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    )
    return f"SELECT * REPLACE (coalesce({_DAY}, {before}, {after}) AS {_DAY}) FROM ({rows})"


def _without_days(
    connection: duckdb.DuckDBPyConnection, source: SourceFiles, part: Part, time: str
) -> SourceError:
    value = part.column(time)
    seen = connection.sql(f"SELECT CAST({value} AS VARCHAR) FROM {part.source} AS source LIMIT 1").fetchall()
    return SourceError(
        f"No row of {source.files[0]} has a time that can be read: {time} is such as {seen[0][0]!r}.",
        remedy="Correct logs.columns.time, or say in logs.times how it is written (`obs check` names what "
        "they look like); without a time nobody knows the day of a row.",
    )


def _days(
    connection: duckdb.DuckDBPyConnection, folder: Path, columns: int
) -> dict[dt.date, tuple[int, str]]:
    """The days of a folder: how many rows each has, and a digest of these."""
    values = ", ".join([*(f"c{place}" for place in range(columns)), _ROW])
    found = connection.sql(
        f"SELECT {_DAY}, count(*), CAST(bit_xor(hash({values})) AS VARCHAR) FROM "
        f"read_parquet({literal(str(folder / '*' / '*.parquet'))}, hive_partitioning = true, "
        f"hive_types = {{'{_DAY}': DATE}}) GROUP BY {_DAY} ORDER BY {_DAY}"
    )
    return {day: (rows, content) for day, rows, content in found.fetchall()}


def _as_stored(
    connection: duckdb.DuckDBPyConnection, folder: Path, found: Mapping[str, str]
) -> dict[str, str]:
    """The type of each column, as it is read from the folder; texts and JSON have no other one there."""
    files = literal(str(folder / "*" / "*.parquet"))
    types: Sequence[object] = connection.sql(f"SELECT * FROM read_parquet({files})").types
    return {
        name: kind if kind in (TEXT, JSON) else str(stored)
        for (name, kind), stored in zip(found.items(), types, strict=False)
    }
