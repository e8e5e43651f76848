"""A disk that is full, a folder that cannot be written, a database that is locked: what each is told as."""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.errors import ObsError
from obs_dagster.places import Place, places

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


_FULL = _Fault(
    frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG}),
    re.compile(
        r"no space left|disk is full|disk full|quota exceeded|file too large|max_temp_directory_size"
        r"|failed to offload data block",
        re.IGNORECASE,
    ),
    "there is no room left",
    f"Free space there or raise the quota (`obs doctor` says how much there is), {_AGAIN}",
)
_READ_ONLY = _Fault(
    frozenset({errno.EROFS}),
    re.compile(
        r"read-only file system|readonly database|read-only database|in read-only mode", re.IGNORECASE
    ),
    "it is read-only",
    f"Make it writable, or have the setting name a place that is, {_AGAIN}",
)
_DENIED = _Fault(
    frozenset({errno.EACCES, errno.EPERM}),
    re.compile(r"permission denied|operation not permitted", re.IGNORECASE),
    "this user may not write or read it",
    f"Give the user that runs obs access to it, or have the setting name a place of its own, {_AGAIN}",
)
_NOT_OPENED = _Fault(
    frozenset(),
    re.compile(r"unable to open database file", re.IGNORECASE),
    "its folder is missing, read-only, or closed to this user",
    f"Make the folder one that the user that runs obs can write, or set OBS_HOME to another, {_AGAIN}",
)
_LOCKED = _Fault(
    frozenset(),
    re.compile(r"database is locked|database table is locked|could not set lock on file", re.IGNORECASE),
    "another program holds its lock",
    f"Wait for the other program, or end it, {_AGAIN}",
)
_BROKEN = _Fault(
    frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO}),
    re.compile(r"disk i/o error|input/output error|stale file handle", re.IGNORECASE),
    "the disk does not read or write",
    f"Check the disk or the mount and its free space, {_AGAIN}",
)
_SHORT = (
    "Give the run more memory, or make room for temporary files, which stand in for it (TMPDIR; `obs doctor` "
    f"says how much there is), {_AGAIN}"
)
_FAULTS = (_FULL, _READ_ONLY, _DENIED, _NOT_OPENED, _LOCKED, _BROKEN)
_FOREIGN = ("duckdb", "pyarrow", "sqlite3", "sqlalchemy", "mlflow", "_duckdb")
_PATH = re.compile(r"""["'](/[^"'\\]+)\\?["']""")
_LONGEST = 200


def storage_fault(error: BaseException, place: Path | str) -> StorageError | None:
    """What a fault of storage is told as; None if the error is something else.

    Args:
        error: as it was raised; its causes are looked at too.
        place: where, if neither the error nor the state of the home, the lake and what is temporary says so.
    """
    for each in _chain(error):
        if _is_short_of_memory(each):
            return StorageError(f"There is no memory left ({_text(each)}).", remedy=_SHORT)
        fault = _fault(each)
        if fault is not None:
            fault, where = _where(fault, _place(each), place)
            return StorageError(f"{where} cannot be used: {fault.told} ({_text(each)}).", remedy=fault.remedy)
    return None


def blames_storage(error: BaseException) -> bool:
    """Whether an error is about the places that are written to, and not about a file that is only read."""
    return any(_fault(each) not in (None, _DENIED) for each in _chain(error))


def _is_short_of_memory(error: BaseException) -> bool:
    """Whether Python, DuckDB or Arrow could not get what it needs; where DuckDB could not spill is known."""
    if isinstance(error, MemoryError):
        return True
    return type(error).__name__ == "OutOfMemoryException" and _fault(error) is None


def _where(fault: _Fault, path: str, place: Path | str) -> tuple[_Fault, str]:
    """What is wrong and where, by the setting that people know the place by.

    Args:
        fault: what the error says; SQLite calls a full disk broken, and a read-only one missing.
        path: where, as far as the error says so.
        place: where else.
    """
    said, known = path or str(place), places()
    at = next((each for each in known if (each.holds(path) if path else str(each.folder) in said)), None)
    if not path:
        # it may be any of them: one that looks as the error says is to blame
        at = next((each for each in known if _looks(each, fault)), at)
    if at is None:
        return fault, said
    if fault is _BROKEN and at.is_full:
        fault = _FULL
    if fault is _NOT_OPENED and at.is_read_only:
        fault = _READ_ONLY
    whole = fault is _FULL or (fault is _READ_ONLY and not path)
    return fault, str(at) if whole or said == str(at.folder) else f"{said}, in the {at.name} ({at.variable}),"


def _looks(place: Place, fault: _Fault) -> bool:
    if fault is _FULL:
        return place.is_full
    return fault is _READ_ONLY and place.is_read_only


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
        # of a file that is copied the first one is what was read
        return str(error.filename if error.filename2 is None else error.filename2)
    found = _PATH.search(str(error))
    return found[1] if found else ""


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
