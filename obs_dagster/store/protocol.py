"""What a store of objects does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stamp:
    """An object as it is at some moment.

    Attributes:
        key: its key.
        size: in bytes.
        modified: when it was written, to the second: stores tell no more of it in every answer.
        tag: changes with every other content (ETag).
        version: what the store counts writes by, where it does (the generation of Google Cloud Storage).
    """

    key: str
    size: int
    modified: dt.datetime
    tag: str
    version: str | None = None


class Store(Protocol):
    """Objects by their keys, `a/b/c`, below one bucket or container.

    Every method raises `StoreError` if the store cannot be reached or refuses, after it was tried again for a
    while; what the service asks to be slower about is waited for.
    """

    @property
    def url(self) -> str:
        """The address of the bucket, `s3://bucket`."""

    def stamp(self, key: str) -> Stamp | None:
        """The object of a key at this moment; None if there is none."""

    def below(self, folder: str) -> Iterator[Stamp]:
        """The objects whose keys begin with a folder, in the order of their keys."""

    def entries(self, folder: str) -> tuple[list[str], list[Stamp]]:
        """What is directly in a folder: the names of folders, and objects."""

    def fetch(self, stamp: Stamp, target: Path) -> None:
        """Write the content that was stamped into a local file, whole.

        Raises:
            FileNotFoundError: there is no such object any more.
            LostRaceError: the object is another one by now.
        """

    def read(self, stamp: Stamp, begin: int, end: int) -> bytes:
        """Some bytes of the content that was stamped.

        Raises:
            FileNotFoundError: there is no such object any more.
            LostRaceError: the object is another one by now.
        """

    def put(self, key: str, content: Path | bytes, before: Stamp | None) -> str:
        """Replace an object, or make it; a reader sees the old content or the new one.

        Returns the tag of what was written, or nothing if the answer with it was lost.

        Args:
            key: the key.
            content: a local file, or bytes.
            before: what it was like; None if there was none.

        Raises:
            LostRaceError: it is not as it was `before`; it stays as it is.
        """

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are none to remove."""
