"""What each column of a table is like, asked of the database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from obs_dagster.discovery.column import Column
from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier
from obs_dagster.sources.casts import cast, nested
from obs_dagster.sources.classes import FALSE, TRUE, Classes
from obs_dagster.sources.time_forms import recognised_times
from obs_dagster.sources.times import Written

if TYPE_CHECKING:
    import duckdb

_MOST_NAMED = 100
#: What begins as a date does; to look for its format costs too much for any other text.
_DATE = re.compile(
    r"\d{1,4}([./ -])(\d{1,2}|[A-Za-z]{3,9})[./ ,-]+\d{1,4}([T:, ]|$)|[A-Z][a-z]{2} \d{1,2}, ?\d{4}"
)
_COUNTS = (
    "rows",
    "present",
    "distinct",
    "numbers",
    "whole",
    "moments",
    "truths",
    "longest",
    "low",
    "high",
)


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Column]:
    """Every column of a table in order, but those of our own, and those that others are inside of."""
    described = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()
    names = {name for name, _ in described}
    around = {outer for name, _ in described for outer in _around(name)}
    for name, found in described:
        if not name.startswith(RESERVED) and name not in around:
            column = _column(connection, table, name, found, alone=_is_alone(name, names))
            yield replace(column, inside=not names.isdisjoint(_around(name)))


def _around(name: str) -> Iterator[str]:
    """The names of columns that a value of this name may be inside of."""
    return (name[: match.start()] for match in re.finditer(r"[.\[]", name))


def _is_alone(name: str, names: Collection[str]) -> bool:
    """Whether a column is the only value of a list."""
    return name.endswith("[0]") and f"{name.removesuffix('[0]')}[1]" not in names


def _column(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, found: str, *, alone: bool
) -> Column:
    value = identifier(name)
    text = f"CAST({value} AS VARCHAR)"
    there = f"{value} IS NOT NULL" + (f" AND NOT isnan({value})" if found in ("DOUBLE", "FLOAT") else "")
    number = cast(value, "DOUBLE", found)
    truth = "NULL" if nested(found) else Classes(TRUE, FALSE).sql(value, found)
    query = (
        f"SELECT count(*), count(*) FILTER ({there}), count(DISTINCT {text}) FILTER ({there}), "
        f"count({number}) FILTER ({there}), count({cast(value, 'BIGINT', found)}) FILTER ({there}), "
        f"count({cast(value, 'TIMESTAMPTZ', found)}), count({truth}), coalesce(max(length({text})), 0), "
        f"min({number}) FILTER (isfinite({number})), max({number}) FILTER (isfinite({number})) FROM {table}"
    )
    counts = connection.execute(query).fetchall()[0]
    named = f"SELECT {text}, count(*) FROM {table} WHERE {there} GROUP BY 1 ORDER BY 2 DESC, 1"
    top = connection.execute(f"{named} LIMIT {_MOST_NAMED}").fetchall()
    column = Column(name, found, **dict(zip(_COUNTS, counts, strict=True)), top=tuple(top), alone=alone)
    return _as_moments(connection, table, column)


def _as_moments(connection: duckdb.DuckDBPyConnection, table: str, column: Column) -> Column:
    """The column with its moments, if they are written in a form of their own."""
    texts = [text for text, _ in column.top]
    if column.found != "VARCHAR" or column.numbers or column.moments or not all(map(_DATE.match, texts)):
        return column
    times = recognised_times(texts) if texts else None
    if times is None or times.format is None:
        return column
    read = cast(identifier(column.name), "TIMESTAMPTZ", column.found, Written(form=times.format))
    moments = int(connection.execute(f"SELECT count({read}) FROM {table}").fetchall()[0][0])
    return replace(column, moments=moments, form=times.format)
