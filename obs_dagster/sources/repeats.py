"""Rows of one prediction: which of them counts, and whether the others say the same.

What an id names is the monitor's `identity`: one prediction of each version on a day, one of each day, or one
of the whole log. Within a day the last row by time counts. Of a whole log the first day that has an id keeps
it, so that no day that comes later changes one that was evaluated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import RESERVED, ROW
from obs_dagster.lake.lake import Table
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.monitor.data import MADE_ID
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.personal import Personal
from obs_dagster.sources.purged import purged_on

if TYPE_CHECKING:
    import duckdb

#: No column of a log has these names, which begin as ours do.
_HASH, _SAID, _ID = f"{RESERVED}hash", f"{RESERVED}said", f"{RESERVED}key"
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows whose prediction another row has, too; their numbers are in the table `replaced` of the session.

    Attributes:
        rows: how many there are.
        conflicts: ids whose rows differ in more than when and how fast they were answered.
        examples: some of these ids, as they may be shown.
        also_on: ids of the day that a later day has, which was read before, by day.
    """

    rows: int = 0
    conflicts: int = 0
    examples: list[str] = field(default_factory=list)
    also_on: dict[str, int] = field(default_factory=dict)


def find_repeats(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, day: dt.date, table: Table
) -> Repeats:
    """Find the rows of the view `log` that another row of the same prediction replaces.

    Hashes tell nearly all predictions apart, in less memory; only rows whose hash repeats are compared.

    Args:
        connection: the session, which gets the table `replaced` with their numbers.
        monitor: says what an id names.
        day: the day of the rows.
        table: has the days that were read before.
    """
    roles = monitor.logs.columns
    key, time = identifier(roles.prediction_id), identifier(roles.time)
    named = f"{key}, {identifier(roles.version)}" if monitor.identity == "version" else key
    connection.execute(
        f"CREATE TEMP TABLE repeated AS SELECT hash({named}) AS {_HASH} FROM log WHERE {key} IS NOT NULL "
        f"GROUP BY {_HASH} HAVING count(*) > 1"
    )
    again = f"hash({named}) IN (SELECT repeated.{_HASH} FROM repeated)"
    connection.execute(
        f"CREATE TEMP TABLE replaced AS SELECT {ROW}, row_number() OVER "
        f"(PARTITION BY {named} ORDER BY {time} DESC NULLS LAST, {ROW} DESC) AS place FROM log "
        f"WHERE {key} IS NOT NULL AND {again} QUALIFY place > 1"
    )
    also_on = {}
    beside = [again]
    if monitor.identity == "global":
        _read_before(connection, monitor, _copied(table, before=day))
        connection.execute(
            f"INSERT INTO replaced SELECT {ROW}, 2 FROM log WHERE {key} IN (SELECT {_ID} FROM before) "
            f"AND {ROW} NOT IN (SELECT {ROW} FROM replaced)"
        )
        beside.append(f"{key} IN (SELECT {_ID} FROM before)")
        also_on = _on_later_days(connection, key, _copied(table, after=day))
    rows = int(connection.sql("SELECT count(*) FROM replaced").fetchall()[0][0])
    if not rows or roles.prediction_id == MADE_ID:
        # rows whose id is made of what they say are several predictions, though they say the same
        return Repeats(rows, also_on=also_on)
    said = f"SELECT {named}, {key} AS {_ID}, {_said(monitor)} AS {_SAID} FROM log"
    told = f"{said} WHERE {key} IS NOT NULL AND ({' OR '.join(beside)})"
    if monitor.identity == "global":
        told += f" UNION ALL SELECT {_ID}, {_ID}, {_SAID} FROM before"
    conflicts, examples = connection.sql(
        f"SELECT count(DISTINCT {_ID}), min(DISTINCT {_ID}, {_EXAMPLES}) FROM (SELECT {_ID} FROM ({told}) "
        f"GROUP BY {named}, {_ID} HAVING count(DISTINCT {_SAID}) > 1)"
    ).fetchall()[0]
    tell = Personal.of(monitor).shown_id
    return Repeats(rows, int(conflicts), [tell(each) for each in examples or ()], also_on)


def _said(monitor: Monitor) -> str:
    """SQL for all that a row says of its prediction; when and how fast it was answered is no part of it."""
    roles = monitor.logs.columns
    aside = {roles.prediction_id, roles.time, roles.latency_ms, roles.status, roles.trace_id}
    told = [name for name in declared_types(monitor) if name not in aside]
    return f"hash({', '.join(map(identifier, told))})"


def _copied(table: Table, *, before: dt.date = dt.date.max, after: dt.date = dt.date.min) -> list[str]:
    """The partitions between two days that have rows."""
    days = (day for day in table.days() if after < day < before)
    return [str(table.path(day)) for day in days if _has_rows(table, day)]


def _has_rows(table: Table, day: dt.date) -> bool:
    manifest = table.readable(day)
    return bool(manifest and manifest["rows"]) and not purged_on(manifest)


def _read_before(connection: duckdb.DuckDBPyConnection, monitor: Monitor, files: list[str]) -> None:
    """Make the table `before`: ids of the log that earlier days have, and what these say of them."""
    key = identifier(monitor.logs.columns.prediction_id)
    if not files:
        connection.execute(f"CREATE TEMP TABLE before ({_ID} VARCHAR, {_SAID} UBIGINT)")
        return
    nothing = ", ".join(
        f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in declared_types(monitor).items()
    )
    # a day that was read before a column was declared does not have it
    rows = f"SELECT * FROM {_parquet(files)} UNION ALL BY NAME (SELECT {nothing} LIMIT 0)"
    connection.execute(
        f"CREATE TEMP TABLE before AS SELECT {key} AS {_ID}, {_said(monitor)} AS {_SAID} FROM ({rows}) "
        f"WHERE {key} IN (SELECT {key} FROM log)"
    )


def _on_later_days(connection: duckdb.DuckDBPyConnection, key: str, files: Iterable[str]) -> dict[str, int]:
    """Ids of the log that days have which were read before it, and come after it."""
    found = {}
    for file in files:
        shared = f"SELECT count(*) FROM {_parquet([file])} WHERE {key} IN (SELECT {key} FROM log)"
        if count := int(connection.sql(shared).fetchall()[0][0]):
            found[file.rsplit("day=", 1)[1][:10]] = count
    return found


def _parquet(files: list[str]) -> str:
    return f"read_parquet({literals(files)}, union_by_name = true, hive_partitioning = false)"
