"""A day's rows joined with attributes that are held apart, in memory, and counted by group.

With the counts stands no id, and nothing that would lead to one: scores count to two digits, and of a column
the values that few rows have share a group.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.cells import Cut, cell_key, reductions, rolled_up
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import OTHER
from obs_dagster.profile.profile import merge_rows
from obs_dagster.quality.validated import clean_rows
from obs_dagster.sources.files import derived
from obs_dagster.sources.held_apart import KEY, Attributes, in_memory
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.log_rows import check_in_place

if TYPE_CHECKING:
    import duckdb

VALUES = 50
"""Values of a column that have a group of their own at most: the most frequent ones of the day."""

_ROWS = 1_000_000
"""Rows that are joined together."""

SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("decision", pa.bool_()),
        ("label", pa.bool_()),
        ("n", pa.int64()),
        ("score_sum", pa.float64()),
        ("brier_sum", pa.float64()),
    ]
)
ADDED = dict.fromkeys(("n", "score_sum", "brier_sum"), "sum")
KEYS = [name for name in SCHEMA.names if name not in ADDED]


def joined_day(monitor: Monitor, day: dt.date, lake: Lake) -> tuple[pa.Table, tuple[int, int], str]:
    """The counts of a day, how many rows lack an attribute and how many there are, and the files' stamp."""
    attributes = Attributes.of(monitor)
    stamps, cuts = attributes.source.stamps(), monitor.fairness.cuts_apart
    columns = list(dict.fromkeys(name for cut in cuts for name in cut))
    with in_memory() as connection:
        rows = _judged(connection, monitor, day, lake)
        if rows is None:
            return SCHEMA.empty_table(), (0, 0), ""
        there = [name for name in columns if name in attributes.keys.columns or name in rows.columns]
        rows.create_view("judged")
        connection.execute(f"CREATE TEMP VIEW people AS {attributes.rows(connection)}")
        _count(connection, attributes.keys.columns, there)
        lacking = _any_null([name for name in there if name in attributes.keys.columns])
        unknown = connection.sql(
            f"SELECT coalesce(sum(n) FILTER (WHERE {lacking}), 0), coalesce(sum(n), 0) FROM counted"
        ).fetchall()[0]
        found = connection.sql(_with_rare(connection, there)).to_arrow_table()
    attributes.source.check(stamps)
    check_in_place(monitor, [day], lake)
    cells = [cut for cut in cuts if {*there}.issuperset(cut)]
    return _in_cells(found, cells), (int(unknown[0]), int(unknown[1])), attributes.source.fingerprint()


def _in_cells(found: pa.Table, cuts: Sequence[Cut]) -> pa.Table:
    """The counts by group of each way to tell groups apart."""
    keys = [name for name in KEYS if name != "segment"]
    tables = [
        each.select(SCHEMA.names).cast(SCHEMA)
        for wanted in reductions(cuts).values()
        for each in rolled_up(found, wanted, keys, ADDED)
    ]
    return merge_rows(pa.concat_tables([SCHEMA.empty_table(), *tables]), KEYS, ADDED)


