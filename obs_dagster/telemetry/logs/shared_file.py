"""A log file that several processes write, which is turned over when it is large."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from obs_dagster.file_lock import alone
from obs_dagster.permissions import as_started


class SharedFile(logging.Handler):
    """Appends lines to a file; each is written at once, so lines of processes do not run into one another.

    Whoever finds the file too large renames it, under a lock, and begins a new one. The others see that their
    file has another name now, or is gone because somebody else turned it over, and open the new one. What one
    of them writes in between is in the renamed file.

    Args:
        path: the file; its folder is made.
        most: bytes from which on it is turned over; 0: never, as where logrotate does it.
        keep: how many renamed files are kept, `PATH.1` the latest.
    """

    def __init__(self, path: Path, most: int, keep: int) -> None:
        super().__init__()
        self._path = path.expanduser().absolute()
        self._most = most
        self._keep = keep
        self._file: int | None = None
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; where it cannot be written that is said once on standard error."""
        try:
            line = f"{self.format(record)}\n".encode()
            self._current(len(line))
            if self._file is not None:
                os.write(self._file, line)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                print(f"The log file {self._path} cannot be written: {error.strerror}.", file=sys.stderr)  # noqa: T201  there is no log

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        super().close()

    def _current(self, more: int) -> None:
        """Have the file of the path open, and not too large for some more bytes."""
        if self._moved():
            self._open()
        if self._most and self._size() + more > self._most and self._size():
            with alone(self._path.with_name(f".{self._path.name}.turning")):
                # another one may have done it meanwhile
                if not self._moved():
                    self._turn_over()
                self._open()

    def _size(self) -> int:
        return 0 if self._file is None else os.fstat(self._file).st_size

    def _moved(self) -> bool:
        if self._file is None:
            return True
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return True
        mine = os.fstat(self._file)
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)

    def _open(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # somebody has asked for it, to have it read
        with as_started():
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def _turn_over(self) -> None:
        renamed = (self._path.with_name(f"{self._path.name}.{number}") for number in range(1, self._keep + 1))
        names = [self._path, *renamed]
        if not self._keep:
            self._path.unlink(missing_ok=True)
        for old, new in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if new.exists():
                new.replace(old)
