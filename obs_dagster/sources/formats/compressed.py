"""Text files as they are, or compressed by gzip if their name says so."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from obs_dagster.sources.formats.part import UnreadableError


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file.

    Raises:
        UnreadableError: while they are read: it is called `.gz`, and is damaged, cut or not compressed.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError(
            file,
            f"it is no whole gzip file ({error})",
            "Write it anew, or name it without .gz if it is not compressed; then run the day again",
        ) from error
