"""Which rows of a file may be of a day, from what its format knows of them without reading any.

Parquet has for each group of rows the least and the greatest time. Where every value between these must be a
moment, the days between theirs are all that the group can have. Otherwise, or if a row has no time, whose day
is then that of the row before it, nothing is concluded, and all rows stand together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.times import always_moments

if TYPE_CHECKING:
    import duckdb

    from obs_dagster.monitor.model import Monitor
    from obs_dagster.sources.formats.part import Part, RowGroup

#: Clocks that are put back at midnight come to the day before once more.
_PUT_BACK = "INTERVAL 1 HOUR"


@dataclass(frozen=True, slots=True)
class DayGroup:
    """Rows that stand together.

    Attributes:
        first, last: where they stand, as the part counts places; None for all rows of the part.
        days: those of the least and the greatest time; none if they are not known.
        possible: the first and the last day that a row may be of; None for any.
    """

    first: int | None = None
    last: int | None = None
    days: tuple[dt.date, ...] = ()
    possible: tuple[dt.date, dt.date] | None = None

    def may_have(self, first: dt.date, last: dt.date) -> bool:
        """Whether a row may be of one of some days."""
        return self.possible is None or (self.possible[0] <= last and first <= self.possible[1])


ALL_ROWS = DayGroup()
"""All rows of a part, of whatever days."""


def day_groups(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, schema: LogSchema, part: Part
) -> tuple[DayGroup, ...]:
    """The rows of a part, in groups of which it is known which days they may have.

    Args:
        connection: the session that reads the part.
        monitor: names the column of the time, and the zone of its days.
        schema: says how times are written.
        part: the rows.
    """
    time = monitor.logs.columns.time
    if part.row_groups is None or time in part.values or time not in part.found:
        return (ALL_ROWS,)
    groups = part.row_groups(time)
    if not groups:
        return (ALL_ROWS,)
    found = _days(connection, monitor, schema, part, groups)
    known = all(
        days is not None and always_moments(group.low, group.high, part.found[time], schema.times)
        for group, days in zip(groups, found, strict=True)
    )
    return tuple(each for each in found if each is not None) if known else (ALL_ROWS,)


def _days(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    schema: LogSchema,
    part: Part,
    groups: Sequence[RowGroup],
) -> list[DayGroup | None]:
    """The days of each group; None where an end is no moment."""
    time = monitor.logs.columns.time
    kind = part.found[time]
    column = identifier(part.names.get(time, time))
    ends = ", ".join(
        f"({place}, {literal(each.low)}, {literal(each.high)})" for place, each in enumerate(groups)
    )
    probe = (
        f"(SELECT place, is_low, TRY_CAST(value AS {kind}) AS {column} FROM (SELECT place, "
        "unnest([true, false]) AS is_low, unnest([low, high]) AS value "
        f"FROM (VALUES {ends}) AS ends(place, low, high)))"
    )
    moment = schema.declared(replace(part, source=probe, values={}), time)
    slack = f"CASE WHEN source.is_low THEN -{_PUT_BACK} ELSE {_PUT_BACK} END"

    def day(value: str) -> str:
        return f"CAST(timezone({literal(monitor.time_zone)}, {value}) AS DATE)"

    rows = connection.execute(
        f"SELECT source.place, source.is_low, {day(moment)}, {day(f'({moment}) + {slack}')} "
        f"FROM {probe} AS source"
    ).fetchall()
    known = {(place, is_low): (own, possible) for place, is_low, own, possible in rows}
    return [
        None
        if None in (*known[place, True], *known[place, False])
        else DayGroup(
            group.first,
            group.last,
            (known[place, True][0], known[place, False][0]),
            (known[place, True][1], known[place, False][1]),
        )
        for place, group in enumerate(groups)
    ]


def stretches(groups: Iterable[DayGroup]) -> list[tuple[int, int] | None]:
    """The places of groups, with those that follow one another as one; None for all rows.

    >>> stretches([DayGroup(0, 9), DayGroup(10, 19), DayGroup(30, 39)])
    [(0, 19), (30, 39)]
    """
    found: list[tuple[int, int] | None] = []
    for group in groups:
        if group.first is None or group.last is None:
            return [None]
        before = found[-1] if found else None
        if before is not None and before[1] + 1 == group.first:
            found[-1] = (before[0], group.last)
        else:
            found.append((group.first, group.last))
    return found
