"""Who may read what this program writes: its own user, unless `OBS_UMASK` says otherwise.

The home holds rows of people's logs, so files and folders are made without permissions for others. What an
earlier version has made in a home is closed once. A home that is shared on purpose, which its group may write
or whose files keep its group, stays as it is, and so does everything in a home that is not this program's:
the home itself is closed only where it holds nothing else. Places outside of it (`OBS_LAKE`, a SQLite file in
`OBS_DATABASE_URL`) are their owner's: only new files there are private.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obs_dagster.settings import Settings

_OURS = (
    "alive",
    "dagster",
    "demo",
    "exports",
    "history.db",
    "lake",
    "mlartifacts",
    "mlflow.db",
    "pii.key",
    "reports",
)
_SHARED = stat.S_IWGRP | stat.S_ISGID | stat.S_IWOTH

_given: list[int] = []
"""The mask that the process was started with."""


def keep_private(settings: Settings) -> list[Path]:
    """Have all that this process makes be private, and what it finds in the home.

    Returns:
        The files and folders of the home that others could read until now.
    """
    mask = int(settings.umask, 8)
    before = os.umask(mask)
    if not _given:
        _given.append(before)
    root = settings.root
    if not root.is_dir() or root.stat().st_mode & _SHARED:
        return []
    entries = [entry for entry in root.iterdir() if entry.name.startswith(_OURS)]
    changed = [entry for entry in entries if _restrict(entry, mask)]
    others = [entry for entry in root.iterdir() if entry not in entries and not entry.name.startswith(".")]
    if entries and not others and _restrict_one(root, mask):
        changed.append(root)
    return changed


@contextmanager
def as_started() -> Iterator[None]:
    """The permissions of the user's own choice, for a file that the user asked for."""
    if not _given:
        yield
        return
    own = os.umask(_given[0])
    try:
        yield
    finally:
        os.umask(own)


def open_as_started(path: Path) -> None:
    """Give a file or a folder that is there those permissions; for threads, which share one mask with all."""
    if _given:
        path.chmod((0o777 if path.is_dir() else 0o666) & ~_given[0])


def _restrict(entry: Path, mask: int) -> bool:
    """Take permissions from a file, or a folder and all in it; nobody gets into a folder that is closed."""
    if not _restrict_one(entry, mask):
        return False
    if entry.is_dir():
        for folder, folders, files in os.walk(entry):
            for name in (*folders, *files):
                _restrict_one(Path(folder, name), mask)
    return True


def _restrict_one(path: Path, mask: int) -> bool:
    try:
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        shared = stat.S_ISDIR(status.st_mode) and mode & _SHARED
        if stat.S_ISLNK(status.st_mode) or status.st_uid != os.geteuid() or shared or not mode & mask:
            return False
        path.chmod(mode & ~mask)
    except FileNotFoundError:
        return False
    return True
