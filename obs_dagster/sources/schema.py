"""How a source's columns meet the types that the monitor declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import DECISION, RAW, RESERVED, ROW, UNCAST
from obs_dagster.sources.classes import FALSE, TRUE, Classes, plain_text
from obs_dagster.sources.identifiers import EXACT_WHOLE, id_of, lost_digits, text_of
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
#: Characters of a value that are shown.
_SHOWN = 40
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
        "VARCHAR": found in _INTEGERS
        or found.startswith(("ENUM", "DECIMAL"))
        or found in ("BOOLEAN", "UUID", "BLOB"),
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
        prediction_id: the column of the id; empty in what was written before ids had rules of their own.
        decision: the column of the decision; empty if it is derived, or as before.
        positive, negative: the words that decisions are read by.
    """

    types: Mapping[str, str]
    score: str
    threshold: float | None
    prediction_id: str = ""
    decision: str = ""
    positive: Sequence[str] = ()
    negative: Sequence[str] = ()

    @classmethod
    def of(cls, monitor: Monitor) -> LogSchema:
        """What the monitor declares."""
        roles = monitor.logs.columns
        classes = decision_classes(monitor)
        return cls(
            types=declared_types(monitor),
            score=roles.score,
            threshold=monitor.logs.threshold if roles.prediction is None else None,
            prediction_id=roles.prediction_id,
            decision=roles.prediction or "",
            positive=sorted(classes.positive),
            negative=sorted(classes.negative),
        )

    def kept_whole(self, found: Mapping[str, str]) -> bool:
        """Whether a source has every declared column, in types that convert whatever the value is."""
        return all(name in found and self._converts(name, found[name]) for name in self.types)

    def changes(self, found: Mapping[str, str]) -> list[SchemaChange]:
        """Every difference from what a source has; decisions may be of any type, their values decide."""
        return [
            change
            for change in schema_changes(self.types, found)
            if change.kind != "retyped" or change.column != self.decision
        ]

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
                value = self._cast(name, found[name])
                columns.append(f"{value} AS {identifier(name)}")
                if not self._converts(name, found[name]):
                    failures.append(self._failure(name, found[name]))
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
        # 0 and 1 are no change of type, and 2 is not kept by the column
        retyped |= any(
            kind == "BOOLEAN" and found.get(name) in _INTEGERS for name, kind in self.types.items()
        )
        raw = (
            f"CASE WHEN {uncast} IS NOT NULL THEN CAST(to_json(source) AS VARCHAR) END"
            if retyped and failures
            else "NULL::VARCHAR"
        )
        return (
            f"SELECT {', '.join(columns)}, {uncast} AS {UNCAST}, {raw} AS {RAW}, {row} AS {ROW} "
            f"FROM {source} AS source"
        )

    def _cast(self, name: str, found: str) -> str:
        """SQL that turns a source column into what is declared; null where a value has no such form."""
        if name == self.prediction_id:
            return id_of(_source(name, found), found)
        if self.types[name] == "BOOLEAN":
            return self._classes(name).sql(_source(name, found), _type_of(found))
        return _cast(name, self.types[name], found)

    def _converts(self, name: str, found: str) -> bool:
        """Whether every value of the found type has a form in what a column is declared to be."""
        if name == self.prediction_id and found in EXACT_WHOLE:
            return False
        if name == self.decision:
            return found == "BOOLEAN" and {"true", "false"} <= {*self.positive, *self.negative}
        return _converts(found, self.types[name])

    def _failure(self, name: str, found: str) -> str:
        """SQL for the name of a column whose value has no such form, with the value if it says why."""
        source = _source(name, found)
        shown = f"left({plain_text(source, _type_of(found))}, {_SHOWN})"
        if name == self.prediction_id:
            failed = lost_digits(source, found)
            text = f"concat({literal(name + ': ')}, {shown}, ' is a float that has lost digits')"
        elif self.types[name] == "BOOLEAN":
            failed = f"({self._classes(name).unusable(source, _type_of(found))}) IS NOT NULL"
            text = f"concat({literal(name + ': ')}, {shown})"
        else:
            failed, text = f"{source} IS NOT NULL AND ({self._cast(name, found)}) IS NULL", literal(name)
        return f"CASE WHEN {failed} THEN {text} END"

    def _classes(self, name: str) -> Classes:
        """What the values of a column of truth mean."""
        if name == self.decision and self.positive:
            return Classes(frozenset(self.positive), frozenset(self.negative))
        return Classes(TRUE, FALSE)


def decision_classes(monitor: Monitor) -> Classes:
    """What the values of the log's decisions mean: as the log says, or else as the labels do."""
    logs, labels = monitor.logs, monitor.labels
    if logs.positive is not None:
        return Classes.of(logs.positive, logs.negatives)
    if labels is None:
        return Classes.as_labelled(True, logs.negatives)  # noqa: FBT003  the value of a class
    return Classes.as_labelled(labels.positive, logs.negatives or labels.negatives)


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
        "BOOLEAN": False,
        "TIMESTAMPTZ": found in ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    }
    return converting[declared]


def _cast(column: str, kind: str, found: str) -> str:
    """SQL that turns a source column into its declared type; null where a value has no such form."""
    name = _source(column, found)
    if kind == "BIGINT" and found not in _INTEGERS:
        return _whole(name, found)
    if kind == "TIMESTAMPTZ" and found.startswith("TIMESTAMP") and found != "TIMESTAMP WITH TIME ZONE":
        return f"CAST(CAST({name} AS TIMESTAMP) AS TIMESTAMPTZ)"
    if kind == "VARCHAR":
        return text_of(name, found)
    return f"TRY_CAST({name} AS {kind})"


def _whole(value: str, found: str) -> str:
    """SQL for a whole number, exact whatever its size; null for others, which a cast would round."""
    if found.startswith("DECIMAL"):
        return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS BIGINT) END"
    number = f"TRY_CAST({value} AS DOUBLE)"
    whole = f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"
    if found in EXACT_WHOLE:
        return whole
    # as a float, a text of more than 15 digits may be a neighbour
    return (
        f"CASE WHEN regexp_full_match(trim({value}), '[+-]?[0-9]+([.]0*)?') "
        f"THEN TRY_CAST(regexp_replace(trim({value}), '[.]0*$', '') AS BIGINT) "
        f"WHEN abs({number}) < {EXACT_WHOLE['DOUBLE']} THEN {whole} END"
    )


def _type_of(found: str) -> str:
    """The type of what `_source` gives."""
    return "VARCHAR" if found == "JSON" else found


def _source(column: str, found: str) -> str:
    """SQL for a source column; what JSON files mix of types is text."""
    name = f"source.{identifier(column)}"
    return f"({name} ->> '$')" if found == "JSON" else name
