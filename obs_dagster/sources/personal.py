"""Personal data of a log's rows: what stands in their place where rows are counted, and where they are shown.

Only the lake's copy of the log, and its labels, have the values. Whatever is made of them goes through here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import RAW, UNCAST, marked
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.pseudonym import pseudonym, pseudonym_sql
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import derived

if TYPE_CHECKING:
    import duckdb

_NUMBERS = ("BIGINT", "DOUBLE")
_ROOT = re.compile(r"[.\[]")


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal columns of a log.

    Attributes:
        columns: those that the monitor marks, by its own names.
        sources: what of the source has their values: the same, and the columns that they lie in.
        types: the SQL type of every declared column.
        prediction_id: the column of the id.
        apart: columns that are counted as they are, and shown beside no id: what groups of people are told
            apart by.
    """

    columns: frozenset[str]
    sources: frozenset[str]
    types: Mapping[str, str]
    prediction_id: str
    apart: frozenset[str] = frozenset()

    @classmethod
    def of(cls, monitor: Monitor) -> Personal:
        """What the monitor marks."""
        hidden = monitor.personal | monitor.fairness.columns
        places = [monitor.features[name].column for name in hidden if name in monitor.features]
        named = {*hidden, *filter(None, places)}
        roots = {_ROOT.split(name)[0] for name in named}
        return cls(
            monitor.personal,
            frozenset(named | (roots - {"", *declared_types(monitor)})),
            declared_types(monitor),
            monitor.logs.columns.prediction_id,
            monitor.fairness.columns - monitor.personal,
        )

    @property
    def hidden(self) -> bool:
        """Whether any column is not shown as it is."""
        return bool(self.columns or self.apart)

    @property
    def has_id(self) -> bool:
        """Whether the prediction's id is personal."""
        return self.prediction_id in self.columns

    def shown_id(self, value: str) -> str:
        """The id of a prediction as people may see it."""
        return pseudonym(value) if self.has_id else value

    def hides(self, column: str) -> bool:
        """Whether values of a column are not quoted: ids, which others would keep, and what may be personal.

        Of what is about several columns (empty), all may.
        """
        if column == self.prediction_id:
            return True
        return bool(self.columns) and (column in self.sources or column in ("", UNCAST, RAW))

    def counted(self, query: str, there: Sequence[str]) -> str:
        """SQL for rows that are going to be counted.

        Texts are pseudonyms, and numbers are rounded to two digits, so that no least, no greatest and no
        frequent value is anybody's own. The id stays: labels are joined on it, and nothing counts it.

        Args:
            query: SQL for the rows.
            there: their columns.
        """
        wanted = {name: self._counted(name) for name in there if name in self.columns and name in self.types}
        return _replaced(query, {name: sql for name, sql in wanted.items() if sql})

    def shown(self, query: str, there: Mapping[str, str]) -> str:
        """SQL for rows that are kept or shown as rows: texts are pseudonyms, everything else is left out.

        What a source had written of personal values is left out of `_obs_raw` and `_obs_uncast`.

        Args:
            query: SQL for the rows.
            there: the type of each of their columns.
        """
        return _replaced(query, dict(self._shown(there)) if self.hidden else {})

    def _counted(self, name: str) -> str:
        column, kind = identifier(name), self.types[name]
        if kind in _NUMBERS:
            return _rounded(column, kind)
        return pseudonym_sql(column) if kind == "VARCHAR" and name != self.prediction_id else ""

    def _shown(self, there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, kind in there.items():
            column = identifier(name)
            if name == RAW:
                removed = literal(
                    "{"
                    + ", ".join(
                        f"{json.dumps(each, ensure_ascii=False)}: null" for each in sorted(self.sources)
                    )
                    + "}"
                )
                left = f"CAST(json_merge_patch({column}, {removed}) AS VARCHAR)"
                yield name, f"CASE WHEN {column} IS NOT NULL THEN {left} END"
            elif name == UNCAST:
                named = [
                    f"CASE WHEN regexp_matches({column}, {literal(marked(each))}) THEN {literal(each)} END"
                    for each in self.types
                ]
                yield name, f"CASE WHEN {column} IS NOT NULL THEN concat_ws(', ', {', '.join(named)}) END"
            elif name in self.apart or (
                name in self.sources and name in self.types and self.types[name] != "VARCHAR"
            ):
                yield name, f"CAST(NULL AS {kind})"
            elif name in self.sources:
                yield name, pseudonym_sql(column)


def _replaced(query: str, columns: Mapping[str, str]) -> str:
    """SQL for rows some of whose columns are something else."""
    if not columns:
        return query
    made = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    return f"SELECT * REPLACE ({made}) FROM ({query})"


def _rounded(column: str, kind: str) -> str:
    """SQL for a number to two digits."""
    number = f"CAST({column} AS DOUBLE)"
    step = f"pow(10, floor(log10(abs({number}))) - 1)"
    two = f"round({number} / {step}) * {step}"
    whole = f"TRY_CAST({two} AS BIGINT)" if kind == "BIGINT" else two
    return f"CASE WHEN {number} = 0 OR NOT isfinite({number}) THEN {column} ELSE {whole} END"


def counted(rows: duckdb.DuckDBPyRelation, personal: Personal) -> duckdb.DuckDBPyRelation:
    """Rows that are going to be counted, lazily; see `Personal.counted`."""
    return derived(rows, "log", personal.counted("FROM log", rows.columns)) if personal.columns else rows


def shown(rows: duckdb.DuckDBPyRelation, personal: Personal) -> duckdb.DuckDBPyRelation:
    """Rows that are kept or shown as rows, lazily; see `Personal.shown`."""
    there = dict(zip(rows.columns, map(str, rows.types), strict=True))
    return derived(rows, "log", personal.shown("FROM log", there)) if personal.hidden else rows
