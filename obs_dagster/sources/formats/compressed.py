"""Text files as they are, or compressed by gzip if their name says so."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from obs_dagster.sources.formats.part import UnreadableError

#: How compressed files begin, and what would have to be done to read them.
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "Name it {name}.gz"),
    b"PK\x03\x04": ("zip", "Unpack it (`unzip`), or compress it by gzip"),
    b"\x28\xb5\x2f\xfd": ("zstd", "Unpack it (`unzstd`), or compress it by gzip"),
    b"BZh91AY&SY": ("bzip2", "Unpack it (`bunzip2`), or compress it by gzip"),
    b"\xfd7zXZ\x00": ("xz", "Unpack it (`unxz`), or compress it by gzip"),
}


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file.

    Raises:
        UnreadableError: it is compressed, and its name does not say so; or, while the bytes are read: it is
            called `.gz`, and is damaged, cut or not compressed.
    """
    if file.suffix != ".gz":
        _check_plain(file)
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError(
            file,
            f"it is no whole gzip file ({error})",
            "Write it anew, or name it without .gz if it is not compressed; then run the day again",
        ) from error


def _check_plain(file: Path) -> None:
    with file.open("rb") as stream:
        first = stream.read(max(map(len, _COMPRESSED)))
    for mark, (kind, remedy) in _COMPRESSED.items():
        if first.startswith(mark):
            raise UnreadableError(file, f"it is compressed by {kind}", remedy.format(name=file.name))
