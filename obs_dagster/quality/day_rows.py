"""One day's ingested rows as validation reads them, some columns at a time, and those it quarantines."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from obs_dagster.lake.columns import DAY, RAW, ROW, UNCAST, marked
from obs_dagster.lake.lake import manifest_metadata, replacing, rows_format
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.quality.contract import occurrences, total
from obs_dagster.quality.expectations import Rows
from obs_dagster.quality.refusal import type_in_words
from obs_dagster.sources.personal import Personal

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

RULES = "_obs_rules"
#: Rows that DuckDB hands over at once; it makes no larger batches than a row group of its own.
BATCH_ROWS = 122_880
#: Chunks of more columns have fewer rows.
_NARROW = 4
#: Characters of a value that is shown.
_LONGEST_EXAMPLE = 60


@dataclass(frozen=True, slots=True)
class Uncast:
    """Values of a column that are not of its declared type.

    Attributes:
        column: the column.
        kind: the declared type, in words.
        rows: how many rows have such a value.
        example: one of the values, as JSON has it; empty if it was not kept.
    """

    column: str
    kind: str
    rows: int
    example: str

    @property
    def rule(self) -> str:
        """The rule that they break, in words."""
        return _rule(self.column, self.kind)

    @property
    def told(self) -> str:
        """The rule, with the example."""
        return f"{self.rule}{f', such as {self.example}' if self.example else ''}"


def type_rule(column: str, kind: str) -> str:
    """The rule that values break which are not of the SQL type that a column is declared with.

    >>> type_rule("amount", "DOUBLE")
    'amount is not a number'
    """
    return _rule(column, type_in_words(kind))


def _rule(column: str, kind: str) -> str:
    return f"{column} is not {kind}"


class DayRows:
    """Rows in a DuckDB session.

    Args:
        connection: the session, which belongs to these rows.
        query: SQL for the rows.
        unique: columns whose values are counted, for a column `occurrences(name)` beside each.
        rows: how many rows there are.
        chunk_rows: rows of a chunk of few columns.
        totals: columns that are added up, for a column `total(place)` of each; null where one of them is.
        personal: what of the rows must not be shown.
        numbers: the numbers of the rows that frames have; left out: all. Values are counted in all rows.
        unread: columns that are null in frames: what is wrong with their values another one says.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: str,
        unique: Sequence[str],
        rows: int,
        chunk_rows: int,
        *,
        totals: Sequence[Sequence[str]] = (),
        personal: Personal,
        numbers: range | None = None,
        unread: Collection[str] = (),
    ) -> None:
        self._connection = connection
        self._personal = personal
        self._rows = rows
        self._chunk_rows = chunk_rows
        self._within = f" WHERE log.{ROW} BETWEEN {numbers[0]} AND {numbers[-1]}" if numbers else ""
        connection.execute(f"CREATE TEMP VIEW log AS SELECT * EXCLUDE ({DAY}) FROM ({query})")
        present = connection.sql("SELECT * EXCLUDE (" + ROW + ") FROM log").columns
        self._columns = {name: "NULL" if name in unread else f"log.{identifier(name)}" for name in present}
        for place, added in enumerate(totals):
            if all(name in self._columns for name in added):
                self._columns[total(place)] = " + ".join(self._columns[name] for name in added)
        self._counted = {occurrences(name): name for name in unique}
        for place, (counts, name) in enumerate(self._counted.items()):
            column = identifier(name)
            connection.execute(
                f"CREATE TEMP TABLE repeated_{place} AS SELECT {column} AS value, count(*) AS times FROM log "
                f"WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1"
            )
            self._columns[counts] = (
                f"CASE WHEN log.{column} IS NULL THEN 0 ELSE coalesce(repeated_{place}.times, 1) END"
            )

    def are_there(self) -> bool:
        """Whether frames have any row."""
        return bool(self._connection.sql(f"SELECT 1 FROM log{self._within} LIMIT 1").fetchall())

    @property
    def whole(self) -> bool:
        """Whether all columns of all rows fit one frame."""
        return self._rows <= self._size(self._columns)

    def frames(self, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
        """The rows in chunks, indexed by row number; one empty frame if there are none.

        Args:
            columns: the columns to give, as far as there are such; None for all.
        """
        wanted = [name for name in columns or self._columns if name in self._columns]
        size = self._size(wanted)
        values = [f"{self._columns[name]} AS {identifier(name)}" for name in wanted]
        query = f"SELECT {', '.join([*values, f'log.{ROW}'])} FROM log{self._joined(wanted)}{self._within}"
        batches = self._connection.sql(query).fetch_record_batch(min(size, BATCH_ROWS))
        held: list[pa.RecordBatch] = []
        yielded = False
        for batch in batches:
            held.append(batch)
            if sum(map(len, held)) >= size:
                yield _frame(held, batches.schema)
                held, yielded = [], True
        if held or not yielded:
            yield _frame(held, batches.schema)

    def uncast(self, types: Mapping[str, str]) -> list[Uncast]:
        """The columns with values that are not of the declared type, those with the most first.

        Args:
            types: the declared SQL type of each column.
        """
        mark, raw = identifier(UNCAST), identifier(RAW)
        # a mark names all columns of the row that have such values, and may show these
        named = {name: f"regexp_matches({mark}, {literal(marked(name))})" for name in types}
        columns = [
            f"count(*) FILTER (WHERE {holds}), min({raw}) FILTER (WHERE {holds})" for holds in named.values()
        ]
        counted = self._connection.sql(
            f"SELECT {', '.join(columns)} FROM log WHERE {mark} IS NOT NULL"
        ).fetchall()[0]
        pairs = zip(counted[::2], counted[1::2], strict=True)
        found = [
            Uncast(name, type_in_words(types[name]), rows, self._example(example, name))
            for name, (rows, example) in zip(types, pairs, strict=True)
            if rows
        ]
        return sorted(found, key=lambda each: -each.rows)

    def _example(self, raw: str | None, column: str) -> str:
        return "" if self._personal.hides(column) else _raw_value(raw, column)

    def marks(self, types: Mapping[str, str]) -> dict[str, Rows]:
        """The numbers of the rows whose value is not of the declared type, ascending, of each column.

        Args:
            types: the columns, with the declared SQL type of each.
        """
        mark = identifier(UNCAST)
        found = self._connection.sql(f"SELECT {ROW}, {mark} FROM log WHERE {mark} IS NOT NULL ORDER BY {ROW}")
        marked_rows = found.fetchnumpy()
        numbers = np.asarray(marked_rows[ROW], np.int64)
        texts = [str(text) for text in marked_rows[UNCAST]]
        holds = {name: re.compile(marked(name)).search for name in types}
        return {
            name: numbers[np.array([bool(search(text)) for text in texts], np.bool_)]
            for name, search in holds.items()
        }

    def of_versions(self, column: str, versions: Sequence[str]) -> Rows | None:
        """The numbers of the rows of some versions, ascending; None of all, if none is named.

        Args:
            column: has the version.
            versions: the versions.
        """
        if not versions:
            return None
        named = f"list_contains({literals(versions)}, CAST({identifier(column)} AS VARCHAR))"
        found = self._connection.sql(f"SELECT {ROW} FROM log WHERE {named} ORDER BY {ROW}").fetchnumpy()
        return np.asarray(found[ROW], np.int64)

    def write_broken(
        self, path: Path, broken: Mapping[str, Rows], manifest: Mapping[str, Any], *, whole: bool = True
    ) -> None:
        """Replace a file by the broken rows, as they may be shown, with the rules they broke, and a manifest.

        Args:
            path: the Parquet file.
            broken: numbers of the rows that broke each rule.
            manifest: what the file says about itself.
            whole: whether rows are kept whole, or their numbers alone.
        """
        described = ", ".join(
            f"{key}: {literal(value)}" for key, value in manifest_metadata(manifest).items()
        )
        values = "log.*" if whole else f"log.{ROW}"
        numbers = np.concatenate([*broken.values(), np.empty(0, np.int64)])
        rules = np.repeat(np.arange(len(broken)), [len(rows) for rows in broken.values()])
        self._connection.register("broken", pa.table({ROW: numbers, "rule": rules}))
        query = (
            f"SELECT {values}, {RULES} FROM log JOIN "
            f"(SELECT {ROW}, list(({literals(broken)})[rule + 1] ORDER BY rule) AS {RULES} "
            f"FROM broken GROUP BY {ROW}) USING ({ROW}) ORDER BY {ROW}"
            if broken
            else f"SELECT {values}, CAST([] AS VARCHAR[]) AS {RULES} FROM log LIMIT 0"
        )
        found = self._connection.sql(query)
        query = self._personal.shown(query, dict(zip(found.columns, map(str, found.types), strict=True)))
        with replacing(path) as aside:
            self._connection.execute(
                f"COPY ({query}) TO {literal(str(aside))} "
                f"({rows_format(len(self._columns))}, KV_METADATA {{{described}}})"
            )

    def _size(self, columns: Collection[str]) -> int:
        """Rows of a chunk of some columns."""
        return max(1, self._chunk_rows * _NARROW // max(len(columns), _NARROW))

    def _joined(self, wanted: Sequence[str]) -> str:
        return "".join(
            f" LEFT JOIN repeated_{place} ON repeated_{place}.value = log.{identifier(name)}"
            for place, (counts, name) in enumerate(self._counted.items())
            if counts in wanted
        )


def _frame(batches: list[pa.RecordBatch], schema: pa.Schema) -> pd.DataFrame:
    table = pa.Table.from_batches(batches, schema)
    batches.clear()
    # column by column, each freed once it is converted
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame.set_index(ROW).rename_axis(index=None)


def _raw_value(raw: str | None, column: str) -> str:
    """A value of a row that is kept as JSON, cut to what a reader wants to see."""
    if raw is None:
        return ""
    value = json.dumps(json.loads(raw).get(column), ensure_ascii=False)
    return value if len(value) <= _LONGEST_EXAMPLE else f"{value[: _LONGEST_EXAMPLE - 1]}…"
