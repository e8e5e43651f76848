"""Halves of captured requests that are alone in the files of their day, kept until the other one comes.

What a day keeps follows from its own files alone, so that days may be read in any order, and again. A day
whose request is joined with a response that another day kept has changed, as if its files had; `obs changed`
and the sensor find it, and its next run counts the row.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.lake.lake import Lake, replacing
from obs_dagster.lake.quoting import literal, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.captures.awaited import Awaited, join_halves
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.file_format import file_format
from obs_dagster.sources.formats.part import Part
from obs_dagster.telemetry.event import Event

if TYPE_CHECKING:
    import duckdb

HALVES = "capture_halves"
WAIT = 3
"""Days before and after that of a half in whose files the other one is looked for."""

_ONE = dt.timedelta(days=1)
_ALONE = Event(
    "obs_dagster.sources",
    "halves of requests stay alone",
    "warning",
    "Requests that were captured without their responses, or the reverse, are waited for no longer; their "
    "rows are in quarantine.",
    {"model": "the model", "day": "of whose files they are", "requests": "how many", "responses": "how many"},
)


@dataclass(frozen=True, slots=True)
class _OfSeveralDays(SourceFiles):
    """Files of a day whose halves are joined with those of other days.

    Attributes:
        day: the day that names the files.
        across: keeps what is alone.
    """

    day: dt.date = dt.date.min
    across: AcrossDays | None = None

    def parts(self, connection: duckdb.DuckDBPyConnection, most: int | None = None) -> list[Part]:
        """The rows of all files (see `SourceFiles.parts`); what is alone in them is kept."""
        if self.across is None:
            return super(_OfSeveralDays, self).parts(connection, most)
        found = super(_OfSeveralDays, self).parts(connection, most)
        self.across.keep(connection, self.day)
        return found

    def _read(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None
    ) -> list[Part]:
        joined = file_format(self.kind).joined
        if joined is None or self.across is None:
            return super(_OfSeveralDays, self)._read(connection, files, most)
        return joined(connection, files, most, self.across.awaited(self.day))


@dataclass(frozen=True, slots=True)
class AcrossDays:
    """Joins the halves of days.

    Attributes:
        monitor: names the log.
        lake: keeps what is alone.
        known: has what was alone on other days.
        gone: pseudonyms of ids that are passed over.
    """

    monitor: Monitor
    lake: Lake
    known: Lake
    gone: Collection[str] = ()
    _awaited: dict[dt.date, Awaited] = field(default_factory=dict)

    def files(self, day: dt.date, source: SourceFiles) -> SourceFiles:
        """The files of a day, of which rows are joined; as they are if their format has whole rows."""
        if type(source) is not SourceFiles or file_format(source.kind).joined is None:
            return source
        return _OfSeveralDays(source.kind, source.pattern, source.files, source.reading, day, self)

    def awaited(self, day: dt.date) -> Awaited:
        """What the halves of a day's files are joined with."""
        if day not in self._awaited:
            theirs = _kept(self.monitor, day, self.known)
            self._awaited[day] = Awaited(theirs, day + WAIT * _ONE, day - WAIT * _ONE, self.gone)
        return self._awaited[day]

    def keep(self, connection: duckdb.DuckDBPyConnection, day: dt.date) -> None:
        """Replace what the lake has of a day by what is alone in its files now."""
        found = self.awaited(day)
        table = self.lake.table(self.monitor.model, HALVES)
        rows = f"FROM read_parquet({literals(map(str, found.left))})" if found.left else ""
        if not rows or not connection.sql(f"SELECT 1 {rows} LIMIT 1").fetchall():
            table.remove(day)
            return
        with replacing(table.path(day)) as aside:
            connection.execute(
                f"COPY (SELECT key, ids, side, place, record, {literal(str(day))} AS day {rows}) "
                f"TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd)"
            )

    @property
    def digest(self) -> str:
        """Changes with the halves of other days that were joined; empty if none were."""
        return "".join(each.digest for _, each in sorted(self._awaited.items()))

    def told(self) -> dict[str, dict[str, int]]:
        """How many halves are alone by side, and how many were joined by the day of the other half."""
        every = list(self._awaited.values())
        sums: dict[str, Counter[str]] = {
            "alone": sum((each.alone for each in every), Counter()),
            "joined": sum((each.joined for each in every), Counter()),
            "elsewhere": sum((each.elsewhere for each in every), Counter()),
        }
        return {name: dict(sorted(counts.items())) for name, counts in sums.items() if counts}


