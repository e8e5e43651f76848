"""Subjects of alert rules: the columns and segment cells that a rule watches exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from urllib.parse import unquote

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import (
    attributes,
    columns,
    conditions,
    cuts,
    mapped,
    roles,
    rules,
    sites_dimension,
)
from obs_dagster.monitor.data import OUTPUT_ROLES
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.monitor.system import DONE, PART_CUT
from obs_dagster.monitor.task import HasClasses, task_in
from obs_dagster.monitor.whole import WHOLE

# What the names of segment cells escape, so that no value can pass for another cell.
_VALUE = re.compile(r"(?:[^%=]|%25|%2C|%3D)*")
# The cells of missing and of rare values, and of rankings whose rows have several.
_GATHERED = ("(null)", "(other)", "(mixed)")


def columns_are_declared(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule's `columns` are features, or the score or prediction column, or a pattern that means such."""
    declared = columns(document)
    if declared is None:
        return
    outputs = [column for keys, column in mapped(document, "logs") if keys[2] in OUTPUT_ROLES]
    # A decision that is derived from the score goes by the name of its role.
    outputs += ["prediction"] if "prediction" not in roles(document, "logs") else []
    groups = [",".join(cut) for _, cut in attributes(document)]
    legal = list(dict.fromkeys((*declared, *outputs, *groups)))
    for place in conditions(document):
        for position, name in enumerate(document.items(*place, "columns")):
            if isinstance(name, str) and not _means_one(name, legal):
                keys = (*place, "columns", position)
                message = f"{quoted(name)} is neither a feature nor a column that the model puts out."
                yield document.problem(keys, message, legal=legal, near=name)


def classes_are_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule's `classes` are those of the task, where the file says which: of `ranking`, its cut-offs."""
    task: object = task_in(document)
    legal = task.classes(document) if isinstance(task, HasClasses) else None
    if legal is None:
        return
    for place in conditions(document):
        for position, name in enumerate(document.items(*place, "classes")):
            if isinstance(name, str) and not _means_one(name, legal):
                keys = (*place, "classes", position)
                message = f"{quoted(name)} is none that metrics of a class are about."
                yield document.problem(keys, message, legal=list(legal), near=name)


def cells_are_declared(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule's `segments` are `*`, a declared segment (`origin`, `origin,carrier`), or a cell of one."""
    declared = [cut for _, cut in cuts(document)]
    declared += [(name,) for name in sites_dimension(document)]
    for rule in rules(document):
        for position, cell in enumerate(document.items(*rule, "segments")):
            if isinstance(cell, str) and cell != WHOLE:
                yield from _cell(document, (*rule, "segments", position), cell, declared)


def _means_one(name: str, known: Iterable[str]) -> bool:
    """Whether a name or pattern is one of the known names, or means any of them."""
    return name in known or any(fnmatchcase(each, name) for each in known)


def _cell(document: Document, keys: Keys, cell: str, declared: list[tuple[str, ...]]) -> Iterator[Problem]:
    parts = [part.partition("=") for part in cell.split(",")]
    names = tuple(name for name, _, _ in parts)
    if len(names) == 1 and names[0].startswith(PART_CUT) and document.mapping("components") is not None:
        _, equals, did = parts[0]
        if equals and not _means_one(did, DONE):
            message = f"A component does not do {quoted(did)} in a request."
            yield document.problem(keys, message, legal=list(DONE), near=did)
    elif names not in declared:
        yield _undeclared(document, keys, names, declared)
    elif len({equals for _, equals, _ in parts}) > 1:
        message = "Give each column of the crossing a value (one cell), or none (all cells)."
        yield document.problem(keys, message)
    elif not all(_VALUE.fullmatch(value) for _, _, value in parts):
        message = "In a value, `%` is written `%25`, `,` is written `%2C` and `=` is written `%3D`."
        yield document.problem(keys, message)
    else:
        for name, equals, written in parts:
            allowed = [_text(item) for item in document.items("features", name, "allowed")]
            value = unquote(written)
            if equals and allowed and not _means_one(value, (*allowed, *_GATHERED)):
                message = f"{quoted(value)} is not an allowed value of {quoted(name)}."
                yield document.problem(keys, message, legal=allowed, near=value)


def _undeclared(
    document: Document, keys: Keys, names: tuple[str, ...], declared: list[tuple[str, ...]]
) -> Problem:
    shown = ",".join(names)
    legal = [WHOLE, *(",".join(cut) for cut in declared)]
    for cut in declared:
        if set(cut) == set(names):
            message = f"The crossing {quoted(shown)} is declared in another order."
            return document.problem(keys, message, legal=legal, meant=",".join(cut))
    message = f"{quoted(shown)} is not among the monitor's `segments`."
    return document.problem(keys, message, legal=legal, near=shown)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
