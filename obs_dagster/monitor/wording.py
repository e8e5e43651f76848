"""The words for types: what a key expects and what was found, in errors and in the reference alike."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from obs_dagster.monitor.problem import quoted

_ONE = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dt.date: "a date (YYYY-MM-DD)",
    dt.datetime: "a time (YYYY-MM-DD hh:mm)",
}
_MANY = {str: "texts", int: "whole numbers", float: "numbers", bool: "true or false", dt.date: "dates"}


Section = Callable[[type[BaseModel], str], str]
"""Words a nested model, given the model and the noun for it."""


def _noun(_: type[BaseModel], noun: str) -> str:
    return noun


def expected(annotation: Any, section: Section = _noun) -> str:
    """What a field of the typed model takes, in words.

    Args:
        annotation: the field's type.
        section: words a nested model.

    >>> expected(tuple[int, ...] | None)
    'a list of whole numbers'
    """
    return " or ".join(dict.fromkeys(_one(member, section) for member in members(annotation)))


def _one(annotation: Any, section: Section) -> str:
    if annotation in _ONE:
        return _ONE[annotation]
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        return f"a list of {_many(arguments[0], section)}"
    if get_origin(annotation) is dict:
        return f"a mapping of names to {_many(arguments[1], section)}"
    if get_origin(annotation) is Literal:
        return ("one of " if len(arguments) > 1 else "") + _listed(arguments)
    return section(annotation, "a mapping")


def _many(annotation: Any, section: Section) -> str:
    names = []
    for member in members(annotation):
        if member in _MANY:
            names.append(_MANY[member])
        elif get_origin(member) is tuple:
            names.append(f"lists of {_many(get_args(member)[0], section)}")
        elif get_origin(member) is Literal:
            names.append(_listed(get_args(member)))
        else:
            names.append(section(member, "mappings"))
    return " or ".join(names)


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(str(value) for value in values)


def members(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may have, without None.

    >>> members(int | None)
    (<class 'int'>,)
    """
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(member for member in get_args(annotation) if member is not type(None))


def found(value: Any) -> str:
    """What a value of a document is, in words.

    >>> found("yes")
    "the text 'yes'"
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value:.10g}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a list" if isinstance(value, list) else "a mapping"