def halves_in_words(told: dict[str, dict[str, int]]) -> str:
    """What people must know of the halves of a day; empty if there were none.

    >>> halves_in_words({"alone": {"request": 2}, "joined": {"2024-03-05": 1}})
    '2 requests without a response; 1 response came from the files of 2024-03-05'
    """
    said = [
        f"{number:,} {side}s without a {'response' if side == 'request' else 'request'}"
        for side, number in told.get("alone", {}).items()
    ]
    said += [
        f"{number:,} response{'s' if number > 1 else ''} came from the files of {day}"
        for day, number in told.get("joined", {}).items()
    ]
    said += [
        f"{number:,} response{'s' if number > 1 else ''} went to requests of {day}"
        for day, number in told.get("elsewhere", {}).items()
    ]
    return "; ".join(said)


def with_halves(stamp: str, digest: str) -> str:
    """The stamp of a day which also changes with the halves that other days have for it."""
    return f"{stamp} and {digest}" if stamp and digest else stamp


def joined_digest(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> str:
    """What `AcrossDays.digest` would be if some days were read now."""
    table = lake.table(monitor.model, HALVES)
    there = [day for day in sorted(days) if table.exists(day)]
    if not there:
        return ""
    with connect() as connection:
        return "".join(
            join_halves(
                connection,
                f"read_parquet({literal(str(table.path(day)))}, hive_partitioning = false)",
                list(_kept(monitor, day, lake).values()),
            )
            for day in there
        )


def tell_alone(monitor: Monitor, day: dt.date, lake: Lake) -> None:
    """Tell of halves that a day's files were the last to be looked through for."""
    over = day - WAIT * _ONE
    table = lake.table(monitor.model, HALVES)
    if not table.exists(over):
        return
    with connect() as connection:
        own = f"read_parquet({literal(str(table.path(over)))}, hive_partitioning = false)"
        join_halves(connection, own, list(_kept(monitor, over, lake).values()))
        found = dict(
            connection.sql(
                f"SELECT side, count(DISTINCT key) FROM {own} WHERE key NOT IN (SELECT key FROM _obs_others) "
                "GROUP BY side"
            ).fetchall()
        )
    if found:
        _ALONE(
            model=monitor.model,
            day=str(over),
            requests=found.get("request", 0),
            responses=found.get("response", 0),
        )


def forget_halves(model: str, lake: Lake, ids: Collection[str], *, dry_run: bool = False) -> int:
    """Remove the halves that are about predictions of some ids; returns how many there were."""
    table, number = lake.table(model, HALVES), 0
    gone = f"list_has_any(ids, {literals(sorted(ids))})"
    for day in table.days():
        rows = f"FROM read_parquet({literal(str(table.path(day)))}, hive_partitioning = false)"
        with connect() as connection:
            count = connection.sql(f"SELECT count(*) {rows} WHERE {gone}").fetchall()[0][0]
            if count and not dry_run:
                with replacing(table.path(day)) as aside:
                    connection.execute(
                        f"COPY (SELECT * {rows} WHERE NOT {gone}) TO {literal(str(aside))} "
                        "(FORMAT parquet, COMPRESSION zstd)"
                    )
        number += int(count)
    return number


def _kept(monitor: Monitor, day: dt.date, lake: Lake) -> dict[dt.date, Path]:
    """What days near one have kept."""
    table = lake.table(monitor.model, HALVES)
    near = (day + offset * _ONE for offset in range(-WAIT, WAIT + 1) if offset)
    return {each: table.path(each) for each in near if table.exists(each)}
