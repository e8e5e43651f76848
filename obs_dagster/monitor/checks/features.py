"""Features: a contract that some value can satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import feature_type, features
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, quoted
from obs_dagster.monitor.wording import found

_VALUES: dict[str, tuple[tuple[type, ...], str]] = {
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "category": ((str, int), "text or a whole number"),
    "boolean": ((bool,), "true or false"),
}


def bounds_are_sound(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`min` and `max` belong to numeric features, and `min` is not above `max`."""
    for name in features(document) or ():
        kind = feature_type(document, name)
        bounds = {bound: document.number("features", name, bound) for bound in ("min", "max")}
        for bound, value in bounds.items():
            if value is not None and kind in ("category", "boolean"):
                message = f"A feature of type {kind} has no `{bound}`; use `allowed`, or make it numeric."
                yield document.problem(("features", name, bound), message, at_key=True)
        low, high = bounds["min"], bounds["max"]
        if low is not None and high is not None and low > high:
            message = f"`min` is {low:.10g}, which is above `max`, {high:.10g}."
            yield document.problem(("features", name, "min"), message)


def allowed_values_are_sound(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`allowed` values have the feature's type and lie within its `min` and `max`; there is at least one."""
    for name in features(document) or ():
        keys = ("features", name, "allowed")
        if document.value(*keys) == []:
            yield document.problem(keys, "The list is empty, so no value would be legal.")
        low = document.number("features", name, "min")
        high = document.number("features", name, "max")
        for index, value in enumerate(document.items(*keys)):
            mistake = _mistake(value, feature_type(document, name), low, high)
            if mistake:
                yield document.problem((*keys, index), mistake)


def _mistake(value: Any, kind: str | None, low: float | None, high: float | None) -> str | None:
    if kind is None or not isinstance(value, str | int | float):
        return None
    types, words = _VALUES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return f"A feature of type {kind} takes {words}, found {found(value)}."
    if isinstance(value, str):
        return None
    if low is not None and value < low:
        return f"{quoted(str(value))} is below `min`, {low:.10g}."
    if high is not None and value > high:
        return f"{quoted(str(value))} is above `max`, {high:.10g}."
    return None
