"""What a document declares, as far as it can be read: the names that other keys refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from obs_dagster.monitor.content import CONTENT, PLAIN_TYPES, named
from obs_dagster.monitor.contract import Feature, FeatureType
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.federation import DIMENSION
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Keys


def roles(document: Document, part: str) -> dict[str, str]:
    """The columns that `logs` or `labels` maps, by role; of a role of several, by `role.name`."""
    found: dict[str, str] = {}
    for role, column in (document.mapping(part, "columns") or {}).items():
        several = (
            {f"{role}.{name}": each for name, each in column.items()} if isinstance(column, dict) else {}
        )
        found |= {name: each for name, each in (several or {role: column}).items() if isinstance(each, str)}
    return found


def mapped(document: Document, part: str) -> Iterator[tuple[Keys, str]]:
    """The columns that `logs` or `labels` maps, each with its place, those of a list or a mapping too."""
    for role, columns in (document.mapping(part, "columns") or {}).items():
        keys: Keys = (part, "columns", role)
        if isinstance(columns, str):
            yield keys, columns
        elif isinstance(columns, list | dict):
            named = columns.items() if isinstance(columns, dict) else enumerate(columns)
            yield from (((*keys, place), name) for place, name in named if isinstance(name, str))


def rules(document: Document) -> list[Keys]:
    """The places of alert rules, and of the word among them that stands for the default ones."""
    at: Keys = ("alerts",) if document.mapping("alerts") is None else ("alerts", "rules")
    return [(*at, index) for index in range(len(document.items(*at)))]


def conditions(document: Document) -> Iterator[Keys]:
    """The places of what is held against thresholds: rules, or their conditions under `all` or `any`."""
    for rule in rules(document):
        below: list[Keys] = [
            (*rule, key, place) for key in ("all", "any") for place in range(len(document.items(*rule, key)))
        ]
        yield from below or [rule]


def rule_of(condition: Keys) -> Keys:
    """The place of the rule that a condition is, or is one of."""
    return condition[:-2] if condition[-2] in ("all", "any") else condition


def features(document: Document) -> list[str] | None:
    """The names of the features; None if they cannot be read, and then no reference can be judged."""
    declared = document.mapping("features")
    return None if declared is None else list(declared)


def feature_type(document: Document, name: str) -> str | None:
    """The type of a feature, None if it has no legal one."""
    written = document.text("features", name, "type")
    if written is None and name in (made := described(document)):
        return made[name][1]
    return written if written in PLAIN_TYPES else None


def content(document: Document) -> dict[str, str]:
    """The type of each content column; none where a feature cannot be read."""
    written = {name: document.text("features", name, "type") for name in features(document) or ()}
    special = {name: kind for name, kind in written.items() if kind is not None and kind not in PLAIN_TYPES}
    # what content there is takes a moment to find, which most monitors need not wait for
    return {name: kind for name, kind in special.items() if kind in CONTENT.all()}


def described(document: Document) -> dict[str, tuple[str, str]]:
    """The features that describe content, each with the column and its type."""
    return {
        named(name, each.name): (name, each.type)
        for name, kind in content(document).items()
        for each in CONTENT.named(kind).descriptors(_feature(document, name, kind))
        if not (each.quotes and document.value("features", name, "pii") is True)
    }


def columns(document: Document) -> list[str] | None:
    """The features that are counted: the plain ones, and those that describe content; None as `features`."""
    declared = features(document)
    if declared is None:
        return None
    whole = content(document)
    return list(dict.fromkeys([*(name for name in declared if name not in whole), *described(document)]))


def _feature(document: Document, name: str, kind: str) -> Feature:
    """A content column, as far as what describes it depends on what the file says."""
    dimension = document.number("features", name, "dimension")
    # as the model has it
    sound = isinstance(dimension, int) and 1 <= dimension <= 16_384  # noqa: PLR2004
    return Feature.model_construct(
        type=cast("FeatureType", kind), dimension=int(dimension or 1) if sound else 1
    )


def splittable(document: Document, name: str) -> bool:
    """Whether a feature can be a segment column. One whose type cannot be read is not held against it."""
    kind = feature_type(document, name)
    return kind not in ("integer", "number") or (
        kind == "integer" and document.value("features", name, "allowed") is not None
    )


def cuts(document: Document) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The declared segments with their index, each as its columns."""
    return _splits(document, "segments")


def sites_dimension(document: Document) -> list[str]:
    """What the site is called among segments, where profiles of sites come together; else nothing."""
    if not document.mapping("federation", "sites"):
        return []
    return [document.text("federation", "dimension") or DIMENSION]


def attributes(document: Document) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The attributes by which groups of people are compared with their index, each as its columns."""
    return _splits(document, "fairness", "attributes")


def held_apart(document: Document) -> Iterator[tuple[int, str]]:
    """The attributes that are in files of their own, with their index."""
    for index, name in enumerate(document.items("fairness", "held_apart", "columns")):
        if isinstance(name, str):
            yield index, name


def _splits(document: Document, *keys: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    for index, cut in enumerate(document.items(*keys)):
        names = cut if isinstance(cut, list) else [cut]
        if all(isinstance(name, str) for name in names):
            yield index, tuple(names)


def windows(document: Document) -> list[int]:
    """The windows that are evaluated."""
    if document.value("windows") is None:
        return list(Monitor.model_fields["windows"].default)
    return [window for window in document.items("windows") if type(window) is int]
