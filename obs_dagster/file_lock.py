"""Files that are locked for as long as a process lives: the system lets go of them however it ends."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_ASIDE = re.compile(r"\..+\.[0-9a-f]{32}")
_LONGEST = 3_600.0
"""Seconds after which a file that is being made is not: it takes a moment."""

_held: dict[Path, int] = {}
"""The files that this process holds, with their descriptors; no other program inherits these."""


def hold(path: Path, content: str = "") -> None:
    """Hold a file until it is released or this process ends; several processes may hold the same one.

    Args:
        path: the file; it is made if there is none, and nobody sees it before it is locked.
        content: what a new file says.

    Raises:
        OSError: it cannot be written, or its file system knows no locks.
    """
    path = path.absolute()
    while path not in _held:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            _held[path] = _made(path, content)
            return
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _same_file(path, descriptor):
            _held[path] = descriptor
        else:
            # whoever held it has removed it meanwhile
            os.close(descriptor)


def release(path: Path) -> None:
    """Let go of a file that this process holds, and remove it."""
    descriptor = _held.pop(path.absolute(), None)
    if descriptor is not None:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process that lives holds the file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process is inside a block with the same file, which stays.

    Raises:
        OSError: it cannot be written, or its file system knows no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sweep_unseen(folder: Path) -> None:
    """Remove what processes have left that were killed when nobody could see yet that they hold a file."""
    for file in folder.glob(".*"):
        if _ASIDE.fullmatch(file.name):
            with suppress(FileNotFoundError):
                if time.time() - file.lstat().st_mtime > _LONGEST:
                    file.unlink()


def _made(path: Path, content: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.write(descriptor, content.encode())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    return descriptor


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
