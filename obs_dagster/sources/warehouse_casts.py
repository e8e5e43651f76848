"""Values of a warehouse as the monitor declares them, as expressions of Ibis that run in the warehouse.

Types decide whether a column can be read where it is: a value that a database refuses to cast fails the whole
query, so only casts that cannot fail are made. What has no such form is null, and told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from obs_dagster.errors import SourceError
from obs_dagster.sources.classes import FALSE, TRUE, Classes

if TYPE_CHECKING:
    import ibis

NOT: Final = False
"""What a condition that is not known comes to, where rows are counted."""

#: Below it every whole number is a float.
_EXACT = float(1 << 53)
_LARGEST_LOG_ODDS = 700.0


def typed(value: ibis.Value, declared: str, name: str) -> tuple[ibis.Value, ibis.BooleanValue | None]:
    """A column as what is declared, and which values have no such form; None where all have one.

    Args:
        value: the column.
        declared: DuckDB's name of the declared type.
        name: of the column, for the error.

    Raises:
        SourceError: values of its type cannot be cast without that one fails.
    """
    kind = value.type()
    if declared == "VARCHAR" and (found := as_text(value)) is not None:
        return found, None
    if declared == "DOUBLE" and kind.is_numeric() and not kind.is_boolean():
        return value.cast("float64"), None
    if declared == "BIGINT" and kind.is_integer():
        return value.cast("int64"), None
    if declared == "BIGINT" and kind.is_floating():
        whole = (value.abs() < _EXACT) & (value.floor() == value)
        return _case((whole, value)).cast("int64"), value.notnull() & ~whole.fill_null(NOT)
    if declared == "BOOLEAN":
        return as_class(value, Classes(TRUE, FALSE), name)
    if declared == "TIMESTAMPTZ" and kind.is_timestamp():
        return value.cast("timestamp('UTC')"), None
    raise _unreadable(name, str(kind), declared)


def as_text(value: ibis.Value) -> ibis.Value | None:
    """A value as the text that a person would write for it; None of a type that has no plain one."""
    kind = value.type()
    if kind.is_string():
        return value
    whole = kind.is_integer() or (kind.is_decimal() and getattr(kind, "scale", None) == 0)
    if whole or kind.is_boolean() or kind.is_uuid() or kind.is_date():
        return value.cast("string")
    return None


def as_class(
    value: ibis.Value, classes: Classes, name: str
) -> tuple[ibis.BooleanValue, ibis.BooleanValue | None]:
    """Whether a value is of the positive class, null of neither; and which values are there and of neither.

    Args:
        value: a truth value, a number or a text.
        classes: the words of each class.
        name: of the column, for the error.

    Raises:
        SourceError: values of its type are no classes.
    """
    import ibis

    kind = value.type()
    if kind.is_boolean():
        cases = [
            (value if spelled == "true" else ~value, result)
            for words, result in ((classes.positive, True), (classes.negative, False))
            for spelled in ("true", "false")
            if spelled in words
        ]
    elif kind.is_numeric():
        named = [(_numbers(classes.positive), True), (_numbers(classes.negative), False)]
        cases = [(value.isin(numbers), result) for numbers, result in named if numbers]
    elif kind.is_string():
        # `1.0` is the class 1
        text = value.strip().lower().re_replace(r"\.0+$", "")
        named_words = [(classes.positive, True), (classes.negative, False)]
        cases = [(text.isin(sorted(words)), result) for words, result in named_words if words]
    else:
        raise _unreadable(name, str(kind), "BOOLEAN")
    found = ibis.null("boolean")
    for holds, result in reversed(cases):
        found = holds.ifelse(ibis.literal(result), found)
    there = value.notnull()
    if kind.is_floating():
        there &= ~value.isnan()
    if kind.is_string():
        there &= value.strip() != ""
    return found, there & found.isnull()


def as_number(value: ibis.Value, name: str) -> tuple[ibis.Value, ibis.BooleanValue]:
    """A label that is a number, null where it is none that is finite; and which are there and are infinite.

    Raises:
        SourceError: its type is no number.
    """
    kind = value.type()
    if not kind.is_numeric() or kind.is_boolean():
        raise _unreadable(name, str(kind), "DOUBLE")
    number = value.cast("float64")
    finite = ~(number.isnan() | number.isinf())
    return _case((finite, number)), number.isinf().fill_null(NOT)


def scaled(value: ibis.Value, scale: str) -> ibis.Value:
    """A probability, of what is written in percent or as log-odds."""
    import ibis

    if scale == "percent":
        return value / 100.0
    if scale == "log_odds":
        bounded = ibis.least(ibis.greatest(value, -_LARGEST_LOG_ODDS), _LARGEST_LOG_ODDS)
        return value.isnan().ifelse(value, 1.0 / (1.0 + (-bounded).exp()))
    return value


def _case(case: tuple[ibis.BooleanValue, ibis.Value]) -> ibis.Value:
    """A value where something holds, else null."""
    import ibis

    holds, value = case
    return holds.ifelse(value, ibis.null(value.type()))


def _numbers(words: frozenset[str]) -> list[float]:
    return sorted(float(each) for each in words if each.lstrip("-").replace(".", "", 1).isdigit())


def _unreadable(name: str, kind: str, declared: str) -> SourceError:
    wanted = {
        "VARCHAR": "a text",
        "DOUBLE": "a number",
        "BIGINT": "an integer",
        "BOOLEAN": "true or false",
        "TIMESTAMPTZ": "a time",
    }[declared]
    return SourceError(
        f"The column {name} of type {kind} cannot be counted in the warehouse as {wanted}: one value that "
        "has no such form would fail the query.",
        remedy="Declare it as what it is, cast it in a view that the monitor names, or leave out "
        "`engine: warehouse`.",
    )
