"""What a source file was like when it was read, to see later whether it is still the same."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from obs_dagster.store import ObjectPath

_NANOSECONDS = 1_000_000_000
#: Bytes of the beginning and of the end of a file that are looked at, unless it is Parquet.
_END_BYTES = 1 << 16
#: A Parquet file ends with the length of its footer, and this.
_PARQUET, _LENGTH_BYTES = b"PAR1", 4


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file, or a table, at some moment.

    Attributes:
        name: the file's path, or the table's name.
        size: in bytes; None of a table.
        modified: when it was last written (ISO 8601, UTC, to the nanosecond); None of a table.
        content: digest of the part of the file that shows whether it was written anew: of Parquet the footer,
            of other files beginning and end, of objects the store's own tag, of a table all rows. Empty if it
            is not known.
    """

    name: str
    size: int | None
    modified: str | None
    content: str

    @classmethod
    def of(cls, file: Path) -> FileStamp:
        """The stamp of a file.

        Raises:
            OSError: the file cannot be read.
        """
        if isinstance(file, ObjectPath):
            found = file.stamped()
            written = found.modified.astimezone(dt.UTC)
            return cls(str(file), found.size, f"{written:%Y-%m-%dT%H:%M:%S}Z", found.tag.strip('"'))
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            content = hashlib.sha256(_ends(opened, status.st_size)).hexdigest()[:16]
        return cls(str(file), status.st_size, _utc(status.st_mtime_ns), content)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | str, path: str) -> FileStamp:
        """From what `to_json` returned, or from the text that manifests had before, of the file at a path."""
        if not isinstance(document, str):
            return cls(**document)
        size, _, modified = document.partition("-")
        return cls(path, int(size), _utc(int(modified)), "")

    def to_json(self) -> dict[str, Any]:
        """As plain data, for a manifest."""
        return asdict(self)

    def matches(self, other: FileStamp) -> bool:
        """Whether both are of the same file, and nobody wrote it in between."""
        known = bool(self.content and other.content)
        return (self.name, self.size, self.modified, self.content if known else "") == (
            other.name,
            other.size,
            other.modified,
            other.content if known else "",
        )


def fingerprint(stamps: Iterable[FileStamp]) -> str:
    """Changes when a file is added, removed or rewritten."""
    digest = hashlib.sha256()
    for each in stamps:
        digest.update(f"{each.name}\0{each.size}\0{each.modified}\0{each.content}\0".encode())
    return digest.hexdigest()[:16]


def _utc(nanoseconds: int) -> str:
    """A moment since the epoch in ISO 8601.

    >>> _utc(1_709_596_800_000_000_007)
    '2024-03-05T00:00:00.000000007Z'
    """
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _ends(file: BinaryIO, size: int) -> bytes:
    """A Parquet file's footer, or the first and last bytes of a file."""
    tail = _LENGTH_BYTES + len(_PARQUET)
    if size > tail:
        file.seek(size - tail)
        end = file.read(tail)
        footer = tail + int.from_bytes(end[:_LENGTH_BYTES], "little")
        if end.endswith(_PARQUET) and footer <= size:
            file.seek(size - footer)
            return file.read(footer)
    file.seek(0)
    first = file.read(_END_BYTES)
    file.seek(max(size - _END_BYTES, 0))
    return first + file.read(_END_BYTES)
