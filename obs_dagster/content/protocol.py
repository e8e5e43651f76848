"""What a content type can do: how rows get its descriptors in the database, what is wrong with a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from obs_dagster.lake.columns import RESERVED
from obs_dagster.monitor.content import CONTENT, ContentType
from obs_dagster.monitor.contract import Feature

if TYPE_CHECKING:
    import duckdb

DAY = f"{RESERVED}learned_day"
"""The day of a row, null where it is not known: a column beside those that descriptors are learned from."""

_PLACE = re.compile(r"\{(\d+)\}")
_DOUBLED = re.compile(r"\{\{(\d+)\}\}")
_STAGE = re.compile(rf"{RESERVED}content_\d+_(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that Python adds to the database's.

    Attributes:
        name: as SQL has it; begins with `obs_`.
        types: SQL types of what it takes.
        gives: SQL type of what it gives.
        call: gives a column for the columns of a batch, all as Arrow has them; null for null.
    """

    name: str
    types: tuple[str, ...]
    gives: str
    call: Callable[..., Any]


class Described(ContentType, Protocol):
    """A content type whose descriptors DuckDB makes."""

    def sql_type(self, feature: Feature) -> str:
        """The SQL type that the lake keeps values in."""

    def stages(self, feature: Feature, folder: str) -> Sequence[str]:
        """Expressions that several descriptors need, each worked out once a row.

        Args:
            feature: the column, as declared.
            folder: where paths of its values start.

        Returns:
            SQL in which `{0}` stands for the value, `{1}` for the version, `{2}` for the first of them, and
            so on.
        """

    def fault(self, feature: Feature) -> str:
        """SQL, as of a descriptor, for why a value cannot be used: null where it can.

        Else it is a text that begins with a key of `faults`.
        """

    def faults(self, name: str, feature: Feature) -> Mapping[str, str]:
        """What may be wrong with a value: how the text of `fault` begins, and the rule, in words."""

    def functions(self, feature: Feature) -> Sequence[Function]:
        """What its SQL calls that the database does not have."""


@dataclass(frozen=True, slots=True)
class Told:
    """Learned descriptors in SQL.

    Attributes:
        stages: expressions that others need, each worked out once a row: `{0}` stands for the value of the
            column, `{1}` for the first of them, and so on; the column `DAY` is there, too.
        descriptors: of each descriptor, by its name; likewise.
    """

    stages: Sequence[str]
    descriptors: Mapping[str, str]


@runtime_checkable
class Learns(Protocol):
    """A content type some of whose descriptors follow from what the baseline is like."""

    def learn(self, rows: duckdb.DuckDBPyRelation, column: str, feature: Feature) -> Mapping[str, Any]:
        """What has to be known of the baseline, as plain data; empty if its rows teach nothing.

        A value must be told the same whether it was among these rows or is another like them.

        Args:
            rows: the baseline's rows, of which not all need be looked at, with their `DAY`.
            column: the content column.
            feature: as declared.
        """

    def told(self, learned: Mapping[str, Any], feature: Feature) -> Told:
        """How rows are told by it."""

    def calls(self) -> Sequence[Function]:
        """What the SQL of `told` calls that the database does not have, of any column."""


def described(feature: Feature) -> Described:
    """The content type of a column."""
    return cast("Described", CONTENT.named(feature.type))


def filled(sql: str, values: Sequence[str]) -> str:
    """SQL with expressions in the place of `{0}`, `{1}` and so on; other braces stay.

    >>> filled("{0} + {1} + '{Lu}'", ["a", "b"])
    "a + b + '{Lu}'"
    """
    return _PLACE.sub(lambda match: values[int(match[1])], sql)


def formatted(sql: str) -> str:
    """SQL of a descriptor as a template of `str.format`, which takes single braces for places.

    >>> formatted("{0} + '{Lu}'").format("a")
    "a + '{Lu}'"
    """
    doubled = sql.replace("{", "{{").replace("}", "}}")
    return _DOUBLED.sub(r"{\1}", doubled)


def stage(column: str, place: int) -> str:
    """Name of what a content column's SQL knows as `{place}`."""
    return f"{RESERVED}content_{place}_{column}"


def content_of(stage: str) -> str:
    """The content column that a stage is made of; empty for what is none.

    >>> content_of(stage("comment", 2)), content_of("comment")
    ('comment', '')
    """
    found = _STAGE.fullmatch(stage)
    return found[1] if found else ""


FAULT = f"{RESERVED}fault_"
"""How the names of columns begin that say what is wrong with the values of others."""


def fault_column(column: str) -> str:
    """Name of the column of the lake that says why a value of a content column cannot be used."""
    return f"{FAULT}{column}"


def told_of_fault(fault: str) -> str:
    """What a fault says beside its kind, for people; empty if it is a kind alone.

    >>> told_of_fault("corrupt: no base64"), told_of_fault("dimension 16"), told_of_fault("absent")
    ('no base64', 'dimension 16', '')
    """
    return fault.partition(": ")[2] or (fault if " " in fault else "")


def asked(rows: duckdb.DuckDBPyRelation, query: str) -> duckdb.DuckDBPyRelation:
    """The rows of a SELECT that knows rows under the name `log`, lazily."""
    found = rows.query("log", query)
    if found is None:
        raise TypeError(f"not a query: {query}")
    return found


def calls_of_learned() -> list[Function]:
    """What the SQL of learned descriptors calls, whatever was learned: every session has these."""
    kinds = (kind for kind in CONTENT.all().values() if isinstance(kind, Learns))
    return [*{call.name: call for kind in kinds for call in kind.calls()}.values()]


def register(
    connection: duckdb.DuckDBPyConnection, functions: Sequence[Function], *, fresh: bool = False
) -> None:
    """Let a session's SQL call functions, as far as it cannot yet; a fresh session can call none."""
    if not functions:
        return
    from duckdb.func import FunctionNullHandling, PythonUDFType

    for each in functions:
        known = (
            not fresh
            and connection.execute(
                "SELECT 1 FROM duckdb_functions() WHERE function_name = ? LIMIT 1", [each.name]
            ).fetchall()
        )
        if not known:
            connection.create_function(
                each.name,
                each.call,
                [*each.types],
                each.gives,
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )
