"""This process's folder below the system's temporary one; if it was killed, another one sweeps it."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from obs_dagster.file_lock import hold, is_held

PREFIX = "obs-dagster-"
_ALIVE = "alive"
_EARLIER = re.compile(r"obs-(duckdb|evidently|model)-\w+")
"""Folders of earlier versions, which nobody holds."""

OLD = 86_400.0
"""Seconds after which what nobody holds is left over: it was last written longer ago than any run lasts."""


_shared: list[Path] = []


def share(folder: Path) -> None:
    """Use the folder of the process that this one works for, which removes it."""
    _shared.append(folder)


def scratch() -> Path:
    """The folder, which lasts as long as this process."""
    folder = _shared[-1] if _shared else _own()
    # a system that tidies up may have taken it from a process that lives for weeks
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@cache
def _own() -> Path:
    place = Path(tempfile.gettempdir())
    sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    hold(folder / _ALIVE)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sweep(place: Path) -> None:
    """Remove the folders of processes that were killed; those of live ones, and of other users, stay."""
    for folder in place.glob("obs-*"):
        try:
            status = folder.lstat()
            if status.st_uid == os.geteuid() and folder.is_dir() and _is_left(folder, status.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # somebody else has removed it
            continue


def _is_left(folder: Path, changed: float) -> bool:
    old = time.time() - changed > OLD
    if folder.name.startswith(PREFIX):
        try:
            return not is_held(folder / _ALIVE)
        except FileNotFoundError:
            # it has only been made this moment, or its process was killed then
            return old
    return old and _EARLIER.fullmatch(folder.name) is not None
