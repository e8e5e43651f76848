"""A disk that is full, a folder that cannot be written, a database that is locked: what each is told as."""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.errors import ObsError

_AGAIN = "then run the days again; what was evaluated before stays as it was."


class StorageError(ObsError):
    """A place that is written to cannot be: it is full, read-only, forbidden, damaged or locked."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A way in which storage fails.

    Attributes:
        codes: how the system names it.
        words: how libraries say it that keep the system's number to themselves.
        told: what is wrong.
        remedy: what to do.
    """

    codes: frozenset[int]
    words: re.Pattern[str]
    told: str
    remedy: str


_FAULTS = (
    _Fault(
        frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG}),
        re.compile(
            r"no space left|disk is full|disk full|quota exceeded|file too large|max_temp_directory_size"
            r"|failed to offload data block",
            re.IGNORECASE,
        ),
        "there is no room left",
        f"Free space there or raise the quota (`obs doctor` says how much there is), {_AGAIN}",
    ),
    _Fault(
        frozenset({errno.EROFS}),
        re.compile(
            r"read-only file system|readonly database|read-only database|in read-only mode", re.IGNORECASE
        ),
        "it is read-only",
        f"Make it writable, or set OBS_HOME (or OBS_LAKE) to a place that is, {_AGAIN}",
    ),
    _Fault(
        frozenset({errno.EACCES, errno.EPERM}),
        re.compile(r"permission denied|operation not permitted", re.IGNORECASE),
        "this user may not write or read it",
        f"Give the user that runs obs access to it, or set OBS_HOME to a place of its own, {_AGAIN}",
    ),
    _Fault(
        frozenset(),
        re.compile(r"unable to open database file", re.IGNORECASE),
        "its folder is missing, read-only, or closed to this user",
        f"Make the folder one that the user that runs obs can write, or set OBS_HOME to another, {_AGAIN}",
    ),
    _Fault(
        frozenset(),
        re.compile(r"database is locked|database table is locked|could not set lock on file", re.IGNORECASE),
        "another program holds its lock",
        f"Wait for the other program, or end it, {_AGAIN}",
    ),
    _Fault(
        frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO}),
        re.compile(r"disk i/o error|input/output error|stale file handle", re.IGNORECASE),
        "the disk does not read or write",
        f"Check the disk or the mount and its free space, {_AGAIN}",
    ),
)
_FOREIGN = ("duckdb", "pyarrow", "sqlite3", "sqlalchemy", "mlflow", "_duckdb")
_PATH = re.compile(r"""["'](/[^"'\\]+)\\?["']""")
_DENIED = 2


def storage_fault(error: BaseException, place: Path | str) -> StorageError | None:
    """What a fault of storage is told as; None if the error is something else.

    Args:
        error: as it was raised; its causes are looked at too.
        place: where, if the error itself does not say.
    """
    for each in _chain(error):
        fault = _fault(each)
        if fault is not None:
            told = f"{_place(each) or place} cannot be used: {fault.told} ({_text(each)})."
            return StorageError(told, remedy=fault.remedy)
    return None


def blames_storage(error: BaseException) -> bool:
    """Whether an error is about the places that are written to, and not about a file that is only read."""
    return any(_fault(each) not in (None, _FAULTS[_DENIED]) for each in _chain(error))


def _fault(error: BaseException) -> _Fault | None:
    if isinstance(error, OSError) and error.errno is not None:
        return next((fault for fault in _FAULTS if error.errno in fault.codes), None)
    module = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError | sqlite3.Error) or module in _FOREIGN:
        text = str(error)
        return next((fault for fault in _FAULTS if fault.words.search(text)), None)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _place(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return str(error.filename)
    found = _PATH.search(str(error))
    return found[1] if found else ""


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
