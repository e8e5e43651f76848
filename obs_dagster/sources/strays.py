"""Rows in a day's files that are of another day: which day takes them, and which none does.

Where folders are read by time, each day takes its rows from its own folder and from the two beside it. A row
goes missing if the day that it is of is not read so, because its own rows say that folders are local days; it
is told by the day that comes to know of it: the one that gives it away, or the one that does not take it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.lake import Table
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_log import DayLog, beside, may_be_by_time

if TYPE_CHECKING:
    import duckdb

_LEFT = "leaving"


@dataclass(frozen=True, slots=True)
class Strays:
    """Rows of other days in the files that a day is made of.

    Attributes:
        rows: how many there are, in the day's own files and in those beside it.
        leaving: those in the day's own files, by the day that takes them.
        beyond: those in the day's own files that are of days without a night, by day.
        untaken: rows that no day takes, by the day that they are of; in the day's own files, or of the day.
        examples: when such a row was predicted, a text per day.
    """

    rows: int = 0
    leaving: Mapping[str, int] = field(default_factory=dict)
    beyond: Mapping[str, int] = field(default_factory=dict)
    untaken: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """What people must know of them; empty if all have their day."""
        told = [
            f"{rows:,} rows are of {day}, as of {self.examples[day]}, which is read by its own files alone: "
            "no day takes them. `logs.day_of: time` has every day take its rows, whatever file they are in"
            for day, rows in self.untaken.items()
        ]
        told += [f"{rows:,} rows are of {day}, which has no night" for day, rows in self.beyond.items()]
        return "; ".join(told)

    def to_json(self) -> dict[str, Any]:
        """What a manifest keeps of them."""
        kept = {
            _LEFT: self.leaving,
            "beyond": self.beyond,
            "untaken": self.untaken,
            "untaken_as_of": {day: self.examples[day] for day in self.untaken},
        }
        return {key: dict(value) for key, value in kept.items() if value}


def read_by_time(table: Table, day: dt.date) -> bool:
    """Whether a day beside this one was read by time."""
    return any(_manifest(table, each).get("by_time", False) for each in beside(day))


def find_strays(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, day: dt.date, log: DayLog, table: Table
) -> Strays:
    """Count the rows of other days in the files that a day is made of.

    Args:
        connection: the session that reads them.
        monitor: says which days have nights.
        day: the day.
        log: its rows.
        table: has what is known of the days beside it.
    """
    if not may_be_by_time(monitor, day):
        return Strays()
    if not log.by_time:
        return _given_to(table, day)
    of_day = f"strftime(timezone({literal(monitor.time_zone)}, moment), '%Y-%m-%d')"
    found = connection.sql(
        f"SELECT folder, {of_day} AS of_day, count(*), CAST(min(moment) AS VARCHAR) FROM ({log.others}) "
        "GROUP BY folder, of_day ORDER BY folder, of_day"
    ).fetchall()
    own = {of_day: (rows, first) for folder, of_day, rows, first in found if folder == str(day)}
    beyond = {each: rows for each, (rows, _) in own.items() if not _has_night(monitor, each)}
    untaken = {
        each: rows
        for each, (rows, _) in own.items()
        if each not in beyond and _manifest(table, dt.date.fromisoformat(each)).get("own_files", False)
    }
    return Strays(
        sum(rows for _, _, rows, _ in found),
        {each: rows for each, (rows, _) in own.items() if each not in beyond and each not in untaken},
        beyond,
        untaken,
        {each: first for each, (_, first) in own.items()},
    )


def _given_to(table: Table, day: dt.date) -> Strays:
    """Rows that days beside this one gave to it, and that it does not take."""
    untaken: dict[str, int] = {}
    examples: dict[str, str] = {}
    for each in _given(table, day):
        untaken[str(day)] = untaken.get(str(day), 0) + each[1]
        examples[str(day)] = f"those in the files of {each[0]}"
    return Strays(untaken=untaken, examples=examples)


def _given(table: Table, day: dt.date) -> Iterator[tuple[dt.date, int]]:
    for each in beside(day):
        if rows := _manifest(table, each).get(_LEFT, {}).get(str(day), 0):
            yield each, rows


def _has_night(monitor: Monitor, day: str) -> bool:
    each = dt.date.fromisoformat(day)
    return monitor.start <= each and (monitor.end is None or each <= monitor.end)


def _manifest(table: Table, day: dt.date) -> Mapping[str, Any]:
    return table.readable(day) or {}
