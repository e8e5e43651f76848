"""The paths that a monitor file has, and their environment variables."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from obs_dagster.monitor.baseline import baseline_in
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.path_key import PathKey
from obs_dagster.monitor.placeholders import expand, is_set, variables
from obs_dagster.monitor.source import has_path, source_in

_PATHS = (
    PathKey(("logs", "path"), allowed=("day", "version")),
    PathKey(("labels", "path")),
    PathKey(("quality", "suite")),
    PathKey(("components", "path"), allowed=("day",)),
    PathKey(("fairness", "held_apart", "path")),
    PathKey(("fairness", "held_apart", "counts")),
)


def paths(document: Document) -> Iterator[tuple[PathKey, str]]:
    """The paths of a monitor as they are written; where a source is not of files, its path is none."""
    baseline = baseline_in(document)
    for path in (*_PATHS, *(baseline.paths if baseline else ()), *_folders(document)):
        text = document.text(*path.keys)
        source = source_in(document, path.keys[0])
        if text is not None and (source is None or has_path(source, text)):
            yield path, text


def _folders(document: Document) -> Iterator[PathKey]:
    """The folders of images."""
    for name in document.mapping("features") or {}:
        yield PathKey(("features", name, "folder"))


def with_variables(document: Document, environ: Mapping[str, str]) -> dict[str, Any]:
    """The document's values with the environment variables of its paths filled in, where they are set.

    URLs of routes and of sources stay as they are: their variables are secrets, which the monitor must not
    hold.
    """
    data = copy.deepcopy(document.data)
    for path, text in paths(document):
        if all(is_set(name, environ) for name in variables(text)):
            around: Any = data
            for key in path.keys[:-1]:
                around = around[key]
            around[path.keys[-1]] = expand(text, environ)
    return data
