"""Objects as DuckDB reads them: no extension has to be downloaded for that."""

from __future__ import annotations

import datetime as dt
import io
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem

from obs_dagster.store.copies import copy_of
from obs_dagster.store.object_path import ObjectPath
from obs_dagster.store.objects import SCHEMES
from obs_dagster.store.place import place
from obs_dagster.store.protocol import Stamp

if TYPE_CHECKING:
    import duckdb

#: Larger objects are read in ranges, as columns and rows are asked for; others are fetched whole, once.
_WHOLE = 256 << 20


class _Objects(AbstractFileSystem):  # type: ignore[misc]
    """The objects of all stores, for one session.

    What a query sees of an object is the content that was there when the query was made, even if DuckDB opens
    the object several times.
    """

    protocol = tuple(SCHEMES)
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, Stamp] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def unstrip_protocol(self, name: str) -> str:
        """Names are whole addresses."""
        return name

    def glob(self, path: str, **_: Any) -> list[str]:
        """The object of the name: patterns are resolved before, and a name may look like one."""
        found = _object(path).stamp()
        if found is None:
            self._seen.pop(path, None)
            return []
        self._seen[path] = found
        return [path]

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is an object."""
        return bool(self.glob(path))

    def isfile(self, path: str) -> bool:
        """Whether there is an object."""
        return self.exists(path)

    def isdir(self, path: str) -> bool:
        """DuckDB is never given a folder."""
        del path
        return False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name and size."""
        return {"name": path, "size": self._stamp(path).size, "type": "file"}

    def size(self, path: str) -> int:
        """In bytes."""
        return self._stamp(path).size

    def modified(self, path: str) -> dt.datetime:
        """When it was written."""
        return self._stamp(path).modified

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """The content, to be read."""
        if mode != "rb":
            raise OSError(f"{path} is read, and not written, by DuckDB")
        store, stamp = _object(path).store, self._stamp(path)
        if stamp.size > _WHOLE:
            return _Content(stamp.size, lambda begin, end: store.read(stamp, begin, end))
        copy = os.open(copy_of(store, stamp), os.O_RDONLY)
        return _Content(
            stamp.size, lambda begin, end: os.pread(copy, end - begin, begin), lambda: os.close(copy)
        )

    def _stamp(self, path: str) -> Stamp:
        if path not in self._seen:
            self._seen[path] = _object(path).stamped()
        return self._seen[path]


class _Content(io.RawIOBase):
    """What is read of an object, by several threads of DuckDB's at once.

    DuckDB has one of these for all its threads. Each seeks what it is to read and then reads it, and between
    these another one may have sought something else. So a thread reads where it last sought itself; one that
    has not sought since its last read goes on where the reading before ended, whichever thread's that was.

    Args:
        size: in bytes.
        read_at: the bytes from a position up to another one, within the size.
        close: lets go of what it is read from.
    """

    def __init__(
        self, size: int, read_at: Callable[[int, int], bytes], close: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self._size, self._read_at, self._at = size, read_at, 0
        self._sought = threading.local()
        self._let_go = weakref.finalize(self, close)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._let_go()
        super().close()

    def tell(self) -> int:
        found: int = getattr(self._sought, "at", self._at)
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        before = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        self._at = self._sought.at = before + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        begin = self.tell()
        vars(self._sought).pop("at", None)
        end = self._size if size < 0 else min(begin + size, self._size)
        self._at = max(begin, end)
        return self._read_at(begin, end) if end > begin else b""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a session read objects by their addresses."""
    connection.register_filesystem(_Objects())


def _object(path: str) -> ObjectPath:
    found = place(path)
    if not isinstance(found, ObjectPath):
        raise FileNotFoundError(path)
    return found
