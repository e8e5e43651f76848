"""Rows of some files whose columns are alike: where they are, and what each column is called and is of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literal

if TYPE_CHECKING:
    import duckdb

    from obs_dagster.sources.captures.awaited import Awaited

#: The type of columns of formats that have no types: what is written, which the declared type decides on.
TEXT = "TEXT"
JSON = "JSON"


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of a file that stand together, and what is known of a column in them without reading it.

    Attributes:
        first, last: where they stand, from 0 on.
        low, high: the ends of what the values lie between, as texts of the column's type; no value is null.
    """

    first: int
    last: int
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Part:
    """Rows as DuckDB reads them.

    Attributes:
        source: SQL for the rows: a table, or a table function.
        found: DuckDB's type per column, under the column's own name; `TEXT` or `JSON` of untyped formats.
        names: what a column is called in `source`, where that is not its own name: SQL takes names that
            differ by case alone for one.
        row: SQL for the number of a row among all rows of all files, in order, from 1 on.
        rows: how many rows there are.
        repeated: names that more than one column has.
        file_rows: how many rows each file has, where that is known without reading them.
        used: columns that others are made of, and that are of no use beside.
        decimal, thousands: what divides the numbers in texts.
        values: SQL for the columns that are none of `source` but made of it, or the same in all rows.
        scalars: the columns of `source` that hold the values of fields of JSON, where they are worked out.
        staged: columns of `source` that others are made of, worked out once a row.
        place: the column of `source` that says where a row stands in its file, from 0 on; rows elsewhere than
            where it is asked for are not read. Empty if there is none.
        refused: the column that says of what is no row why; empty if the format takes everything for rows.
        row_groups: tells the groups of the rows, and of each what values a column has; none where that cannot
            be told. None if the format knows of no such thing.
    """

    source: str
    found: Mapping[str, str]
    row: str
    rows: int
    names: Mapping[str, str] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()
    file_rows: tuple[int, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    decimal: str = "."
    thousands: str = ""
    scalars: Mapping[str, str] = field(default_factory=dict)
    staged: frozenset[str] = frozenset()
    place: str = ""
    refused: str = ""
    row_groups: Callable[[str], Sequence[RowGroup]] | None = None

    def with_scalars(self, names: Iterable[str]) -> Part:
        """The same rows, in which the values of some fields of JSON are worked out once, however often used.

        A value stands several times in the SQL that makes sense of it, and what stands there is planned each
        time: 20 fields would be half a megabyte of SQL.
        """
        fields = [name for name in names if self.found.get(name) == JSON and name not in self.scalars]
        if not fields:
            return self
        made = {name: f"{RESERVED}scalar_{place}" for place, name in enumerate(fields, len(self.scalars))}
        columns = [f"{scalar(self.column(name), JSON)} AS {column}" for name, column in made.items()]
        row = f"{RESERVED}read_row"
        source = f"(SELECT source.*, {', '.join(columns)}, {self.row} AS {row} FROM {self.source} AS source)"
        return replace(self, source=source, row=f"source.{row}", scalars={**self.scalars, **made})

    def with_stage(self, made: Mapping[str, str]) -> Part:
        """The same rows with more columns that others are made of, under names that no log has.

        Args:
            made: SQL for each.
        """
        row = f"{RESERVED}read_row"
        columns = [f"{sql} AS {identifier(name)}" for name, sql in made.items()]
        columns += [] if self.row == f"source.{row}" else [f"{self.row} AS {row}"]
        source = f"(SELECT source.*, {', '.join(columns)} FROM {self.source} AS source)"
        return replace(self, source=source, row=f"source.{row}", staged=self.staged.union(made))

    def value(self, name: str) -> str:
        """SQL for the value of a column: of a field of JSON its text."""
        if name in self.scalars:
            return f"source.{self.scalars[name]}"
        return scalar(self.column(name), self.found[name])

    def number(self, name: str) -> str:
        """SQL for a column of numbers: where they are texts, with a point and nothing between thousands."""
        if self.found[name] != TEXT:
            return self.column(name)
        return plain_number(self.column(name), self.decimal, self.thousands)

    def with_values(
        self, types: Mapping[str, str], values: Mapping[str, str], used: Iterable[str] = ()
    ) -> Part:
        """The same rows with more columns, made of others, which are used up."""
        found, made = {**self.found, **types}, {**self.values, **values}
        return replace(self, found=found, values=made, used=self.used.union(used))

    def column(self, name: str) -> str:
        """SQL for a column."""
        if name in self.values:
            return self.values[name]
        return f"source.{identifier(self.names.get(name, name))}"


def plain_number(text: str, decimal: str, thousands: str) -> str:
    """SQL for the text of a number as SQL has it.

    >>> print(plain_number("x", ",", "."))
    replace(replace(x, '.', ''), ',', '.')
    """
    if thousands:
        text = f"replace({text}, {literal(thousands)}, '')"
    return text if decimal == "." else f"replace({text}, {literal(decimal)}, '.')"


class Reader(Protocol):
    """Reads files of one format."""

    def __call__(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None
    ) -> list[Part]:
        """The rows of the files, in parts.

        Args:
            connection: the session that reads them.
            files: the files, in order.
            most: rows of a part that are enough; left out: all.

        Raises:
            UnreadableError: a file is not what it should be.
            duckdb.Error: DuckDB cannot read a file.
        """


class JoinedReader(Protocol):
    """Reads files of a format in which one row may have its halves in files of two days."""

    def __call__(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[Path],
        most: int | None = None,
        awaited: Awaited | None = None,
    ) -> list[Part]:
        """The rows of the files, in parts, see `Reader`.

        Args:
            connection: the session that reads them.
            files: the files, in order.
            most: rows of a part that are enough; left out: all.
            awaited: halves of other days, which is told what came of it; left out: none is joined.
        """


class UnreadableError(Exception):
    """A file is not of its format.

    Args:
        file: the file.
        cause: what is wrong, with the line.
        remedy: what to do about it, if that is known.
    """

    def __init__(self, file: Path, cause: str, remedy: str = "") -> None:
        self.file, self.cause, self.remedy = file, cause, remedy
        super().__init__(f"{file}: {cause}")


def repeated(names: Iterable[str]) -> frozenset[str]:
    """The names that occur more than once."""
    seen: set[str] = set()
    again: set[str] = set()
    for name in names:
        (again if name in seen else seen).add(name)
    return frozenset(again)


def first_rows(most: int | None) -> str:
    """The clause that ends a query for the first rows, or all."""
    return "" if most is None else f" LIMIT {most}"


def loaded(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str, int]:
    """The rows of a query in a temporary table of the session; returns its name, and their number.

    Text is read once per session, however often its rows are asked for.
    """
    name = f"text_{hashlib.sha256(query.encode()).hexdigest()[:16]}"
    known = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall()
    if not known:
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
    return name, int(connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0])


