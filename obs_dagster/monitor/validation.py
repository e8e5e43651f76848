"""Checks a document against the typed model and words what pydantic says for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from obs_dagster.monitor.choice import annotation_of
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.monitor.wording import expected, found, members

#: The end of pydantic's location of a key that is not legal, after the key.
_IS_KEY = "[key]"
_BOUNDS = {"ge": "at least", "le": "at most", "gt": "above", "lt": "below"}
_TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def validate(document: Document, data: dict[str, Any]) -> tuple[Monitor | None, list[Problem]]:
    """Make the typed monitor.

    Types are strict, as in the JSON Schema: `"7"` is no number and `yes` is a text.

    Args:
        document: the file, for the places of problems.
        data: its content, with environment variables filled in.

    Returns:
        The monitor, or None and the problems.
    """
    text = json.dumps(data)
    try:
        return Monitor.model_validate_json(text, strict=True, context=document.file.absolute()), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    spots = [_locate(detail["loc"]) for detail in details]
    around = {spot.keys[:depth] for spot in spots for depth in range(len(spot.keys))}
    unknown = _unknown_keys(document, details, spots)
    problems: dict[Keys, Problem] = dict(unknown)
    meant = {(*keys[:-1], problem.nearest) for keys, problem in unknown if problem.nearest}
    for detail, spot in zip(details, spots, strict=True):
        # Of the members of a union, the one that got furthest is the one that was meant.
        overtaken = spot.of_union and spot.keys in around
        misspelled = detail["type"] == "missing" and spot.keys in meant
        if not overtaken and not misspelled and spot.keys not in problems:
            problems[spot.keys] = _problem(document, detail, spot)
    return None, list(problems.values())


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where pydantic found an error: the key path in the document, and what the model has there.

    Attributes:
        keys: the key path.
        annotation: the type of the value there; None for an unknown key.
        model: the model of the mapping that the key is in.
        of_union: whether it is in a value that may be of several types.
    """

    keys: Keys
    annotation: Any
    model: type[BaseModel]
    of_union: bool


def _locate(loc: tuple[str | int, ...]) -> _Spot:
    """Follow a pydantic location, which also names members of unions, through the model."""
    keys: Keys = ()
    annotation: Any = Monitor
    model: type[BaseModel] = Monitor
    of_union = False
    for item in loc:
        if item == _IS_KEY:
            break
        choices = members(annotation)
        if len(choices) > 1:
            models = [choice for choice in choices if _is_model(choice)]
            if len(models) == len(choices):
                annotation = next(choice for choice in models if choice.model_fields["kind"].default == item)
                continue
            of_union = True
            annotation = next((choice for choice in models if choice.__name__ == item), annotation)
            lists = [choice for choice in choices if get_origin(choice) is tuple]
            if str(item).startswith("tuple") and lists:
                annotation = lists[0]
            continue
        keys = (*keys, item)
        annotation = choices[0]
        if _is_model(annotation):
            model = annotation
            annotation = fields(model).get(str(item))
        elif get_args(annotation):
            annotation = get_args(annotation)[1 if get_origin(annotation) is dict else 0]
    return _Spot(keys, annotation, model, of_union)


def fields(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a model as they are written in the file, with their types."""
    return {field.alias or name: annotation_of(field) for name, field in model.model_fields.items()}


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _unknown_keys(
    document: Document, details: list[ErrorDetails], spots: list[_Spot]
) -> list[tuple[Keys, Problem]]:
    def problems() -> Iterator[tuple[Keys, Problem]]:
        for detail, spot in zip(details, spots, strict=True):
            if detail["type"] == "extra_forbidden":
                siblings = document.mapping(*spot.keys[:-1]) or {}
                legal = list(fields(spot.model))
                absent = [name for name in legal if name not in siblings]
                problem = document.problem(
                    spot.keys,
                    "The key is unknown.",
                    legal=(*absent, *(name for name in legal if name in siblings)),
                    near=str(spot.keys[-1]),
                    at_key=True,
                )
                yield spot.keys, problem

    return list(problems())


def _problem(document: Document, detail: ErrorDetails, spot: _Spot) -> Problem:
    kind = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["loc"][-1] == _IS_KEY:
        return document.problem(spot.keys, _illegal_key(detail["msg"], context), at_key=True)
    value = document.value(*spot.keys)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _union_tag(document, spot)
    if kind == "string_pattern_mismatch":
        return _pattern(document, spot, value, context["pattern"])
    message = _constraint(kind, context, spot, value)
    return document.problem(spot.keys, message) if message else _wrong_type(document, spot, value)


def _constraint(kind: str, context: dict[str, Any], spot: _Spot, value: Any) -> str | None:
    """The sentence for a value that is absent, or has the right type but breaks a bound."""
    if kind == "missing":
        return f"The key is missing; expected {expected(spot.annotation)}."
    if kind in ("too_short", "string_too_short"):
        return "The value must not be empty."
    if kind == "string_too_long":
        most = context["max_length"]
        return f"The value must have at most {most} character{'s' * (most > 1)}, {_found(spot, value)}."
    if kind == "finite_number":
        return f"Expected a finite number, {_found(spot, value)}."
    words = _bound(context)
    return f"The value must be {words}, {_found(spot, value)}." if words else None


def _bound(context: dict[str, Any]) -> str:
    """The bound that was broken, in words; empty if it was none."""
    return next((f"{words} {context[name]:g}" for name, words in _BOUNDS.items() if name in context), "")


def _illegal_key(told: str, context: dict[str, Any]) -> str:
    """The sentence for a key that is of the wrong type, or breaks a bound."""
    words = _bound(context)
    return f"The key must be {words}." if words else f"The key is not legal: {told[0].lower()}{told[1:]}."


def _union_tag(document: Document, spot: _Spot) -> Problem:
    # `engine: spark` is short for a mapping with that kind
    keys = (*spot.keys, "kind") if document.text(*spot.keys) is None else spot.keys
    kinds = [choice.model_fields["kind"].default for choice in members(spot.annotation)]
    value = document.value(*keys)
    if value is None:
        message = "The key is missing or empty; it says what kind this is."
        return document.problem(keys, message, legal=kinds)
    return document.problem(keys, f"{_sentence(found(value))} is not a kind.", legal=kinds, near=str(value))


def _pattern(document: Document, spot: _Spot, value: Any, pattern: str) -> Problem:
    text = str(value)
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    meant = slug if slug and re.match(pattern, slug) else None
    return document.problem(spot.keys, f"{quoted(text)} does not match {pattern}.", meant=meant)


def _wrong_type(document: Document, spot: _Spot, value: Any) -> Problem:
    annotation = members(spot.annotation)
    message = f"Expected {expected(spot.annotation)}, {_found(spot, value)}."
    if get_origin(annotation[0]) is Literal and (len(annotation) == 1 or isinstance(value, str)):
        legal = [str(choice) for choice in get_args(annotation[0])]
        message = f"{_sentence(found(value))} is not a legal value."
        return document.problem(
            spot.keys, message, legal=legal, near=value if isinstance(value, str) else None
        )
    if annotation == (bool,) and isinstance(value, str):
        near = _TRUTH.get(value.lower(), value)
        return document.problem(spot.keys, message, legal=("true", "false"), near=near)
    if annotation == (str,) and isinstance(value, int | float):
        message += " Put it in quotes."
    return document.problem(spot.keys, message)


def _found(spot: _Spot, value: Any) -> str:
    # A route's URL may hold a secret: it is never shown.
    shown = "a text" if "url" in spot.keys and isinstance(value, str) else found(value)
    return f"found {shown}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
