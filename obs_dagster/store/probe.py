"""Whether a folder of objects can be used as a lake: it is tried."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from obs_dagster.store.error import LostRaceError, StoreError
from obs_dagster.store.object_path import ObjectPath

_CONTENT = b"obs-dagster"


def probe(folder: Path) -> None:
    """Write an object, read it, see that a second writer is refused, and remove it.

    Raises:
        StoreError: one of these is not possible, or the store ignores the condition of a write.
    """
    if not isinstance(folder, ObjectPath):
        raise TypeError(folder)
    object_ = folder / f".probe-{uuid4().hex}"
    object_.store.put(object_.key, _CONTENT, None)
    try:
        if object_.read_bytes() != _CONTENT:
            raise StoreError(f"{folder} gives back something else than was written.")
        try:
            object_.store.put(object_.key, b"second", None)
        except LostRaceError:
            return
        raise StoreError(
            f"{folder} ignores the condition of a write (If-None-Match), so that of two writers at a time "
            "one's work would be lost.",
            remedy="Use a store, or a version of it, that has conditional writes.",
        )
    finally:
        object_.unlink(missing_ok=True)
