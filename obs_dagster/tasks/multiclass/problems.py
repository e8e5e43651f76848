"""What a monitor of a multiclass model lacks or has too much of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from obs_dagster.monitor.costs import prices_only
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.multiclass import MOST_CLASSES, OTHER_CLASS, class_name
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.monitor.roles import maps_only

_TASK = "multiclass_classification"
_LISTED: Keys = ("multiclass", "classes")
_SCORES: Keys = ("logs", "columns", "scores")


def problems(document: Document, roles: Collection[str], prices: Collection[str]) -> Iterator[Problem]:
    """The log needs scores or predictions, and the classes of both are told once.

    Args:
        document: the monitor.
        roles: the columns that the log may have.
        prices: the errors that may have a price.
    """
    yield from maps_only(document, roles, _TASK)
    yield from prices_only(document, prices, _TASK)
    yield from _priced(document)
    columns = document.mapping("logs", "columns") or {}
    if columns.get("scores") is None and columns.get("prediction") is None:
        message = f"One of the keys `scores` and `prediction` is missing: {_TASK} needs it."
        yield document.problem(("logs", "columns"), message, at_key=True)
    mapped = document.mapping(*_SCORES)
    listed = document.items(*_LISTED)
    if mapped is not None:
        yield from _classes(document, _SCORES, [str(class_name(name)) for name in mapped])
    if listed:
        yield from _classes(document, _LISTED, [str(class_name(name)) for name in listed])
    elif mapped is None:
        message = "The classes are missing: name them in `multiclass.classes`, in the order of the scores."
        yield document.problem(_LISTED, message, at_key=True)
    if listed and mapped is not None:
        yield from _same(document, listed, mapped)


def declared(document: Document) -> list[str]:
    """The classes that a document declares, in order; empty if it names none."""
    named = document.items(*_LISTED) or list(document.mapping(*_SCORES) or {})
    return [str(class_name(name)) for name in named]


def _classes(document: Document, keys: Keys, names: Sequence[str]) -> Iterator[Problem]:
    """There are some classes, but not too many, each once, and none has our name for the others."""
    if not 2 <= len(names) <= MOST_CLASSES:  # noqa: PLR2004  one class is no choice
        message = f"There are {len(names)} classes; between 2 and {MOST_CLASSES} are legal."
        yield document.problem(keys, message)
    if OTHER_CLASS in names:
        message = f"{quoted(OTHER_CLASS)} stands for all labels of no declared class; rename this one."
        yield document.problem(keys, message)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield document.problem(keys, f"The class {quoted(name)} is there twice.")


def _priced(document: Document) -> Iterator[Problem]:
    """Whose errors have prices are declared classes."""
    known = declared(document)
    for name in document.mapping("costs", "wrong") or {}:
        if known and class_name(name) not in known:
            message = f"The class {quoted(str(name))} is not declared."
            yield document.problem(
                ("costs", "wrong", name), message, legal=known, near=str(name), at_key=True
            )


def _same(document: Document, listed: Sequence[object], mapped: dict[str, object]) -> Iterator[Problem]:
    """What is listed are the classes that have scores."""
    scored = [str(class_name(name)) for name in mapped]
    for index, name in enumerate(listed):
        if class_name(name) not in scored:
            message = f"The class {quoted(str(name))} has no column in `logs.columns.scores`."
            yield document.problem((*_LISTED, index), message, legal=scored, near=str(name))
    missing = [name for name in scored if name not in {class_name(each) for each in listed}]
    if missing:
        message = f"The class {quoted(missing[0])} of `logs.columns.scores` is not listed."
        yield document.problem(_LISTED, message)
