"""How a source's columns meet the types that the monitor declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from obs_dagster.content.protocol import filled, stage
from obs_dagster.lake.columns import DECISION, RAW, RESERVED, ROW, UNCAST
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.data import Scale
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.casts import can_fail, cast, converts, nested, vector
from obs_dagster.sources.classes import FALSE, TRUE, Classes, plain_text
from obs_dagster.sources.declared import (
    DerivedColumn,
    content_stages,
    decision_classes,
    decision_column,
    declared_types,
    derived_columns,
    encoders,
    labels_in_log,
)
from obs_dagster.sources.formats.part import JSON, TEXT, Part
from obs_dagster.sources.identifiers import EXACT_WHOLE, id_of, lost_digits
from obs_dagster.sources.row_text import exotic, value_text, whole
from obs_dagster.sources.schema_change import SchemaChange, schema_changes
from obs_dagster.sources.score_scale import as_probability, probabilities
from obs_dagster.sources.sql_types import NOTHING
from obs_dagster.sources.times import AS_FOUND, Written, known_date

#: What a column is expected to be that others are made of.
_OF_SEVERAL = "a list or a struct"
#: Characters of a value that are shown.
_SHOWN = 40
_NUMBERS = ("BIGINT", "DOUBLE")
_VECTOR = "FLOAT[]"


@dataclass(frozen=True, slots=True)
class LogSchema:
    """What the columns of a log mean, apart from the monitor that said so.

    Attributes:
        types: SQL type of every declared column.
        derived: the columns that are made of others.
        prediction_id: the column of the id; empty in what was written before ids had rules of their own.
        decision: the column of the decision; empty if it is derived, or as before.
        positive, negative: the words that decisions are read by.
        ids: columns whose texts never leave the rows, so that any character is legal in them.
        times: how times are written.
        scale: how probabilities are written.
        scores: the columns that hold them.
        labels: columns that have nothing new to say, since labels are read from them.
        content: by content column, SQL for what others of its columns need, in stages.
        version: the column of the version; empty where no column needs it.
        encoded: columns that the log does not have: the column that each is made of, and the function of SQL
            that makes it.
    """

    types: Mapping[str, str]
    derived: Mapping[str, DerivedColumn] = field(default_factory=dict)
    prediction_id: str = ""
    decision: str = ""
    positive: Sequence[str] = ()
    negative: Sequence[str] = ()
    ids: Sequence[str] = ()
    labels: Sequence[str] = ()
    times: Written = AS_FOUND
    scale: Scale = "probability"
    scores: Sequence[str] = ()
    content: Mapping[str, Sequence[str]] = field(default_factory=dict)
    version: str = ""
    encoded: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LogSchema:
        """From the plain data of a schema, written now or in earlier versions."""
        known = dict(document)
        score, threshold = known.pop("score", ""), known.pop("threshold", None)
        derived = {name: DerivedColumn(**made) for name, made in known.pop("derived", {}).items()}
        if threshold is not None:
            derived[DECISION] = DerivedColumn("BOOLEAN", f"{{0}} >= {threshold!r}", (score,))
        known["times"] = Written(**known.pop("times", {}))
        return cls(**known | {"types": dict(known["types"]), "derived": derived})

    @classmethod
    def of(cls, monitor: Monitor) -> LogSchema:
        """What the monitor declares."""
        roles = monitor.logs.columns
        classes = decision_classes(monitor)
        return cls(
            types=declared_types(monitor),
            derived=derived_columns(monitor),
            prediction_id=roles.prediction_id,
            decision=decision_column(monitor),
            positive=sorted(classes.positive),
            negative=sorted(classes.negative),
            ids=[name for name in (roles.prediction_id, roles.trace_id) if name],
            labels=labels_in_log(monitor),
            times=Written.of(monitor.logs.times),
            scale=monitor.logs.scale,
            scores=sorted(probabilities(monitor)),
            content=content_stages(monitor),
            version=roles.version,
            encoded={
                name: (monitor.content[name].of or "", each.function.name)
                for name, each in encoders(monitor).items()
            },
        )

    def kept_whole(self, found: Mapping[str, str]) -> bool:
        """Whether a source has every declared column, in types that convert whatever the value is.

        What describes content is worked out once, and so is copied.
        """
        if self.content:
            return False
        return all(name in found and self._converts(name, found[name]) for name in self.types)

    @property
    def compares_rows(self) -> bool:
        """Whether a column follows from other rows, too, so that rows come in any order."""
        return any(" OVER (" in made.sql for made in self.derived.values())

    def changes(self, found: Mapping[str, str]) -> list[SchemaChange]:
        """Every difference from what a source has; decisions may be of any type, their values decide."""
        found = self._with_encoded(found)
        changes = [
            change
            for change in schema_changes(self.types, found)
            if (change.kind != "retyped" or not self._is_meant(change))
            and (change.kind != "new" or change.column not in (*self._sources, *self.labels))
        ]
        lost = [name for name in self._sources if name not in found]
        return changes + [SchemaChange("missing", name, expected=_OF_SEVERAL) for name in lost]

    def _with_encoded(self, found: Mapping[str, str]) -> Mapping[str, str]:
        """What a source has, and what is made of that."""
        made = {name: _VECTOR for name, (of, _) in self.encoded.items() if of in found}
        left = {name: kind for name, kind in found.items() if name not in self.encoded}
        return {**left, **made}

    def _is_meant(self, change: SchemaChange) -> bool:
        """Whether values of another type are as they should be."""
        of_time = self.types[change.column] == "TIMESTAMPTZ" and change.found == "VARCHAR"
        return change.column == self.decision or (of_time and self.times != AS_FOUND)

    @property
    def _sources(self) -> list[str]:
        """Columns that others are made of, and that are of no use beside."""
        needs = (need for made in self.derived.values() for need in made.needs)
        return list(
            dict.fromkeys(need for need in needs if need not in self.types and not need.startswith(RESERVED))
        )

    def rows(self, parts: Sequence[Part], *, among: Sequence[Part] = (), absent_as_null: bool = True) -> str:
        """SQL for the rows of parts as declared, columns matched by name.

        Args:
            parts: the rows as they are.
            among: the parts whose rows these join, if there are more.
            absent_as_null: as for `query`.
        """
        kinds: dict[str, set[str]] = {}
        for part in among or parts:
            for name, kind in part.found.items():
                kinds.setdefault(name.lower(), set()).add(kind)
        as_text = frozenset(name for name, found in kinds.items() if len(found) > 1)
        queries = [self.query(part, absent_as_null=absent_as_null, as_text=as_text) for part in parts]
        return " UNION ALL BY NAME ".join(queries)

    def nothing(self) -> str:
        """SQL for no rows, with every declared column."""
        columns = [f"NULL::{kind} AS {identifier(name)}" for name, kind in self.types.items()]
        columns += [f"NULL::{made.type} AS {identifier(name)}" for name, made in self.derived.items()]
        columns += [f"NULL::VARCHAR AS {UNCAST}", f"NULL::VARCHAR AS {RAW}", f"NULL::BIGINT AS {ROW}"]
        return f"SELECT {', '.join(columns)} WHERE false"

    def query(self, part: Part, *, absent_as_null: bool = True, as_text: frozenset[str] = frozenset()) -> str:
        """SQL for rows with declared types, row numbers, and the traces of failed casts.

        Args:
            part: the rows as they are.
            absent_as_null: whether a declared column that the part lacks becomes a column of nulls.
            as_text: undeclared columns, in lower case, that are of another type in other parts.
        """
        scalars = [name for name, kind in self.types.items() if kind != _VECTOR]
        part = self._with_stages(self._with_vectors(part.with_scalars(scalars)))
        columns = []
        failures = []
        for name, kind in self.types.items():
            if name in part.found:
                columns.append(f"{self.declared(part, name)} AS {identifier(name)}")
                if self._can_fail(name, part.found[name]):
                    failures.append(self._failure(part, name))
            elif absent_as_null:
                columns.append(f"NULL::{kind} AS {identifier(name)}")
        columns += self._undeclared(part, as_text)
        for name, made in self.derived.items():
            if all(need in part.found or need in part.staged for need in made.needs):
                value = made.sql.format(*(self._given(part, need) for need in made.needs))
                if name in self.scores:
                    value = as_probability(value, self.scale)
                columns.append(f"{value} AS {identifier(name)}")
        uncast = raw = "NULL::VARCHAR"
        if failures:
            failed = " OR ".join(f"({fails})" for fails, _ in failures)
            named = [f"CASE WHEN {fails} THEN {told} END" for fails, told in failures]
            uncast = f"CASE WHEN {failed} THEN concat_ws(', ', {', '.join(named)}) END"
            raw = f"CASE WHEN {failed} THEN {whole(part)} END"
        return (
            f"SELECT {', '.join(columns)}, {uncast} AS {UNCAST}, {raw} AS {RAW}, {part.row} AS {ROW} "
            f"FROM {part.source} AS source"
        )

    def _with_vectors(self, part: Part) -> Part:
        """The part with what encoders make of its columns, once a row."""
        made = {
            name: f"{call}({self.declared(part, of)})"
            for name, (of, call) in self.encoded.items()
            if of in part.found
        }
        if not made:
            return part
        staged = {name: f"{RESERVED}encoded_{name}" for name in made}
        part = part.with_stage({staged[name]: sql for name, sql in made.items()})
        values = {name: f"source.{identifier(column)}" for name, column in staged.items()}
        return part.with_values(dict.fromkeys(made, _VECTOR), values)

    def _with_stages(self, part: Part) -> Part:
        """The part with what columns that describe content are made of, each worked out once a row."""
        there = {name: stages for name, stages in self.content.items() if name in part.found}
        if not there:
            return part
        version = self.declared(part, self.version) if self.version in part.found else "NULL"
        found = {stage(name, 0): self.declared(part, name) for name in there}
        part = part.with_stage(found | {stage(name, 1): version for name in there})
        for depth in range(max(map(len, there.values()))):
            found = {}
            for name, stages in there.items():
                known = [f"source.{identifier(stage(name, place))}" for place in range(2 + depth)]
                if depth < len(stages):
                    found[stage(name, 2 + depth)] = filled(stages[depth], known)
            part = part.with_stage(found)
        return part

    def declared(self, part: Part, name: str) -> str:
        """SQL for a column of the part as what is declared; null where a value has no such form."""
        if self.types[name] == _VECTOR:
            return vector(part.column(name), part.found[name])
        value, found = _value(part, name)
        if nested(found):
            return f"NULL::{self.types[name]}"
        if self.types[name] in _NUMBERS:
            value = part.number(name) if part.found[name] == TEXT else value
        if name in self.ids and found == "VARCHAR":
            return value
        if name == self.prediction_id:
            return id_of(value, found)
        if self.types[name] == "BOOLEAN":
            return self._classes(name).sql(value, found)
        typed = cast(value, self.types[name], found, self.times)
        return as_probability(typed, self.scale) if name in self.scores else typed

    def _given(self, part: Part, name: str) -> str:
        """SQL for a column that another is made of: as what is declared, or as JSON."""
        if name in part.staged:
            return f"source.{identifier(name)}"
        if name in self.types:
            return self.declared(part, name)
        found = part.found[name]
        if found == JSON:
            return part.column(name)
        return (
            f"TRY_CAST({part.column(name)} AS JSON)"
            if found in (TEXT, "VARCHAR")
            else f"to_json({part.column(name)})"
        )

    def _converts(self, name: str, found: str) -> bool:
        """Whether every value of the found type has a form in what a column is declared to be."""
        if name == self.prediction_id and found in EXACT_WHOLE:
            return False
        if name == self.decision:
            return found == "BOOLEAN" and {"true", "false"} <= {*self.positive, *self.negative}
        return converts(found, self.types[name])

    def _can_fail(self, name: str, found: str) -> bool:
        """Whether a value of the found type may be null as what is declared, though it is there."""
        if found in NOTHING or (name in self.ids and found in ("VARCHAR", TEXT)):
            return False
        return can_fail(found, self.types[name]) or not self._converts(name, found)

    def _failure(self, part: Part, name: str) -> tuple[str, str]:
        """SQL for whether a value has no form as declared, and for the column's name, with what says why."""
        value, found = _value(part, name)
        lacks = f"{part.column(name)} IS NOT NULL AND ({self.declared(part, name)}) IS NULL"
        if self.types[name] == "VARCHAR" and part.found[name] in ("VARCHAR", TEXT):
            # the same, for less
            return f"contains({value}, chr(0))", literal(name)
        if self.types[name] in (_VECTOR, "BLOB"):
            return lacks, literal(name)
        told = f"left({plain_text(value, found)}, {_SHOWN})"
        if nested(found):
            return lacks, literal(name)
        if name == self.prediction_id and found in EXACT_WHOLE:
            text = f"concat({literal(name + ': ')}, {told}, ' is a float that has lost digits')"
            return lost_digits(value, found), text
        if self.types[name] == "BOOLEAN":
            unusable = f"({self._classes(name).unusable(value, found)}) IS NOT NULL"
            return unusable, f"concat({literal(name + ': ')}, {told})"
        return lacks, literal(name)

    def _classes(self, name: str) -> Classes:
        """What the values of a column of truth mean."""
        if name == self.decision and self.positive:
            return Classes(frozenset(self.positive), frozenset(self.negative))
        return Classes(TRUE, FALSE)

    def _undeclared(self, part: Part, as_text: frozenset[str]) -> Iterator[str]:
        """SQL for the other columns; of names that differ by case alone, which are one in SQL, the first."""
        taken = {name.lower() for name in (*self.types, *self.derived, *self._sources, DECISION)}
        for name, found in part.found.items():
            unusable = not name or name in part.used or "\0" in name or name.lower().startswith(RESERVED)
            if unusable or name.lower() in taken:
                continue
            taken.add(name.lower())
            value = part.column(name)
            if name.lower() in as_text or exotic(found) or found in (JSON, *NOTHING):
                value = value_text(value, found)
            elif found == "DATE":
                value = known_date(value)
            yield f"{value} AS {identifier(name)}"


def _value(part: Part, name: str) -> tuple[str, str]:
    """SQL for a column of the part, and the type of what it gives."""
    found = part.found[name]
    return part.value(name), "VARCHAR" if found in (TEXT, JSON) else found
