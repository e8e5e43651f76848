"""Rows of a DuckDB relation as batches of numbers and codes, streamed, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import OTHER
from obs_dagster.profile.grids.grid import CategoryGrid, Grid
from obs_dagster.profile.loops.kernels import Codes, Numbers
from obs_dagster.profile.loops.texts import Vocabulary

if TYPE_CHECKING:
    import duckdb

#: Values per batch: enough that the work on a batch outweighs its overhead, few enough for the cache.
_VALUES = 1 << 22
_FEWEST_ROWS, _MOST_ROWS = 1 << 13, 1 << 17
#: What truth values are as texts, in the order of their codes.
_BOOLEANS = ("false", "true")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows.

    Attributes:
        rows: how many.
        codes: per text column the code of each row.
        numbers: per numeric column its values.
    """

    rows: int
    codes: Mapping[str, Codes]
    numbers: Mapping[str, Numbers]


class BatchReader:
    """Reads a relation's columns in batches.

    Args:
        relation: the rows.
        numeric: columns that are read as numbers.
        texts: columns that are read as codes of texts, each with its grid: texts that the grid does not list
            share the code of `(other)`. None codes every text.

    Attributes:
        vocabularies: the texts of the codes of each of these.
        listed: of those whose grid lists texts, these texts.
    """

    def __init__(
        self, relation: duckdb.DuckDBPyRelation, numeric: Sequence[str], texts: Mapping[str, Grid | None]
    ) -> None:
        self._relation = relation
        self._numeric = list(numeric)
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        self._known = {
            name: _known(grid) or (_BOOLEANS if types[name] == "BOOLEAN" else ())
            for name, grid in texts.items()
        }
        self.vocabularies = {name: Vocabulary(known) for name, known in self._known.items()}
        self.listed = {
            name: [value for value in known if value != OTHER]
            for name, known in self._known.items()
            if OTHER in known
        }

    def read(self) -> Iterator[Batch]:
        """The rows, batch by batch, in no particular order."""
        columns = [f"CAST({identifier(name)} AS DOUBLE)" for name in self._numeric]
        columns += [_text(identifier(name), known) for name, known in self._known.items()]
        named = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns))
        for batch in self._relation.project(named).to_arrow_reader(self._rows_at_once()):
            if batch.num_rows:
                yield self._decoded(batch)

    def read_together(self) -> Iterator[list[Batch]]:
        """The same, several batches at a time where a file's row groups are small.

        What counts a column stays in the processor's cache while it takes the rows of all of them.
        """
        group: list[Batch] = []
        rows, enough = 0, self._rows_at_once()
        for batch in self.read():
            group.append(batch)
            rows += batch.rows
            if rows >= enough:
                yield group
                group, rows = [], 0
        if group:
            yield group

    def _rows_at_once(self) -> int:
        size = _VALUES // max(len(self._numeric) + len(self._known), 1)
        return min(max(size, _FEWEST_ROWS), _MOST_ROWS)

    def _decoded(self, batch: pa.RecordBatch) -> Batch:
        numbers = {name: _numbers(batch.column(place)) for place, name in enumerate(self._numeric)}
        codes = {}
        for place, (name, known) in enumerate(self._known.items(), start=len(self._numeric)):
            column = batch.column(place)
            codes[name] = arrays.values(column) if known else self.vocabularies[name].encode(column)
        return Batch(batch.num_rows, codes, numbers)


def vocabulary_size(grid: Grid | None) -> int | None:
    """How many codes a column with this grid has; None if that is known only after reading it."""
    known = _known(grid)
    return len(known) + 1 if known else None


def _known(grid: Grid | None) -> tuple[str, ...]:
    """The texts that a grid counts, if it lists them; then they are coded inside the database."""
    if not isinstance(grid, CategoryGrid) or grid.top is None:
        return ()
    return (*(value for value in grid.top if value != OTHER), OTHER)


def _text(column: str, known: Sequence[str]) -> str:
    """SQL for a text, or for its code where the texts that have one are known; 0 is null."""
    text = f"CAST({column} AS VARCHAR)"
    if not known:
        return text
    if known == _BOOLEANS:
        return f"CASE WHEN {column} IS NULL THEN 0 WHEN {column} THEN 2 ELSE 1 END::INTEGER"
    names = ", ".join(map(literal, known))
    # an enum finds its value through a hash table, once per value of a dictionary-encoded column
    return (
        f"CASE WHEN {column} IS NULL THEN 0 ELSE "
        f"coalesce(enum_code(TRY_CAST({text} AS ENUM({names})))::INTEGER + 1, {len(known)}) END::INTEGER"
    )


def _numbers(column: pa.Array) -> Numbers:
    return Numbers(arrays.values(column), arrays.validity(column), column.offset)
