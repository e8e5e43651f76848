"""How a source's columns meet the types that the monitor declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import DECISION, RAW, RESERVED, ROW, UNCAST
from obs_dagster.sources.quoting import identifier, literal

Change = Literal["missing", "retyped", "new"]

_INTEGERS = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
    ]
)
_SQL_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "category": "VARCHAR", "boolean": "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A difference between what the monitor declares and what the source has.

    Attributes:
        kind: `missing` and `retyped` are about declared columns, `new` about others.
        column: the column.
        expected, found: the declared type and the source's; empty where there is none.
    """

    kind: Change
    column: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"{self.column} is missing (expected {self.expected})"
        if self.kind == "new":
            return f"{self.column} is new ({self.found}) and ignored"
        return f"{self.column} is {self.found} where {self.expected} is expected"


def declared_types(monitor: Monitor) -> dict[str, str]:
    """The SQL type of every column that the monitor declares, in order: roles first, then features."""
    roles = monitor.logs.columns
    types = {
        roles.prediction_id: "VARCHAR",
        roles.time: "TIMESTAMPTZ",
        roles.version: "VARCHAR",
        roles.score: "DOUBLE",
    }
    optional = {
        roles.prediction: "BOOLEAN",
        roles.latency_ms: "DOUBLE",
        roles.status: "VARCHAR",
        roles.trace_id: "VARCHAR",
    }
    types |= {name: kind for name, kind in optional.items() if name}
    return types | {name: _SQL_TYPES[feature.type] for name, feature in monitor.features.items()}


def schema_changes(declared: Mapping[str, str], found: Mapping[str, str]) -> list[SchemaChange]:
    """Every difference between declared and found columns; differences that lose nothing are none.

    Args:
        declared: SQL type per declared column.
        found: DuckDB's type per column of the source.
    """
    changes = [
        SchemaChange("missing", name, expected=kind) for name, kind in declared.items() if name not in found
    ]
    changes += [
        SchemaChange("retyped", name, expected=kind, found=found[name])
        for name, kind in declared.items()
        if name in found and not _fits(found[name], kind)
    ]
    changes += [SchemaChange("new", name, found=kind) for name, kind in found.items() if name not in declared]
    return changes


def _numeric(kind: str) -> bool:
    return kind in _INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def _fits(found: str, declared: str) -> bool:
    """Whether values of the found type are what the declared type means, before looking at any value.

    Whole numbers stored as DOUBLE are no change (pandas does that to integers with nulls), and neither are
    categories stored as integers. A column without values has the type `"NULL"` or a guess; it fits.
    """
    if found == declared or found in ('"NULL"', "NULL"):
        return True
    fits = {
        "BIGINT": _numeric(found),
        "DOUBLE": _numeric(found),
        "VARCHAR": found in _INTEGERS or found.startswith("ENUM") or found in ("BOOLEAN", "UUID"),
        "BOOLEAN": found in _INTEGERS,
        "TIMESTAMPTZ": found.startswith("TIMESTAMP"),
    }
    return fits[declared]


