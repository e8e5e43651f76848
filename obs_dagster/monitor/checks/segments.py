"""Segments and attributes of people: columns with few values that rows can be split by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import (
    attributes,
    columns,
    cuts,
    feature_type,
    held_apart,
    splittable,
)
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted

# They have a meaning in the names of segment cells: `*`, `origin=JFK,carrier=AA`.
_MARKS = re.compile(r"[=,*]")
_ATTRIBUTES = ("fairness", "attributes")
Splits = Iterable[tuple[int, tuple[str, ...]]]


def segments_are_features(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`segments` are declared features of type category or boolean, or integer with `allowed`."""
    yield from _are_features(document, ("segments",), cuts(document))


def attributes_are_features(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`fairness.attributes` are features as `segments` are."""
    yield from _are_features(
        document, _ATTRIBUTES, attributes(document), [name for _, name in held_apart(document)]
    )


def segments_are_distinct(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A segment is declared once, and a crossing names two or more different columns."""
    yield from _are_distinct(document, ("segments",), cuts(document))


def attributes_are_distinct(document: Document, _: Surroundings) -> Iterator[Problem]:
    """So is an attribute of `fairness`."""
    yield from _are_distinct(document, _ATTRIBUTES, attributes(document))


def _are_features(
    document: Document, place: Keys, splits: Splits, besides: Sequence[str] = ()
) -> Iterator[Problem]:
    """Each is a feature that rows can be split by, or one of the names besides."""
    declared = columns(document)
    if declared is None:
        return
    declared = list(dict.fromkeys([*declared, *besides]))
    legal = [
        name
        for name in declared
        if (name in besides or splittable(document, name)) and not _MARKS.search(name)
    ]
    for index, cut in splits:
        crossing = isinstance(document.value(*place, index), list)
        for position, name in enumerate(cut):
            keys = (*place, index, position) if crossing else (*place, index)
            if name not in declared:
                message = f"{quoted(name)} is not a declared feature."
                yield document.problem(keys, message, legal=legal, near=name)
            elif _MARKS.search(name):
                message = f"{quoted(name)} cannot name a segment: it has `=`, `,` or `*` in it."
                yield document.problem(keys, message)
            elif name not in legal:
                kind = feature_type(document, name)
                hint = "; give it `allowed` values or" if kind == "integer" else ";"
                message = f"{quoted(name)} is of type {kind}{hint} make it a category to split by it."
                yield document.problem(keys, message, legal=legal)


def _are_distinct(document: Document, place: Keys, splits: Splits) -> Iterator[Problem]:
    seen: dict[frozenset[str], int] = {}
    for index, cut in splits:
        keys = (*place, index)
        columns = frozenset(cut)
        if not cut:
            yield document.problem(keys, "The crossing is empty.")
        elif len(columns) < len(cut):
            twice = next(name for name in cut if cut.count(name) > 1)
            yield document.problem(keys, f"The crossing names {quoted(twice)} twice.")
        elif columns in seen:
            message = f"These columns are already split by in {place[-1]}[{seen[columns]}]."
            yield document.problem(keys, message)
        else:
            seen[columns] = index
            if isinstance(document.value(*keys), list) and len(cut) == 1:
                yield document.problem(keys, f"A crossing of one column is written {quoted(cut[0])}.")
