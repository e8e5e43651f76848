"""Local copies of objects, each of one version, which lasts as long as this process at most.

A night reads the same files of the lake many times, and text formats are read whole: an object is fetched
once. Where copies need more room than there shall be, those go that were not asked for the longest.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from obs_dagster.scratch import scratch
from obs_dagster.store.protocol import Stamp, Store

#: Bytes that all copies may have together.
ROOM = 4 << 30
#: Those that were asked for last stay in any case: whoever asked may be about to open them.
_STAY = 16


def copy_of(store: Store, stamp: Stamp) -> Path:
    """The file that has the content that was stamped; it is not to be written to.

    Raises:
        StoreError, FileNotFoundError: as `Store.fetch`.
    """
    folder = scratch() / "objects"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(f"{store.url}/{stamp.key}\0{stamp.tag}\0{stamp.size}\0{stamp.modified}".encode())
    # the ending tells a reader of text what is in it
    copy = folder / f"{name.hexdigest()[:32]}{Path(stamp.key).name[-64:]}"
    try:
        os.utime(copy)
    except FileNotFoundError:
        _make_room(folder, stamp.size)
        aside = folder / f".{uuid4().hex}"
        try:
            store.fetch(stamp, aside)
            aside.chmod(0o400)
            aside.replace(copy)
        finally:
            aside.unlink(missing_ok=True)
    return copy


def _make_room(folder: Path, size: int) -> None:
    kept = []
    for file in folder.glob("[!.]*"):
        with suppress(FileNotFoundError):
            status = file.stat()
            kept.append((status.st_mtime_ns, status.st_size, file))
    over = size + sum(each for _, each, _ in kept) - ROOM
    for _, each, file in sorted(kept)[:-_STAY]:
        if over <= 0:
            break
        file.unlink(missing_ok=True)
        over -= each
