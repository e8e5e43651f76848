"""Descriptors of content that follow from what the baseline is like: learned with its grids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import narwhals as nw

from obs_dagster.content.protocol import DAY, Learns, Told, asked, described, filled
from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids

if TYPE_CHECKING:
    import duckdb

_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "category": "VARCHAR", "boolean": "BOOLEAN"}


def learn(rows: nw.LazyFrame[Any], monitor: Monitor) -> dict[str, Mapping[str, Any]]:
    """What content columns of a baseline teach, by column; nothing of columns that its rows lack.

    Args:
        rows: the baseline's rows, which DuckDB reads.
        monitor: names the columns.
    """
    if not monitor.content:
        return {}
    relation = _with_day(rows.to_native(), monitor)
    found = {}
    for name, feature in monitor.content.items():
        kind = described(feature)
        if name in relation.columns and isinstance(kind, Learns):
            found[name] = kind.learn(relation, name, feature)
    return found


def with_learned(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, only: Collection[str] | None = None
) -> nw.LazyFrame[Any]:
    """Rows with the descriptors that were learned; null where there was too little to learn from.

    Args:
        rows: rows of the log, which DuckDB reads if the monitor has content.
        monitor: names the columns.
        grids: have what was learned.
        only: the descriptors that are wanted; left out: all.
    """
    told = _told(rows, monitor, grids, only)
    if not told:
        return rows
    relation: duckdb.DuckDBPyRelation = rows.to_native()
    own = ", ".join(identifier(name) for name in relation.columns)
    relation = _with_day(relation, monitor)
    known = {name: [identifier(name)] for name in told}
    for depth in range(max(len(each.stages) for each in told.values())):
        made = []
        for name, each in told.items():
            if depth < len(each.stages):
                made.append(f"{filled(each.stages[depth], known[name])} AS {identifier(_stage(name, depth))}")
        known = {name: [*seen, identifier(_stage(name, depth))] for name, seen in known.items()}
        relation = asked(relation, f"SELECT log.*, {', '.join(made)} FROM log")
    made = [
        f"{filled(sql, known[name])} AS {identifier(descriptor)}"
        for name, each in told.items()
        for descriptor, sql in each.descriptors.items()
    ]
    found: nw.LazyFrame[Any] = nw.from_native(asked(relation, f"SELECT {own}, {', '.join(made)} FROM log"))
    return found


def described_once(rows: nw.LazyFrame[Any], monitor: Monitor, columns: Sequence[str]) -> nw.LazyFrame[Any]:
    """Some columns of rows that are asked for many times, without describing content each time.

    Args:
        rows: rows of the log, which DuckDB reads if the monitor has content; its session keeps the columns.
        monitor: has the content.
        columns: what is asked for.
    """
    if not monitor.content or not columns:
        return rows
    name = f"{RESERVED}described_{uuid4().hex}"
    chosen: duckdb.DuckDBPyRelation = rows.select(*columns).to_native()
    chosen.create(name)
    kept: nw.LazyFrame[Any] = nw.from_native(asked(chosen, f"SELECT * FROM {identifier(name)}"))
    return kept


def _with_day(relation: duckdb.DuckDBPyRelation, monitor: Monitor) -> duckdb.DuckDBPyRelation:
    """Rows with the day of each, as far as they have a time."""
    time = monitor.logs.columns.time
    day = "NULL::DATE"
    if time in relation.columns:
        zone = literal(monitor.time_zone)
        day = f"CAST(timezone({zone}, TRY_CAST({identifier(time)} AS TIMESTAMPTZ)) AS DATE)"
    return asked(relation, f"SELECT *, {day} AS {DAY} FROM log")


def _stage(column: str, depth: int) -> str:
    return f"{RESERVED}learned_{depth}_{column}"


def _told(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, only: Collection[str] | None
) -> dict[str, Told]:
    """By content column, how the learned descriptors are told that rows do not have."""
    if not monitor.content:
        return {}
    present = set(rows.collect_schema().names())
    found = {}
    for name, feature in monitor.content.items():
        kind = described(feature)
        wanted = {
            feature_name: each
            for feature_name, (column, each) in monitor.described.items()
            if column == name
            and each.learned
            and feature_name not in present
            and (only is None or feature_name in only)
        }
        if not wanted or name not in present or not isinstance(kind, Learns):
            continue
        learned = grids.learned.get(name)
        told = kind.told(learned, feature) if learned else Told((), {})
        found[name] = Told(
            told.stages,
            {
                made: f"CAST({told.descriptors.get(each.name, 'NULL')} AS {_TYPES[each.type]})"
                for made, each in wanted.items()
            },
        )
    return found
