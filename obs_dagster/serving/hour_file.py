"""The file of one hour: appended to under a name that nobody reads, then renamed."""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

PART = ".part"
"""Ends the name of a file that is being written. No source reads such files."""

LINES = ".jsonl"

HOUR = 3600

#: So long another machine's file must have been left alone until it is taken for abandoned, in seconds.
_ABANDONED = 2 * HOUR

Finished = Callable[[Path], None]
"""Turns a complete file of lines, whose name ends in `.part`, into one that is read, and removes it."""


def as_lines(part: Path) -> None:
    """The file itself is what is read."""
    part.rename(part.with_suffix(""))


class HourFile:
    """A file of JSON lines that one process writes.

    It is held by a lock of the system, so that others see that its process lives.

    Args:
        folder: the folder of the table; the file lies in the folder of its day below it.
        hour: hours since 1970.

    Raises:
        OSError: it cannot be created.
    """

    __slots__ = ("_good", "_handle", "path")

    def __init__(self, folder: Path, hour: int) -> None:
        moment = time.gmtime(hour * HOUR)
        day = folder / time.strftime("day=%Y-%m-%d", moment)
        day.mkdir(parents=True, exist_ok=True)
        name = f"hour{moment.tm_hour:02}-{_machine()}-{_letters(10)}{LINES}{PART}"
        self.path = day / name
        self._good = 0
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._good

    def append(self, lines: bytes) -> None:
        """Write whole lines, all or none.

        Raises:
            OSError: they cannot be written.
        """
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            os.ftruncate(self._handle, self._good)
            raise
        self._good += len(lines)

    def finish(self, finished: Finished) -> None:
        """Let it be read.

        Raises:
            OSError: it cannot be synced or renamed; it is still there, and is recovered later.
        """
        try:
            os.fsync(self._handle)
            # somebody who shares the folder, and whose system does not tell who lives, may have been here
            if self.path.exists():
                finished(self.path)
        finally:
            self.forget()

    def forget(self) -> None:
        """Leave it to whoever else holds it, as the parent of a process that was forked."""
        os.close(self._handle)


def recover(folder: Path, finished: Finished) -> int:
    """Finish the files of processes that ended before they could, without a last line that was cut.

    A file of this machine is one of these if nobody holds it; of another machine only after two hours, for
    not every shared file system tells who holds what.

    Returns:
        How many there were.
    """
    count = 0
    for part in sorted(folder.glob(f"day=*/*{PART}")):
        try:
            count += _recovered(part, finished)
        except (
            OSError
        ):  # its process, or somebody else who recovers, was quicker; or there will be a next time
            continue
    return count


def _recovered(part: Path, finished: Finished) -> bool:
    if f"-{_machine()}-" not in part.name and time.time() - part.stat().st_mtime < _ABANDONED:
        return False
    handle = os.open(part, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino != part.stat().st_ino:
            return False
        end = _end_of_lines(handle)
        os.ftruncate(handle, end)
        os.fsync(handle)
        if end:
            finished(part)
        else:
            part.unlink()
    finally:
        os.close(handle)
    return True


def _end_of_lines(handle: int, step: int = 1 << 16) -> int:
    """Where the last whole line of a file ends."""
    end = os.fstat(handle).st_size
    while end:
        begin = max(0, end - step)
        if (at := os.pread(handle, end - begin, begin).rfind(b"\n")) >= 0:
            return begin + at + 1
        end = begin
    return 0


def leftovers(folder: Path) -> Iterator[Path]:
    """The files that are being written, or were when a process ended."""
    yield from sorted(folder.glob(f"day=*/*{PART}"))


def _letters(length: int) -> str:
    return "".join(chr(ord("a") + byte % 26) for byte in os.urandom(length))


def _machine() -> str:
    """The machine as six letters: no digits, in which somebody could see a day."""
    digest = zlib.crc32(os.uname().nodename.encode())
    return "".join(chr(ord("a") + digest // 26**place % 26) for place in range(6))
