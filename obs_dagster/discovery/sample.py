"""A bounded sample of a log: some rows of some files, and what is asked of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.column_look import columns_of
from obs_dagster.discovery.layout import Layout
from obs_dagster.discovery.sample_rows import DAY, chosen, dialect_of, load
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.sources.casts import cast
from obs_dagster.sources.identifiers import id_of, join_key
from obs_dagster.sources.times import Written

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a log, in a table of a session.

    Attributes:
        columns: what each column is like, by name, in the order of the log.
        rows: how many rows there are.
        files: how many files they are of.
        connection: the session.
        table: where the rows are in it; `_obs_day` is the day that a row's file names.
        csv: how CSV files are written, if not as most are.
    """

    columns: Mapping[str, Column]
    rows: int
    files: int
    connection: duckdb.DuckDBPyConnection
    table: str
    csv: CsvDialect | None = None

    def distinct(self, *names: str) -> int:
        """How many different combinations of values some columns have; rows that lack one do not count."""
        listed = ", ".join(map(identifier, names))
        there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in names)
        found = f"SELECT DISTINCT {listed} FROM {self.table} WHERE {there}"
        return self.count(f"SELECT count(*) FROM ({found})")

    def joined(self, pairs: Mapping[str, str], other: Sample) -> str:
        """SQL for the rows (`a`) with the rows of another sample (`b`) that have the same ids.

        Args:
            pairs: the column of each column of the other sample that is compared.
            other: the other sample.
        """
        same = []
        for theirs, mine in pairs.items():
            left = id_of(f"a.{identifier(mine)}", self.columns[mine].found)
            right = id_of(f"b.{identifier(theirs)}", other.columns[theirs].found)
            same.append(f"{join_key(left)} = {join_key(right)}")
        return f"{self.table} AS a JOIN {other.table} AS b ON {' AND '.join(same)}"

    def meet(self, pairs: Mapping[str, str], other: Sample) -> int:
        """How many rows have the ids of a row of another sample."""
        return self.count(f"SELECT count(*) FROM {self.joined(pairs, other)}")

    def number(self, name: str, of: str = "") -> str:
        """SQL for a column as a number, of a table that is called so."""
        return cast(f"{of}{identifier(name)}", "DOUBLE", self.columns[name].found)

    def moment(self, name: str, of: str = "") -> str:
        """SQL for a column as a moment, of a table that is called so."""
        column = self.columns[name]
        return cast(f"{of}{identifier(name)}", "TIMESTAMPTZ", column.found, Written(form=column.form))

    def count(self, query: str) -> int:
        """The number that a query gives; 0 for none."""
        return int(self.connection.execute(query).fetchall()[0][0] or 0)

    def hours(self, name: str) -> tuple[float, float] | None:
        """Hours from midnight UTC of the day that a file names to the earliest and latest moments in it.

        One of 200 rows at either end is left out, for clocks differ. None if no file names a day.
        """
        query = f"SELECT {self._ends(name)} FROM {self.table} WHERE {DAY} IS NOT NULL"
        found = self.connection.execute(query).fetchall()[0][0]
        return None if not found else (found[0], found[1])

    def hours_by_day(self, name: str) -> dict[dt.date, tuple[float, float]]:
        """The same of each day by itself."""
        query = f"SELECT {DAY}, {self._ends(name)} FROM {self.table} WHERE {DAY} IS NOT NULL GROUP BY 1"
        found = self.connection.execute(query).fetchall()
        return {day: (ends[0], ends[1]) for day, ends in found if ends}

    def _ends(self, name: str) -> str:
        since = f"(epoch({self.moment(name)}) - epoch({DAY}::TIMESTAMP)) / 3600"
        return f"quantile_disc({since}, [0.005, 0.995])"


def sampled(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Sample:
    """A sample of files: some rows of some of them, from the first to the last.

    Where a file names its day these are its first rows, where it has many days any of them.

    Args:
        connection: the session that keeps the rows.
        layout: the files.

    Raises:
        SourceError: a file cannot be read; the message names it.
    """
    files = chosen(layout)
    dialect = dialect_of(layout, files[0][0])
    table = load(connection, layout, files, dialect)
    columns = {column.name: column for column in columns_of(connection, table)}
    rows = int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
    return Sample(columns, rows, len(files), connection, table, dialect)
