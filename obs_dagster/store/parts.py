"""The bytes of one version of an object: of a local copy, or by requests for ranges."""

from __future__ import annotations

import os
import threading
from collections import Counter

from obs_dagster.store.copies import open_copy, open_kept
from obs_dagster.store.protocol import Stamp, Store

#: A larger object is not fetched for a part of it,
_WHOLE = 64 << 20
#: until this share of it was read: then all of it comes, once for all who read it.
_SHARE = 0.2

_read: Counter[tuple[str, str, str]] = Counter()
"""Bytes that this process has read in ranges of each version of an object."""


class Parts:
    """A copy's bytes if there is one; in ranges while few are asked for, or if the disk has no room."""

    def __init__(self, store: Store, stamp: Stamp) -> None:
        """Open the version that was stamped; what is small is fetched."""
        self._store, self._stamp = store, stamp
        self._name = (store.url, stamp.key, stamp.tag)
        self._copy = (open_kept if stamp.size > _WHOLE else open_copy)(store, stamp)
        self._may_be_fetched = self._copy is None and stamp.size > _WHOLE
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """In bytes."""
        return self._stamp.size

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from a position up to another one, within the size."""
        if self._may_be_fetched:
            self._fetch_if_worth_it(end - begin)
        if self._copy is None:
            return self._store.read(self._stamp, begin, end)
        return os.pread(self._copy, end - begin, begin)

    def _fetch_if_worth_it(self, more: int) -> None:
        with self._lock:
            if self._may_be_fetched:
                _read[self._name] += more
                if _read[self._name] > _SHARE * self._stamp.size:
                    self._copy = open_copy(self._store, self._stamp)
                    self._may_be_fetched = False

    def close(self) -> None:
        """Let go of the copy."""
        if self._copy is not None:
            os.close(self._copy)
