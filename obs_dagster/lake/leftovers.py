"""What a process writes aside in the lake bears its mark, by which what a killed one left is found."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from obs_dagster.file_lock import hold, is_held, release, sweep_unseen
from obs_dagster.scratch import OLD
from obs_dagster.store import ObjectPath

_CLAIMS = ".alive"
_MARKED = re.compile(r"\..*[.-]([0-9a-f]{12})-\w+")
_UNMARKED = re.compile(r"\..+\.[0-9a-f]{32}|\.(baseline|fetched)-\w{8}")
"""What earlier versions called it."""

_mark = uuid4().hex[:12]


def mark() -> str:
    """This process's mark."""
    return _mark


def adopt(given: str) -> None:
    """Go by the mark of the process that this one works for."""
    global _mark  # noqa: PLW0603  it is the process's
    _mark = given


def aside(path: Path) -> Path:
    """A path beside another one for what is going to take its place.

    >>> aside(Path("lake/data.parquet")).name.startswith(".data.parquet.")
    True
    """
    return path.with_name(f".{path.name}.{_mark}-{uuid4().hex[:20]}")


@contextmanager
def claimed(root: Path) -> Iterator[None]:
    """Let others see, while the block lasts, that what bears this process's mark below a lake is in use.

    What killed processes have left there is removed first. Nothing is written aside in object storage, so
    nothing is left there.
    """
    claim(root)
    try:
        yield
    finally:
        release(root / _CLAIMS / _mark)


def claim(root: Path) -> None:
    """The same until this process ends.

    Raises:
        OSError: the lake cannot be written.
    """
    if isinstance(root, ObjectPath):
        return
    own = root / _CLAIMS / _mark
    first = not own.parent.exists()
    hold(own)
    sweep_unseen(own.parent)
    dead = _dead(own.parent)
    if first or dead:
        sweep(root, dead)
        for each in dead:
            (own.parent / each).unlink(missing_ok=True)


def _dead(claims: Path) -> list[str]:
    dead = []
    for file in claims.glob("[!.]*"):
        with suppress(FileNotFoundError):
            if not is_held(file):
                dead.append(file.name)
    return dead


def sweep(root: Path, dead: Collection[str]) -> None:
    """Remove what bears the marks of dead processes; without a mark, what has not been written for a day."""
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            if name.startswith(".") and name != _CLAIMS and _is_left(path, dead):
                _remove(path)
        folders[:] = [name for name in folders if not name.startswith(".")]


def _is_left(path: Path, dead: Collection[str]) -> bool:
    if found := _MARKED.fullmatch(path.name):
        return found[1] in dead or _is_old(path)
    return _UNMARKED.fullmatch(path.name) is not None and _is_old(path)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > OLD
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
