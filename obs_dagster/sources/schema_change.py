"""Differences between the columns that a monitor declares and those that its source has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.sources.casts import fits
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.sql_types import NOTHING

Change = Literal["missing", "retyped", "new"]


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


def schema_changes(declared: Mapping[str, str], found: Mapping[str, str]) -> list[SchemaChange]:
    """Every difference between declared and found columns; differences that lose nothing are none.

    Args:
        declared: SQL type per declared column.
        found: DuckDB's type per column of the source (see `found_in`).
    """
    changes = [
        SchemaChange("missing", name, expected=kind) for name, kind in declared.items() if name not in found
    ]
    changes += [
        SchemaChange("retyped", name, expected=kind, found=found[name])
        for name, kind in declared.items()
        if name in found and not fits(found[name], kind)
    ]
    changes += [SchemaChange("new", name, found=kind) for name, kind in found.items() if name not in declared]
    return changes


def found_in(parts: Sequence[Part], declared: Mapping[str, str]) -> dict[str, str]:
    """The type per column of all parts; of a declared column with several, one that is not as declared."""
    found: dict[str, str] = {}
    for part in parts:
        for name, kind in part.found.items():
            if name in part.used and name not in declared:
                continue
            known = found.setdefault(name, kind)
            if name in declared and (known in NOTHING or not fits(kind, declared[name])):
                found[name] = kind if fits(known, declared[name]) else known
    return found
