"""Writes the rows of a file into a folder for each day."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.errors import SourceError
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import nearest
from obs_dagster.scratch import scratch
from obs_dagster.sources.day_groups import DayGroup, day_groups, stretches
from obs_dagster.sources.files import SourceFiles
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
        days: how many rows each day has, and a number that changes with them.
        left: the groups that have not been divided.
        used, decimal, thousands: as the part had them.
    """

    folder: Path
    found: Mapping[str, str]
    days: Mapping[dt.date, tuple[int, int]]
    left: tuple[DayGroup, ...]
    used: frozenset[str]
    decimal: str
    thousands: str

    @property
    def ends(self) -> tuple[dt.date, ...]:
        """Days of rows, among them the first and the last of all."""
        return (*self.days, *(day for group in self.left for day in group.days))

    def lacking(self, first: dt.date, last: dt.date) -> tuple[DayGroup, ...]:
        """The groups that have not been divided and may have rows of some days."""
        return tuple(group for group in self.left if group.may_have(first, last))

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
class Dividing:
    """What divides the rows of a file.

    Attributes:
        connection: the session that reads it.
        monitor: names the column of the time, and the zone of its days.
        schema: what is declared.
        source: the file.
    """

    connection: duckdb.DuckDBPyConnection
    monitor: Monitor
    schema: LogSchema
    source: SourceFiles

    def begun(self, part: Part) -> DividedPart:
        """A part of which no row has been divided.

        Raises:
            SourceError: it has no column for the time.
        """
        time = self._time
        if time not in part.found:
            meant = nearest(time, list(part.found))
            raise SourceError(
                f"{self.source.files[0]} has no column {time}, which says of which day a row is; "
                f"it has {', '.join(part.found)}.",
                remedy=f"Correct logs.columns.time{f': there is {meant}' if meant else ''}.",
            )
        folder = scratch() / f"days-{uuid4().hex}"
        folder.mkdir()
        left = day_groups(self.connection, self.monitor, self.schema, part) if part.rows else ()
        return DividedPart(folder, part.found, {}, left, part.used, part.decimal, part.thousands)

    def further(self, divided: DividedPart, part: Part, groups: Sequence[DayGroup]) -> DividedPart:
        """A part with more of its groups divided.

        Args:
            divided: the part, as far as it is.
            part: its rows.
            groups: some of those that are left.

        Raises:
            SourceError: rows cannot be read, or none has a time that could be.
        """
        import duckdb

        if not groups:
            return divided
        try:
            return self._written(divided, part, groups)
        except duckdb.Error as error:
            raise self.source.unreadable(error) from error

    def _written(self, divided: DividedPart, part: Part, groups: Sequence[DayGroup]) -> DividedPart:
        folder, rows = divided.folder, self._rows(part)
        days, left = dict(divided.days), tuple(group for group in divided.left if group not in groups)
        pieces: dict[str, str] = {}
        for stretch in stretches(groups):
            where = f" WHERE source.{part.place} BETWEEN {stretch[0]} AND {stretch[1]}" if stretch else ""
            pieces[f"from-{stretch[0]}" if stretch else "all"] = f"{rows}{where}"
        for name, query in pieces.items():
            self._copy(query, folder, name)
        if (folder / _NO_DAY).exists():
            # rare, so that all rows are cast and written anew
            shutil.rmtree(folder)
            folder.mkdir()
            days, left, pieces = {}, (), {"all": _near(rows)}
            self._copy(pieces["all"], folder, "all")
            if (folder / _NO_DAY).exists():
                raise self._without_days(part)
        for name in pieces:
            for day, (more, content) in self._days(folder, name, len(part.found)).items():
                known = days.get(day, (0, 0))
                days[day] = known[0] + more, known[1] ^ content
        return replace(divided, found=self._as_stored(folder, part.found), days=days, left=left)

    @property
    def _time(self) -> str:
        return self.monitor.logs.columns.time

    def _rows(self, part: Part) -> str:
        """SQL for the rows of a part with their number and their day."""
        columns = [
            f"{f'CAST({part.column(name)} AS VARCHAR)' if kind == JSON else part.column(name)} AS c{place}"
            for place, (name, kind) in enumerate(part.found.items())
        ]
        moment = self.schema.declared(part, self._time)
        day = f"CAST(timezone({literal(self.monitor.time_zone)}, {moment}) AS DATE)"
        return (
            f"SELECT {', '.join(columns)}, {part.row} AS {_ROW}, {day} AS {_DAY} FROM {part.source} AS source"
        )

    def _copy(self, rows: str, folder: Path, name: str) -> None:
        # for a process: it is not worth to compress much
        self.connection.execute(
            f"COPY ({rows}) TO {literal(str(folder))} (FORMAT parquet, COMPRESSION snappy, "
            f"PARTITION_BY ({_DAY}), OVERWRITE_OR_IGNORE, FILENAME_PATTERN {literal(f'{name}-{{i}}')})"
        )

    def _days(self, folder: Path, name: str, columns: int) -> dict[dt.date, tuple[int, int]]:
        """The days of the files of a name: how many rows each has, and a digest of these, which add up."""
        values = ", ".join([*(f"c{place}" for place in range(columns)), _ROW])
        found = self.connection.sql(
            f"SELECT {_DAY}, count(*), bit_xor(hash({values})) FROM "
            f"read_parquet({literal(str(folder / '*' / f'{name}-*.parquet'))}, hive_partitioning = true, "
            f"hive_types = {{'{_DAY}': DATE}}) GROUP BY {_DAY} ORDER BY {_DAY}"
        )
        return {day: (rows, content) for day, rows, content in found.fetchall()}

    def _as_stored(self, folder: Path, found: Mapping[str, str]) -> dict[str, str]:
        """The type of each column, as it is read from the folder; texts and JSON have no other one there."""
        files = literal(str(folder / "*" / "*.parquet"))
        types: Sequence[object] = self.connection.sql(f"SELECT * FROM read_parquet({files})").types
        return {
            name: kind if kind in (TEXT, JSON) else str(stored)
            for (name, kind), stored in zip(found.items(), types, strict=False)
        }

    def _without_days(self, part: Part) -> SourceError:
        value = part.column(self._time)
        seen = self.connection.sql(
            f"SELECT CAST({value} AS VARCHAR) FROM {part.source} AS source LIMIT 1"
        ).fetchall()
        return SourceError(
            f"No row of {self.source.files[0]} has a time that can be read: {self._time} is such as "
            f"{seen[0][0]!r}.",
            remedy="Correct logs.columns.time, or say in logs.times how it is written (`obs check` names "
            "what they look like); without a time nobody knows the day of a row.",
        )


def _near(rows: str) -> str:
    """SQL for rows of which some have no day of their own: they are of that of the row before, or after."""
    before = f"last_value({_DAY} IGNORE NULLS) OVER (ORDER BY {_ROW})"
    after = (
        f"first_value({_DAY} IGNORE NULLS) OVER "
        f"(ORDER BY {_ROW} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    )
    return f"SELECT * REPLACE (coalesce({_DAY}, {before}, {after}) AS {_DAY}) FROM ({rows})"
