"""The keys of a monitor that hold paths, and what each path may leave open."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs_dagster.monitor.document import Document
from obs_dagster.monitor.placeholders import expand, is_set, variables
from obs_dagster.monitor.problem import Keys


@dataclass(frozen=True, slots=True)
class PathKey:
    """A key that holds a path.

    Attributes:
        keys: where it is.
        allowed: the placeholders that a run fills.
        required: those of them without which every run would read the same files.
    """

    keys: Keys
    allowed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


#: Sections whose rows may be in a warehouse.
SOURCES = ("logs", "labels")
_PATHS = (
    PathKey(("logs", "path"), allowed=("day",), required=("day",)),
    PathKey(("labels", "path")),
    PathKey(("quality", "suite")),
)
_TRAINING = PathKey(("baseline", "path"), allowed=("version",), required=("version",))


def paths(document: Document) -> Iterator[tuple[PathKey, str]]:
    """The paths of a monitor as they are written."""
    training = document.text("baseline", "kind") == "training"
    for path in (*_PATHS, _TRAINING) if training else _PATHS:
        text = document.text(*path.keys)
        if text is not None and not reads_table(document, path.keys[0]):
            yield path, text


def reads_table(document: Document, section: str | int) -> bool:
    """Whether a section's rows are in a table of a warehouse, so that its path is a URL."""
    return section in SOURCES and document.text(section, "source") == "ibis"


def with_variables(document: Document, environ: Mapping[str, str]) -> dict[str, Any]:
    """The document's values with the environment variables of its paths filled in, where they are set.

    URLs of routes and warehouses stay as they are: their variables are secrets, which the monitor must not
    hold.
    """
    data = copy.deepcopy(document.data)
    for path, text in paths(document):
        if all(is_set(name, environ) for name in variables(text)):
            data[str(path.keys[0])][path.keys[1]] = expand(text, environ)
    return data
