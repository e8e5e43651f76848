"""Classes: the values of the two differ, and there is something to read by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import roles
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem
from obs_dagster.monitor.wording import found


def classes_differ(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`negative` has other values than `positive`, whatever their case."""
    for part in ("logs", "labels"):
        default = True if part == "labels" else None
        positive = document.value(part, "positive")
        positive = default if positive is None else positive
        for keys, value in _negatives(document, part):
            if _read(value) == _read(positive):
                words = found(value)
                message = f"{words[0].upper()}{words[1:]} is the positive value already."
                yield document.problem(keys, message)


def decisions_have_a_column(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`positive` and `negative` of `logs` are about its column `prediction`, which then is mapped."""
    if "prediction" in roles(document, "logs"):
        return
    for key in ("positive", "negative"):
        if document.value("logs", key) is not None:
            message = "`logs.columns` maps no `prediction`, whose values this would name."
            yield document.problem(("logs", key), message, at_key=True)


def _negatives(document: Document, part: str) -> Iterator[tuple[Keys, Any]]:
    listed = document.value(part, "negative")
    if isinstance(listed, list):
        for index, value in enumerate(listed):
            yield (part, "negative", index), value
    elif listed is not None:
        yield (part, "negative"), listed


def _read(value: Any) -> str:
    return str(value).strip().lower()