def _judged(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, day: dt.date, lake: Lake
) -> duckdb.DuckDBPyRelation | None:
    """The day's clean rows: what they are matched by, version, decision, label and score.

    None where the log of the day lacks what they are matched by.
    """
    roles, apart = monitor.logs.columns, monitor.fairness.held_apart
    log = clean_rows(connection, monitor, [day], lake)
    there, served = {*log.columns}, prediction_column(monitor)
    whose = (apart.match if apart else "") or roles.prediction_id
    if whose not in there:
        return None
    number = f"CAST(log.{identifier(leading_output(monitor).column)} AS DOUBLE)"
    finite = f"coalesce(isfinite({number}), false)"
    decision = f"({finite} AND {number} >= {monitor.logs.threshold})"
    if served in there:
        decision = f"coalesce(CAST(log.{identifier(served)} AS BOOLEAN), {decision})"
    truth, label = lake.table(monitor.model, GROUND_TRUTH).path(day), "CAST(NULL AS BOOLEAN)"
    joined = "FROM log"
    if truth.is_file():
        known = f"read_parquet({literals([str(truth)])}, hive_partitioning = false)"
        joined = (
            f"FROM log LEFT JOIN (SELECT prediction_id, label FROM {known}) AS truth "
            f"ON truth.prediction_id = log.{identifier(roles.prediction_id)}"
        )
        label = f"CASE WHEN {finite} THEN CAST(truth.label AS BOOLEAN) END"
    others = "".join(
        f", CAST(log.{identifier(name)} AS VARCHAR) AS {identifier(name)}"
        for name in sorted({name for cut in monitor.fairness.cuts_apart for name in cut} & there)
    )
    return derived(
        log,
        "log",
        f"SELECT CAST(log.{identifier(whose)} AS VARCHAR) AS {KEY}, "
        f"CAST(log.{identifier(roles.version)} AS VARCHAR) AS version, {decision} AS decision, "
        f"{label} AS {LABEL}, CASE WHEN {finite} THEN round({number}, 2) END AS score{others} {joined}",
    )


def _count(connection: duckdb.DuckDBPyConnection, apart: Sequence[str], columns: Sequence[str]) -> None:
    """Join the view `judged` with `people` and count groups, in the table `counted`; a part at a time.

    Whose attributes the files have twice, and differently, has none that is known.
    """
    rows = int(connection.sql("SELECT count(*) FROM judged").fetchall()[0][0])
    parts = max(1, -(-rows // _ROWS))
    known = ", ".join(
        f"CASE WHEN count(DISTINCT {name}) = 1 THEN any_value({name}) END AS {name}"
        for name in map(identifier, apart)
    )
    by = "".join(
        f", {'whose' if name in apart else 'few'}.{identifier(name)} AS {identifier(cell_key(name))}"
        for name in columns
    )
    for part in range(parts):
        here = f"hash({KEY}) % {parts} = {part}" if parts > 1 else "true"
        query = (
            f"WITH few AS (SELECT * FROM judged WHERE {here}), whose AS (SELECT {KEY}, {known} "
            f"FROM people WHERE {KEY} IN (SELECT {KEY} FROM few) GROUP BY {KEY}) "
            f"SELECT version, decision, {LABEL} AS label{by}, count(*) AS n, "
            f"coalesce(sum(score) FILTER (WHERE {LABEL} IS NOT NULL), 0.0) AS score_sum, "
            f"coalesce(sum((score - CAST({LABEL} AS DOUBLE)) ** 2), 0.0) AS brier_sum "
            f"FROM few LEFT JOIN whose USING ({KEY}) GROUP BY ALL"
        )
        into = "CREATE TEMP TABLE counted AS" if part == 0 else "INSERT INTO counted"
        connection.execute(f"{into} {query}")


def _with_rare(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> str:
    """SQL for `counted` in which the values of a column that are not its most frequent ones are one."""
    told = []
    for name in (identifier(cell_key(each)) for each in columns):
        frequent = connection.sql(
            f"SELECT {name} FROM counted WHERE {name} IS NOT NULL GROUP BY {name} "
            f"ORDER BY sum(n) DESC, {name} LIMIT {VALUES}"
        ).fetchall()
        kept = f"list_contains({literals([each[0] for each in frequent])}, {name})" if frequent else "false"
        told.append(f"CASE WHEN {name} IS NULL OR {kept} THEN {name} ELSE {literal(OTHER)} END AS {name}")
    return f"SELECT * REPLACE ({', '.join(told)}) FROM counted" if told else "SELECT * FROM counted"


def _any_null(columns: Sequence[str]) -> str:
    return " OR ".join(f"{identifier(cell_key(name))} IS NULL" for name in columns) or "false"
