"""Files that have rows of many days, divided by day: each row is read once per process.

The rows of a day are in Parquet files of the process's scratch folder, with every column as its source has
it, so that they are ingested like any others. A row without a time that can be read is of the day of the row
before it, whose contract it breaks; so every row is of one day. Of a format that knows which rows can be of a
day (see `obs_dagster.sources.day_groups`) only those are read that are asked for.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_groups import DayGroup
from obs_dagster.sources.dividing import DividedPart, Dividing
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.file_format import file_format
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.log_schema import LogSchema

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class DividedFile:
    """A file, or files that are read together, divided.

    Attributes:
        files: the file, or files.
        parts: its rows.
        rows: how many there are.
        ahead: how many days beyond one that is asked for are divided with it.
    """

    files: tuple[Path, ...]
    parts: tuple[DividedPart, ...]
    rows: int
    ahead: int = 0

    @property
    def ends(self) -> tuple[dt.date, ...]:
        """Days of rows, among them the first and the last of all."""
        return tuple(day for part in self.parts for day in part.ends)

    @property
    def there(self) -> bool:
        """Whether nobody has removed what was written."""
        return all(part.folder.exists() for part in self.parts)

    def discard(self) -> None:
        """Remove what was written."""
        for part in self.parts:
            shutil.rmtree(part.folder, ignore_errors=True)

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
        return tuple(
            FileStamp(str(each.files[0]), None, None, each.content(self.day)) for each in self.divided
        )

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
    every = [_divided(monitor, each, most, day) for each in _units(source)]
    days = [end for file in every for end in file.ends]
    divided = tuple(each for each in every if each.content(day))
    return DayRows(
        source.kind,
        source.pattern,
        tuple(file for each in divided for file in each.files),
        source.reading,
        day,
        divided,
        (min(days), max(days)) if days else None,
    )


def divided_files(monitor: Monitor, source: SourceFiles, most: int | None = None) -> list[DividedFile]:
    """Files, each divided by day with all of its rows.

    Raises:
        SourceError: as `rows_of`.
    """
    return [_divided(monitor, each, most) for each in _units(source)]


def _units(source: SourceFiles) -> list[SourceFiles]:
    """Files one by one; together those in which a row may have its halves in two of them."""
    if file_format(source.kind).joined is not None:
        return [source] if source.files else []
    return [source.only([file]) for file in source.files]


@dataclass(slots=True)
class _Known:
    """What was divided in this process, by model and file: how it was read, and what came of it."""

    files: dict[tuple[str, str, int | None], tuple[object, DividedFile]]
    lock: Lock


_KNOWN = _Known({}, Lock())


def _divided(
    monitor: Monitor, source: SourceFiles, most: int | None, day: dt.date | None = None
) -> DividedFile:
    """A file, divided as far as a day needs it; or whole."""
    with _KNOWN.lock:
        schema = LogSchema.of(monitor)
        stamps = source.stamps()
        read_as = (stamps, source.kind, source.reading, schema, monitor.time_zone)
        key = (monitor.model, str(source.files[0]) if len(source.files) == 1 else source.pattern, most)
        before, divided = _KNOWN.files.get(key, (None, None))
        if divided is not None and (before != read_as or not divided.there):
            divided.discard()
            divided = None
        if divided is not None and not _lacking(divided, day):
            return divided
        with connect() as connection:
            parts = source.parts(connection, most)
            dividing = Dividing(connection, monitor, schema, source)
            if divided is None:
                begun = tuple(dividing.begun(part) for part in parts)
                divided = DividedFile(source.files, begun, sum(part.rows for part in parts))
            try:
                divided = _further(dividing, divided, parts, day)
                source.check(stamps)
            except BaseException:
                # what it has is not what it says that it has
                divided.discard()
                raise
        _KNOWN.files[key] = (read_as, divided)
        return divided


def _further(
    dividing: Dividing, divided: DividedFile, parts: Sequence[Part], day: dt.date | None
) -> DividedFile:
    """A file, divided as far as a day needs it, and some days beyond if others were asked for before it.

    Days that are asked for one after another are a backfill, which shall not read in small pieces.
    """
    lacking = _lacking(divided, day)
    if not lacking:
        return divided
    pairs = zip(divided.parts, parts, lacking, strict=True)
    further = tuple(dividing.further(*each) for each in pairs)
    return replace(divided, parts=further, ahead=2 * divided.ahead + 1)


def _lacking(divided: DividedFile, day: dt.date | None) -> list[tuple[DayGroup, ...]]:
    """The groups of each part that have not been divided and may have a day; empty if there are none."""
    first, last = (dt.date.min, dt.date.max) if day is None else (day, day)
    if not any(part.lacking(first, last) for part in divided.parts):
        return []
    ahead = min(divided.ahead, (dt.date.max - last).days)
    return [part.lacking(first, last + dt.timedelta(days=ahead)) for part in divided.parts]
