"""Descriptors of content that follow from what the baseline is like: learned with its grids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from obs_dagster.content.protocol import Learns, asked, described
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.content import descriptors, named
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
    relation: duckdb.DuckDBPyRelation = rows.to_native()
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
    made = {name: sql for name, sql in _told(rows, monitor, grids).items() if only is None or name in only}
    if not made:
        return rows
    columns = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in made.items())
    relation: duckdb.DuckDBPyRelation = rows.to_native()
    found: nw.LazyFrame[Any] = nw.from_native(asked(relation, f"SELECT log.*, {columns} FROM log"))
    return found


def _told(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids) -> dict[str, str]:
    """SQL for each learned descriptor that rows do not have."""
    if not monitor.content:
        return {}
    present = set(rows.collect_schema().names())
    found = {}
    for name, feature in monitor.content.items():
        kind = described(feature)
        wanted = [each for each in descriptors(feature) if each.learned]
        if not wanted or name not in present or not isinstance(kind, Learns):
            continue
        learned = grids.learned.get(name) or {}
        told = kind.told(learned, name, feature) if learned else {}
        for each in wanted:
            if named(name, each.name) not in present:
                sql = told.get(each.name, "NULL")
                found[named(name, each.name)] = f"CAST({sql} AS {_TYPES[each.type]})"
    return found
