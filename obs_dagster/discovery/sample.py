"""A bounded sample of a log: some rows of some files, and what is asked of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.discovery.column import Column
from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.sources.casts import cast, nested
from obs_dagster.sources.classes import FALSE, TRUE, Classes
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.part import union_of
from obs_dagster.sources.identifiers import id_of, join_key

if TYPE_CHECKING:
    import duckdb

FILES, ROWS = 12, 2_000
"""How many files a sample takes rows of, and how many of each."""

_DAY = f"{RESERVED}day"
_MOST_NAMED = 100
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


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a log, in a table of a session.

    Attributes:
        columns: what each column is like, by name, in the order of the log.
        rows: how many rows there are.
        whole: whether no file has more rows than were taken.
        files: how many files they are of.
        connection: the session.
        table: where the rows are in it; `_obs_day` is the day that a row's file names.
    """

    columns: Mapping[str, Column]
    rows: int
    whole: bool
    files: int
    connection: duckdb.DuckDBPyConnection
    table: str

    def distinct(self, *names: str) -> int:
        """How many different combinations of values some columns have; rows that lack one do not count."""
        listed = ", ".join(map(identifier, names))
        there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in names)
        found = f"SELECT DISTINCT {listed} FROM {self.table} WHERE {there}"
        return self.count(f"SELECT count(*) FROM ({found})")

    def joined(self, name: str, other: Sample, other_name: str) -> str:
        """SQL for the rows (`a`) with the rows of another sample (`b`) that have the same id."""
        mine = id_of(f"a.{identifier(name)}", self.columns[name].found)
        theirs = id_of(f"b.{identifier(other_name)}", other.columns[other_name].found)
        return f"{self.table} AS a JOIN {other.table} AS b ON {join_key(mine)} = {join_key(theirs)}"

    def number(self, name: str, of: str = "") -> str:
        """SQL for a column as a number, of a table that is called so."""
        return cast(f"{of}{identifier(name)}", "DOUBLE", self.columns[name].found)

    def moment(self, name: str, of: str = "") -> str:
        """SQL for a column as a moment, of a table that is called so."""
        return cast(f"{of}{identifier(name)}", "TIMESTAMPTZ", self.columns[name].found)

    def count(self, query: str) -> int:
        """The number that a query gives; 0 for none."""
        return int(self.connection.execute(query).fetchall()[0][0] or 0)

    def hours(self, name: str) -> tuple[float, float] | None:
        """Hours from midnight UTC of the day that a file names to the earliest and latest moments in it.

        One of 200 rows at either end is left out, for clocks differ. None if no file names a day.
        """
        since = f"(epoch({self.moment(name)}) - epoch({_DAY}::TIMESTAMP)) / 3600"
        ends = f"quantile_disc({since}, [0.005, 0.995])"
        query = f"SELECT {ends} FROM {self.table} WHERE {_DAY} IS NOT NULL"
        found = self.connection.execute(query).fetchall()[0][0]
        return None if not found else (found[0], found[1])


def sampled(
    connection: duckdb.DuckDBPyConnection, kind: str, files: Sequence[tuple[Path, dt.date | None]]
) -> Sample:
    """A sample of files: some rows of some of them, from the first to the last.

    Args:
        connection: the session that keeps the rows.
        kind: the format of the files.
        files: in order, with the day that each names.

    Raises:
        SourceError: a file cannot be read; the message names it.
    """
    chosen = spread(files, FILES)
    table, whole = _loaded(connection, kind, chosen)
    columns = {column.name: column for column in _columns(connection, table)}
    rows = int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
    return Sample(columns, rows, whole, len(chosen), connection, table)


def spread(files: Sequence[tuple[Path, dt.date | None]], most: int) -> list[tuple[Path, dt.date | None]]:
    """The first file, the last one, and others between them as evenly as there are."""
    if len(files) <= most:
        return list(files)
    return [files[round(place * (len(files) - 1) / (most - 1))] for place in range(most)]


def _loaded(
    connection: duckdb.DuckDBPyConnection, kind: str, files: Sequence[tuple[Path, dt.date | None]]
) -> tuple[str, bool]:
    """The rows of all files in one table, and whether these are all that the files have."""
    # of one file alone so many as of all
    most = ROWS * FILES // len(files)
    queries, whole = [], True
    for file, day in files:
        parts = SourceFiles(kind, str(file), (file,)).parts(connection, most)
        named = f"DATE {literal(str(day))}" if day else "NULL::DATE"
        queries += [f"SELECT *, {named} AS {_DAY} FROM ({union_of([part])})" for part in parts]
        whole = whole and sum(part.rows for part in parts) < most
    table = f"sample_{uuid4().hex}"
    rows = " UNION ALL BY NAME ".join(queries) or f"SELECT NULL::DATE AS {_DAY} LIMIT 0"
    connection.execute(f"CREATE TEMP TABLE {table} AS {rows}")
    return table, whole


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Column]:
    for name, found in connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index",
        [table],
    ).fetchall():
        if not name.startswith(RESERVED):
            yield _column(connection, table, name, found)


def _column(connection: duckdb.DuckDBPyConnection, table: str, name: str, found: str) -> Column:
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
    return Column(name, found, **dict(zip(_COUNTS, counts, strict=True)), top=tuple(top))
