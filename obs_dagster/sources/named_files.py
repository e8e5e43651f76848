"""Files whose path says what they are of: a day, or a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.path_values import as_expression


def named_files(kind: str, pattern: str, marker: str) -> Iterator[tuple[str, Path]]:
    """The files of a glob, each with what stands in its path where the glob has the marker.

    Args:
        kind: their format.
        pattern: the glob.
        marker: what stands for any part of a file's or a folder's name; no other part has it.

    Raises:
        SourceError: what matches is no file, or a folder cannot be looked into.
    """
    shape = re.compile(_shape(pattern, marker))
    for file in SourceFiles.find(kind, pattern.replace(marker, "*")).files:
        if match := shape.fullmatch(str(file)):
            yield match["name"], file


def _shape(pattern: str, marker: str) -> str:
    """A glob as a regular expression, with the marker's place as a group."""
    return as_expression(pattern).replace(marker, "(?P<name>[^/]+)", 1).replace(marker, "[^/]+")
