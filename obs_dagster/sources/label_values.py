"""What the values of labels mean: one of two classes, a number, or a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Truth, task_named
from obs_dagster.sources.classes import UNDECIDED, Classes, plain_text

_BLANKS = " \t\r\n\u00a0"
_KEPT = 80


class LabelReader(Protocol):
    """How values of labels are read.

    Attributes:
        sql_type: DuckDB's type of what is read.
        two_classes: whether a value that cannot be used may be the class that is not there.
    """

    @property
    def sql_type(self) -> str: ...  # noqa: D102

    @property
    def two_classes(self) -> bool: ...  # noqa: D102

    def sql(self, value: str, found: str) -> str:
        """SQL for what a value of a type that DuckDB found means; null where it means nothing."""

    def unusable(self, value: str, found: str) -> str:
        """SQL for the text of a value that is there and means nothing, for people; null for any other."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Labels that are finite numbers."""

    sql_type: str = "DOUBLE"
    two_classes: bool = False

    def sql(self, value: str, found: str) -> str:
        """SQL for the number; null for anything else, NaN and infinity too."""
        number = f"TRY_CAST({_text(value, found)} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"

    def unusable(self, value: str, found: str) -> str:
        """SQL for the text of what is no finite number; a blank and NaN are labels that are not known."""
        text = f"trim({plain_text(value, found)}, {literal(_BLANKS)})"
        unknown = ", ".join(literal(each) for each in ("", *sorted(UNDECIDED)))
        return (
            f"CASE WHEN {value} IS NOT NULL AND ({self.sql(value, found)}) IS NULL "
            f"AND lower({text}) NOT IN ({unknown}) THEN left({text}, {_KEPT}) END"
        )


@dataclass(frozen=True, slots=True)
class Names:
    """Labels that are names of classes; blank ones and those that say so are not known."""

    sql_type: str = "VARCHAR"
    two_classes: bool = False

    def sql(self, value: str, found: str) -> str:
        """SQL for the name, as predictions of the same type are written."""
        text = f"trim({_name(value, found)}, {literal(_BLANKS)})"
        unknown = ", ".join(literal(each) for each in ("", *sorted(UNDECIDED)))
        return f"CASE WHEN lower({text}) NOT IN ({unknown}) THEN {text} END"

    def unusable(self, value: str, found: str) -> str:  # noqa: ARG002  as every reader's
        """SQL that is null: every text is a name."""
        return "CAST(NULL AS VARCHAR)"


def label_reader(monitor: Monitor, labels: Labels, told: str | None = None) -> LabelReader:
    """How the labels of a monitor are read.

    Args:
        monitor: its task says what labels are.
        labels: name the values of classes.
        told: the word of the negative class, as the labels told it before; counts if nobody else says.
    """
    return _READERS[task_named(monitor).truth or "class"](labels, told)


def label_type(monitor: Monitor) -> str:
    """DuckDB's type of a monitor's labels in the lake."""
    return _TYPES[task_named(monitor).truth or "class"]


def _classes(labels: Labels, told: str | None) -> LabelReader:
    classes = Classes.of(labels.positive, labels.negatives)
    return classes.with_negative(told) if told and not classes.complete() else classes


_READERS: dict[Truth, Callable[[Labels, str | None], LabelReader]] = {
    "class": _classes,
    "number": lambda *_: Numbers(),
    "name": lambda *_: Names(),
}
_TYPES: dict[Truth, str] = {"class": "BOOLEAN", "number": Numbers().sql_type, "name": Names().sql_type}


def _text(value: str, found: str) -> str:
    """SQL for a value that casts to a number: bytes as the text that they spell."""
    return plain_text(value, found) if found in ("BLOB", "VARCHAR") else value


def _name(value: str, found: str) -> str:
    """SQL for a value as a name: whole numbers without a point, so that `2.0` is the class `2`."""
    text = plain_text(value, found)
    if found in ("DOUBLE", "FLOAT") or found.startswith("DECIMAL"):
        whole = f"TRY_CAST({value} AS HUGEINT)"
        return f"CASE WHEN {whole} = {value} THEN CAST({whole} AS VARCHAR) ELSE {text} END"
    return text
