"""Which rows of a table are asked for: what a table's statistics and its reader can decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Between:
    """Rows whose value lies between two, the second one excluded.

    Attributes:
        column: the column.
        low, high: of the column's type.
    """

    column: str
    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Outside:
    """Rows whose value does not lie between two, or that have none."""

    column: str
    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Equal:
    """Rows that have a value."""

    column: str
    value: Any


Picked = Between | Outside | Equal | None
"""None: every row."""
