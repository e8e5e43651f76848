"""Objects as DuckDB reads them: no extension has to be downloaded for that."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem

from obs_dagster.store.content import Content
from obs_dagster.store.object_path import ObjectPath
from obs_dagster.store.objects import SCHEMES
from obs_dagster.store.parts import Parts
from obs_dagster.store.place import place
from obs_dagster.store.protocol import Stamp

if TYPE_CHECKING:
    import duckdb


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
        return Content(Parts(_object(path).store, self._stamp(path)))

    def _stamp(self, path: str) -> Stamp:
        if path not in self._seen:
            self._seen[path] = _object(path).stamped()
        return self._seen[path]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a session read objects by their addresses."""
    connection.register_filesystem(_Objects())
    # what is read is on disk, or read once
    connection.execute("SET enable_external_file_cache = false")


def _object(path: str) -> ObjectPath:
    found = place(path)
    if not isinstance(found, ObjectPath):
        raise FileNotFoundError(path)
    return found
