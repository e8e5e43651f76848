"""An object as a file, which several threads read at once."""

from __future__ import annotations

import io
import threading
import weakref
from typing import Protocol


class Reading(Protocol):
    """Where the bytes of a file come from."""

    @property
    def size(self) -> int:
        """In bytes."""

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from a position up to another one, within the size."""

    def close(self) -> None:
        """Let go of it."""


class Content(io.RawIOBase):
    """What is read of an object, by several threads of DuckDB's at once.

    DuckDB has one of these for all its threads. Each seeks what it is to read and then reads it, and between
    these another one may have sought something else. So a thread reads where it last sought itself; one that
    has not sought since its last read goes on where the reading before ended, whichever thread's that was.
    """

    def __init__(self, reading: Reading) -> None:
        """A file of these bytes."""
        super().__init__()
        self._reading, self._size, self._at = reading, reading.size, 0
        self._sought = threading.local()
        self._let_go = weakref.finalize(self, reading.close)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Let go of what it is read from."""
        self._let_go()
        super().close()

    def tell(self) -> int:
        """Where this thread reads next."""
        found: int = getattr(self._sought, "at", self._at)
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Let this thread read from a position, counted from the beginning, from here or from the end."""
        before = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        self._at = self._sought.at = before + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end; all that follow if none are named."""
        begin = self.tell()
        vars(self._sought).pop("at", None)
        end = self._size if size < 0 else min(begin + size, self._size)
        self._at = max(begin, end)
        return self._reading.read(begin, end) if end > begin else b""
