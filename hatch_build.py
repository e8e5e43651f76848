"""The wheel's own names: `assets` and `jobs` are installed as `obs_dagster.assets` and `obs_dagster.jobs`.

Many teams have packages of these names, in the folder where they work or installed. Two of one name cannot
live in one process, and pip would write one over the other. So nothing but `obs_dagster` is installed at the
top; the two lie within it, with their imports of each other renamed. An editable installation keeps the
names of the source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_WITHIN = "obs_dagster"
_PACKAGES = ("assets", "jobs")


class OwnNames(BuildHookInterface):
    """Puts the two packages and the program's entry point below the distribution's own name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Give the wheel renamed copies of the packages.

        Raises:
            ValueError: an import has a form that cannot be renamed.
        """
        if version == "editable":
            return
        # kept, so that the copies are there until the wheel is written; they go with the hook
        self._copies = TemporaryDirectory(prefix="obs-dagster-wheel-")
        for package in _PACKAGES:
            for file in _files(Path(self.root, package)):
                place = file.relative_to(self.root)
                content = file.read_bytes()
                copy = Path(self._copies.name, place)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(renamed(content, str(place)) if file.suffix == ".py" else content)
                build_data["force_include"][str(copy)] = f"{_WITHIN}/{place.as_posix()}"
        scripts = self.metadata.core.scripts
        scripts.update({name: _own(reference) for name, reference in scripts.items()})


def _files(folder: Path) -> list[Path]:
    every = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in every if file.parent.name != "__pycache__")


def renamed(source: bytes, place: str) -> bytes:
    """The source of a module with its imports of the packages renamed; every line stays where it is.

    Raises:
        ValueError: an import has a form that cannot be renamed.
    """
    lines = source.splitlines(keepends=True)
    for line, column in sorted(_names(source, place), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:column] + f"{_WITHIN}.".encode() + text[column:]
    return b"".join(lines)


def _names(source: bytes, place: str) -> Iterator[tuple[int, int]]:
    """Line and column of every name to be renamed."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level and _is_own(node.module or ""):
            began = re.compile(rb"from\s+(?=\w)").match(lines[node.lineno - 1], node.col_offset)
            if began is None:
                raise ValueError(
                    f"{place}, line {node.lineno}: `from` and the module's name belong on one line."
                )
            yield node.lineno, began.end()
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_own(alias.name) and not alias.asname:
                    # it binds the name of the package itself, which is another one in the wheel
                    raise ValueError(
                        f"{place}, line {node.lineno}: write `from … import …` for {alias.name}."
                    )
                if _is_own(alias.name):
                    yield alias.lineno, alias.col_offset


def _own(reference: str) -> str:
    return f"{_WITHIN}.{reference}" if _is_own(reference.partition(":")[0]) else reference


def _is_own(module: str) -> bool:
    return module.partition(".")[0] in _PACKAGES
