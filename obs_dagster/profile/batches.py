"""Rows of a DuckDB relation as batches of numbers and codes, streamed, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import OTHER, FloatArray, IntArray
from obs_dagster.profile.grid import CategoryGrid, Grid
from obs_dagster.sources.quoting import identifier, literal

if TYPE_CHECKING:
    import duckdb

#: Values per batch: enough that the work on a batch outweighs its overhead, few enough for the cache.
_VALUES = 1 << 21
_FEWEST_ROWS, _MOST_ROWS = 1 << 13, 1 << 17


class Vocabulary:
    """Codes of a column's texts: 0 is none, the others are numbered as they come, or were known before.

    Attributes:
        values: the text of each code.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.values: list[str | None] = [None, *known]
        self._codes: dict[str | None, int] = {value: code for code, value in enumerate(self.values)}

    def encode(self, texts: pa.Array) -> IntArray:
        """The code of every text; texts not seen before get new codes."""
        encoded = texts.dictionary_encode()
        found = [self._code(value) for value in encoded.dictionary.to_pylist()]
        indices = arrays.values(encoded.indices)
        if texts.null_count:
            # what stands in the place of a null is anything; it leads to the entry after the last text
            indices = np.where(arrays.nulls(texts), len(found), indices)
        codes: IntArray = np.array([*found, 0], dtype=np.int64)[indices]
        return codes

    def _code(self, value: str | None) -> int:
        if value not in self._codes:
            self._codes[value] = len(self.values)
            self.values.append(value)
        return self._codes[value]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numeric column of a batch.

    Attributes:
        values: NaN where there is no finite value.
        missing: which rows are null, NaN and infinite; empty if every value is finite.
    """

    values: FloatArray
    missing: tuple[NDArray[np.bool_], ...] = ()

    def reordered(self, order: IntArray) -> Numbers:
        """The same rows in another order."""
        return Numbers(self.values[order], tuple(mask[order] for mask in self.missing))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows.

    Attributes:
        codes: per text column the code of each row.
        numbers: per numeric column its values.
    """

    codes: Mapping[str, IntArray]
    numbers: Mapping[str, Numbers]


class BatchReader:
    """Reads a relation's columns in batches.

    Args:
        numeric: columns that are read as numbers.
        texts: columns that are read as codes of texts, each with its grid: texts that the grid does not count
            by themselves share the code of `(other)`. None codes every text.
    """

    def __init__(self, numeric: Sequence[str], texts: Mapping[str, Grid | None]) -> None:
        self._numeric = list(numeric)
        self._texts = dict(texts)
        self.vocabularies = {name: Vocabulary(_known(grid)) for name, grid in texts.items()}

    def read(self, relation: duckdb.DuckDBPyRelation) -> Iterator[Batch]:
        """The relation's rows, batch by batch, in no particular order."""
        columns = [f"CAST({identifier(name)} AS DOUBLE)" for name in self._numeric]
        columns += [_text(identifier(name), self._texts[name]) for name in self._texts]
        size = _VALUES // max(len(columns), 1)
        rows = min(max(size, _FEWEST_ROWS), _MOST_ROWS)
        named = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns))
        for batch in relation.project(named).to_arrow_reader(rows):
            if batch.num_rows:
                yield self._decoded(batch)

    def _decoded(self, batch: pa.RecordBatch) -> Batch:
        numbers = {name: _numbers(batch.column(place)) for place, name in enumerate(self._numeric)}
        codes = {}
        for place, (name, grid) in enumerate(self._texts.items(), start=len(self._numeric)):
            column = batch.column(place)
            coded = _known(grid)
            codes[name] = (
                arrays.values(column).astype(np.int64) if coded else self.vocabularies[name].encode(column)
            )
        return Batch(codes, numbers)


def vocabulary_size(grid: Grid | None) -> int | None:
    """How many codes a column with this grid has; None if that is known only after reading it."""
    known = _known(grid)
    return len(known) + 1 if known else None


def _known(grid: Grid | None) -> tuple[str, ...]:
    """The texts that a grid counts, if it lists them; then they are coded inside the database."""
    if not isinstance(grid, CategoryGrid) or grid.top is None:
        return ()
    return (*(value for value in grid.top if value != OTHER), OTHER)


def _text(column: str, grid: Grid | None) -> str:
    """SQL for a text, or for its code where the grid lists the texts that have one."""
    text = f"CAST({column} AS VARCHAR)"
    known = _known(grid)
    if not known:
        return text
    names = ", ".join(map(literal, known))
    # 0 is null; an enum finds its value through a hash table, once per value of a dictionary-encoded column
    return (
        f"CASE WHEN {column} IS NULL THEN 0 ELSE "
        f"coalesce(enum_code(TRY_CAST({text} AS ENUM({names})))::INTEGER + 1, {len(known)}) END::INTEGER"
    )


def _numbers(column: pa.Array) -> Numbers:
    values = arrays.values(column)
    finite = np.isfinite(values)
    if not column.null_count and finite.all():
        return Numbers(values)
    null = arrays.nulls(column)
    finite &= ~null
    nan, infinite = np.isnan(values) & ~null, np.isinf(values) & ~null
    return Numbers(np.where(finite, values, np.nan), (null, nan, infinite))
