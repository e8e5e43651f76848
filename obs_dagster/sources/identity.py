"""What the ids of a log name, as far as its rows tell: predictions of a version, a day, or the whole log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.data import MADE_ID
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.personal import Personal

if TYPE_CHECKING:
    import duckdb

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class SharedIds:
    """Ids of several rows: how many, and some of them as they may be shown."""

    ids: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As people read it: `2 ids (such as a, b)`."""
        return f"{self.ids:,} id{'s' * (self.ids != 1)} (such as {', '.join(self.examples)})"


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """What rows of a log tell of their ids.

    Attributes:
        rows, ids, days: how many were looked at.
        repeated: ids of several rows of one version on one day.
        of_versions: ids of several versions on one day.
        on_days: ids on several days.
    """

    rows: int
    ids: int
    days: int
    repeated: SharedIds
    of_versions: SharedIds
    on_days: SharedIds

    def against(self, identity: str, *, labels_say_day: bool = False) -> str:
        """What speaks against what the monitor says an id names, and what to write; empty if nothing does.

        Args:
            identity: what the monitor says.
            labels_say_day: whether labels are found by the day of their prediction, too.
        """
        if self.of_versions.ids and identity != "version":
            return (
                f"{self.of_versions} are of several versions on one day, of which `identity: {identity}` "
                "lets one row count; write `identity: version` if each version scored the request"
            )
        if not self.on_days.ids or identity == "day" or (identity == "version" and labels_say_day):
            return ""
        if identity == "global":
            return (
                f"{self.on_days} are on several days, of which `identity: global` lets the first count; "
                "write `identity: day` if ids begin anew every day"
            )
        if self.of_versions.ids:
            return (
                f"{self.on_days} are on several days and of several versions, so a label would be that of "
                "all; have labels say the day, by `keys` with `{day}`"
            )
        return (
            f"{self.on_days} are on several days, so a label would be that of all; write `identity: day` "
            "if ids begin anew every day, or `identity: global` if these are rows that were logged again"
        )

    def __str__(self) -> str:
        """What was seen, in one line."""
        found = {
            "of several versions on one day": self.of_versions,
            "on several days": self.on_days,
            "in several rows of one version and day": self.repeated,
        }
        told = [f"{shared} {where}" for where, shared in found.items() if shared.ids]
        seen = (
            f"{self.ids:,} ids in {self.rows:,} rows of {self.days:,} day{'s' * (self.days != 1)} looked at"
        )
        return f"{seen}: {', '.join(told) or 'each in one row'}"


def seen_identity(monitor: Monitor, days: Sequence[dt.date], *, files: int, most: int) -> IdentitySeen | None:
    """Look at the ids of the beginning of some files; None if the log has no ids, or no rows.

    Args:
        monitor: names the log.
        days: the days whose files are looked at, where files name theirs.
        files: how many files at most; the first and the last ones are taken.
        most: rows of a file.

    Raises:
        SourceError: a file cannot be read.
    """
    roles = monitor.logs.columns
    if roles.prediction_id == MADE_ID:
        return None
    path, schema = LogPath.of(monitor), LogSchema.of(monitor)
    source = path.files(days) if path.period is Period.DAY else path.files()
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE looked (id VARCHAR, version VARCHAR, day VARCHAR)")
        for file in source.beginning(files).files:
            _look(connection, monitor, schema, source.only([file]), most)
        return _counted(connection, monitor)


def _look(
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    schema: LogSchema,
    source: SourceFiles,
    most: int,
) -> None:
    import duckdb

    roles = monitor.logs.columns
    for part in source.parts(connection, most):
        if all(name in part.found for name in (roles.prediction_id, roles.version, roles.time)):
            try:
                connection.execute(f"INSERT INTO looked {_ids(monitor, schema, part)} LIMIT {most}")
            except duckdb.Error as error:
                raise source.unreadable(error) from error


def _ids(monitor: Monitor, schema: LogSchema, part: Part) -> str:
    """SQL for id, version and day of a part's rows."""
    roles = monitor.logs.columns
    found, version, time = (
        schema.declared(part, name) for name in (roles.prediction_id, roles.version, roles.time)
    )
    day = f"strftime(timezone({literal(monitor.time_zone)}, {time}), '%Y-%m-%d')"
    return f"SELECT {found} AS id, {version}, {day} FROM {part.source} AS source WHERE {found} IS NOT NULL"


def _counted(connection: duckdb.DuckDBPyConnection, monitor: Monitor) -> IdentitySeen | None:
    rows, ids, days = connection.sql(
        "SELECT count(*), count(DISTINCT id), count(DISTINCT day) FROM looked"
    ).fetchall()[0]
    if not rows:
        return None
    tell = Personal.of(monitor).shown_id

    def shared(by: str, several: str) -> SharedIds:
        number, examples = connection.sql(
            f"SELECT count(DISTINCT id), min(DISTINCT id, {_EXAMPLES}) FROM "
            f"(SELECT id FROM looked GROUP BY {by} HAVING {several} > 1)"
        ).fetchall()[0]
        return SharedIds(int(number), tuple(map(tell, examples or ())))

    return IdentitySeen(
        rows,
        ids,
        days,
        repeated=shared("id, version, day", "count(*)"),
        of_versions=shared("id, day", "count(DISTINCT version)"),
        on_days=shared("id", "count(DISTINCT day)"),
    )