def union_of(parts: Sequence[Part]) -> str:
    """SQL for the rows of all parts with the columns' own names: what has no type, or several, is text."""
    kinds: dict[str, set[str]] = {}
    for part in parts:
        for name, kind in part.found.items():
            kinds.setdefault(name, set()).add(kind)
    queries = []
    for part in parts:
        taken: set[str] = set()
        columns = []
        for name, kind in part.found.items():
            if name and name.lower() not in taken and "\0" not in name:
                taken.add(name.lower())
                value = part.value(name)
                as_text = kind == JSON or len(kinds[name]) > 1
                columns.append(f"{_text(value) if as_text else value} AS {identifier(name)}")
        queries.append(f"SELECT {', '.join(columns) or 'NULL AS nothing'} FROM {part.source} AS source")
    return " UNION ALL BY NAME ".join(queries)


def scalar(value: str, kind: str) -> str:
    """SQL for the value of a column: of a field of JSON its text, of a number as Parquet would have it.

    >>> print(scalar("source.x", "BIGINT"))
    source.x
    """
    if kind != JSON:
        return value
    text = f"({value} ->> '$')"
    number = f"TRY_CAST({text} AS DOUBLE)"
    # JSON knows one kind of number: 5.0 is 5, and whole numbers keep all their digits
    whole = f"{number} = trunc({number}) AND abs({number}) < 1e15"
    return (
        f"CASE json_type({value}) WHEN 'DOUBLE' THEN CASE WHEN isinf({number}) OR "
        f"regexp_full_match({text}, '-?[0-9]+') THEN {text} "
        f"WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) "
        f"ELSE CAST({number} AS VARCHAR) END WHEN 'ARRAY' THEN NULL WHEN 'OBJECT' THEN NULL ELSE {text} END"
    )


def _text(value: str) -> str:
    return f"TRY_CAST({value} AS VARCHAR)"