@dataclass(frozen=True, slots=True)
class LogSchema:
    """What the columns of a log mean, apart from the monitor that said so.

    Attributes:
        types: SQL type of every declared column.
        score: the column that the decision is derived from.
        threshold: the score from which the decision is positive; None if the log has a column for it.
    """

    types: Mapping[str, str]
    score: str
    threshold: float | None

    @classmethod
    def of(cls, monitor: Monitor) -> LogSchema:
        """What the monitor declares."""
        roles = monitor.logs.columns
        threshold = monitor.logs.threshold if roles.prediction is None else None
        return cls(declared_types(monitor), roles.score, threshold)

    def kept_whole(self, found: Mapping[str, str]) -> bool:
        """Whether a source has every declared column, in types that convert whatever the value is."""
        return all(name in found and _converts(found[name], kind) for name, kind in self.types.items())

    def query(
        self,
        found: Mapping[str, str],
        source: str,
        *,
        row: str = "row_number() OVER ()",
        absent_as_null: bool = True,
    ) -> str:
        """SQL for the rows of a source with declared types, row numbers, and the traces of failed casts.

        Args:
            found: DuckDB's type per column of the source.
            source: SQL for the source's rows: a view, or a table function.
            row: SQL for the row's number.
            absent_as_null: whether a declared column that the source lacks becomes a column of nulls.
        """
        columns = []
        failures = []
        for name, kind in self.types.items():
            if name in found:
                value = _cast(name, kind, found[name])
                columns.append(f"{value} AS {identifier(name)}")
                if not _converts(found[name], kind):
                    failures.append(
                        f"CASE WHEN {_source(name, found[name])} IS NOT NULL AND ({value}) IS NULL "
                        f"THEN {literal(name)} END"
                    )
            elif absent_as_null:
                columns.append(f"NULL::{kind} AS {identifier(name)}")
        # names differ in SQL only if they differ by more than case
        taken = {name.lower() for name in (*self.types, DECISION)}
        columns += [
            f"source.{identifier(name)}"
            for name in found
            if name.lower() not in taken and not name.lower().startswith(RESERVED)
        ]
        if self.threshold is not None and self.score in found:
            decision = f"{_cast(self.score, 'DOUBLE', found[self.score])} >= {self.threshold!r}"
            columns.append(f"{decision} AS {identifier(DECISION)}")
        uncast = f"nullif(concat_ws(', ', {', '.join(failures)}), '')" if failures else "NULL::VARCHAR"
        retyped = any(change.kind == "retyped" for change in schema_changes(self.types, found))
        raw = (
            f"CASE WHEN {uncast} IS NOT NULL THEN CAST(to_json(source) AS VARCHAR) END"
            if retyped and failures
            else "NULL::VARCHAR"
        )
        return (
            f"SELECT {', '.join(columns)}, {uncast} AS {UNCAST}, {raw} AS {RAW}, {row} AS {ROW} "
            f"FROM {source} AS source"
        )


def typed_query(monitor: Monitor, found: Mapping[str, str], *, absent_as_null: bool = True) -> str:
    """SQL for the rows of the view `source` as the monitor declares them (see `LogSchema.query`)."""
    return LogSchema.of(monitor).query(found, "source", absent_as_null=absent_as_null)


def _converts(found: str, declared: str) -> bool:
    """Whether every value of the found type has a form in the declared type."""
    if declared in (found, "VARCHAR") or found in ('"NULL"', "NULL"):
        return True
    converting = {
        "BIGINT": found in _INTEGERS - {"HUGEINT", "UBIGINT", "UHUGEINT"},
        "DOUBLE": _numeric(found),
        "BOOLEAN": found in _INTEGERS,
        "TIMESTAMPTZ": found in ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    }
    return converting[declared]


def _cast(column: str, kind: str, found: str) -> str:
    """SQL that turns a source column into its declared type; null where a value has no such form."""
    name = _source(column, found)
    if kind == "BIGINT" and found not in _INTEGERS:
        # a cast would round 5.5 to an integer in silence
        number = f"TRY_CAST({name} AS DOUBLE)"
        return f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"
    if kind == "TIMESTAMPTZ" and found.startswith("TIMESTAMP") and found != "TIMESTAMP WITH TIME ZONE":
        return f"CAST(CAST({name} AS TIMESTAMP) AS TIMESTAMPTZ)"
    if kind == "VARCHAR":
        return text_of(name, found)
    return f"TRY_CAST({name} AS {kind})"


def text_of(value: str, found: str) -> str:
    """SQL for a value as text; whole numbers read `5` whether they are stored as integers or as `5.0`.

    pandas stores integers with nulls as floats: an id must match itself all the same.
    """
    if found not in ("DOUBLE", "FLOAT"):
        return f"TRY_CAST({value} AS VARCHAR)"
    return (
        f"CASE WHEN {value} = trunc({value}) AND abs({value}) < 1e15 "
        f"THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"
    )


def _source(column: str, found: str) -> str:
    """SQL for a source column; what JSON files mix of types is text."""
    name = f"source.{identifier(column)}"
    return f"({name} ->> '$')" if found == "JSON" else name
