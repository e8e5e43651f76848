"""Columns inside of columns: `request.features.amount` of structs, maps and JSON, `scores[0]` of lists.

A column that has the whole name goes before. What is inside is named by the columns on the way, the first
value of a list by 0. A value that is not there is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from obs_dagster.lake.quoting import literal
from obs_dagster.sources.formats.part import JSON, TEXT, Part

if TYPE_CHECKING:
    import duckdb
    from duckdb.sqltypes import DuckDBPyType

_STEP = re.compile(r"\[(\d+)\]|(?:^|\.)((?:[^.\[\]]|\[(?!\d+\]))+)")
_MADE_OF_OTHERS = ("struct", "map", "list", "array")
#: How deep columns inside of columns are listed, and how many of a list.
_DEEPEST, _LONGEST = 6, 64


@dataclass(frozen=True, slots=True)
class Inside:
    """Where the values of a name are in the columns of a part.

    Attributes:
        column: the column that has them.
        sql: SQL for a value.
        found: its type.
    """

    column: str
    sql: str
    found: str


def inside(connection: duckdb.DuckDBPyConnection, part: Part, name: str) -> Inside | None:
    """Where the values of a name are; None if no column has such.

    Args:
        connection: the session that reads the part.
        part: rows with columns that are made of others.
        name: the way to the values, such as `request.features.amount`.
    """
    steps = list(_steps(name))
    for length in range(len(steps) - 1, 0, -1):
        column = ".".join(map(str, steps[:length]))
        if all(isinstance(step, str) for step in steps[:length]) and column in part.found:
            value, rest = part.column(column), steps[length:]
            if part.found[column] in (TEXT, JSON, "VARCHAR"):
                return Inside(column, _in_json(value, part.found[column], rest), JSON)
            if found := _in_type(value, _type(connection, part, value), rest):
                return Inside(column, *found)
    return None


def paths_in(connection: duckdb.DuckDBPyConnection, part: Part, *, rows: int = 1_000) -> list[str]:
    """The names of the values inside of the columns of a part, in order: what a monitor may name.

    Args:
        connection: the session that reads the part.
        part: the rows.
        rows: how many of them are looked at where the type of a column does not say what is in it.
    """
    look = _Look(connection, part, rows)
    return [name for column in part.found if column for name in look.names(column)]


def _steps(name: str) -> Iterator[str | int]:
    """The way that a name is.

    >>> list(_steps("request.features[2].amount"))
    ['request', 'features', 2, 'amount']
    """
    for match in _STEP.finditer(name):
        yield int(match[1]) if match[1] else match[2]


def _type(connection: duckdb.DuckDBPyConnection, part: Part, value: str) -> DuckDBPyType:
    return connection.sql(f"SELECT {value} FROM {part.source} AS source LIMIT 0").types[0]


def _children(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """The types that a nested type is made of; of an array there is a length beside."""
    named = kind.children if kind.id in _MADE_OF_OTHERS else []
    return {
        name: cast("DuckDBPyType", child) for name, child in named if name != "size" or kind.id == "struct"
    }


def _in_json(value: str, found: str, steps: Sequence[str | int]) -> str:
    """SQL for a value inside of JSON, or of the text of one."""
    document = value if found == JSON else f"TRY_CAST({value} AS JSON)"
    inner = f"json_extract({document}, {literal(_pointer(steps))})"
    # a null of JSON is a missing value
    return f"CASE WHEN json_type({inner}) <> 'NULL' THEN {inner} END"


def _pointer(steps: Sequence[str | int]) -> str:
    """The way to a value, as JSON's own functions have it.

    >>> _pointer(["features", 2, "amount"])
    '$."features"[2]."amount"'
    """
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_quoted(step)}" for step in steps)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_type(value: str, kind: DuckDBPyType, steps: Sequence[str | int]) -> tuple[str, str] | None:
    """SQL for a value inside of one of a nested type, and its type; None if the type has none there."""
    if not steps:
        return value, str(kind)
    step, rest = steps[0], steps[1:]
    name = str(kind)
    if name in ("VARCHAR", JSON):
        return _in_json(value, name, steps), JSON
    children = _children(kind)
    if kind.id == "struct" and step in children:
        return _in_type(f"struct_extract({value}, {literal(str(step))})", children[step], rest)
    if kind.id == "map":
        key = f"TRY_CAST({literal(str(step))} AS {children['key']})"
        return _in_type(f"map_extract_value({value}, {key})", children["value"], rest)
    if kind.id in ("list", "array") and isinstance(step, int):
        return _in_type(f"list_extract({value}, {step + 1})", children["child"], rest)
    return None


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at the first rows of a part."""

    connection: duckdb.DuckDBPyConnection
    part: Part
    rows: int

    def names(self, column: str) -> list[str]:
        """The names of the values inside of a column."""
        value = self.part.column(column)
        if self.part.found[column] not in (TEXT, JSON, "VARCHAR"):
            return list(self._in_type(column, value, _type(self.connection, self.part, value), 0))
        document = value if self.part.found[column] == JSON else f"TRY_CAST({value} AS JSON)"
        made_of_others = f"json_type({document}) IN ('OBJECT', 'ARRAY')"
        documents = f"json_group_array(CASE WHEN {made_of_others} THEN {document} END)"
        structure = json.loads(self._answer(f"json_structure({documents})") or "[]")
        return list(self._in_json(structure[0], document, column, ())) if structure else []

    def _in_json(
        self, structure: object, document: str, name: str, steps: tuple[str | int, ...]
    ) -> Iterator[str]:
        """The names of values in what `json_structure` says of some documents; of lists of more the first."""
        if isinstance(structure, dict) and len(steps) < _DEEPEST:
            for key, child in structure.items():
                yield from self._in_json(child, document, f"{name}.{key}", (*steps, key))
        elif isinstance(structure, list) and structure and len(steps) < _DEEPEST:
            places = 1
            if isinstance(structure[0], str):
                length = f"max(json_array_length({document}, {literal(_pointer(steps))}))"
                places = min(self._answer(length) or 0, _LONGEST)
            for place in range(places):
                yield from self._in_json(structure[0], document, f"{name}[{place}]", (*steps, place))
        elif steps:
            yield name

    def _in_type(self, name: str, value: str, kind: DuckDBPyType, depth: int) -> Iterator[str]:
        if kind.id not in _MADE_OF_OTHERS or depth == _DEEPEST:
            yield from [name] if depth else []
            return
        children = _children(kind)
        if kind.id == "struct":
            inner = [
                (f"{name}.{key}", f"struct_extract({value}, {literal(key)})", child)
                for key, child in children.items()
            ]
        elif kind.id == "map":
            keys = self._answer(f"list_sort(list_distinct(flatten(list(map_keys({value})))))") or []
            inner = [
                (
                    f"{name}.{key}",
                    f"map_extract_value({value}, TRY_CAST({literal(str(key))} AS {children['key']}))",
                    children["value"],
                )
                for key in keys
            ]
        else:
            longest = min(self._answer(f"max(len({value}))") or 0, _LONGEST)
            inner = [
                (f"{name}[{place}]", f"list_extract({value}, {place + 1})", children["child"])
                for place in range(longest)
            ]
        for key, sql, child in inner:
            yield from self._in_type(key, sql, child, depth + 1)

    def _answer(self, aggregate: str) -> Any:
        """An aggregate of the first rows."""
        rows = f"(SELECT * FROM {self.part.source} LIMIT {self.rows}) AS source"
        return self.connection.sql(f"SELECT {aggregate} FROM {rows}").fetchall()[0][0]
