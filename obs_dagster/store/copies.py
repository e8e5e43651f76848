"""Local copies of objects, each of one version, which last as long as this process at most.

A night reads the same files of the lake many times, and text formats are read whole: an object is fetched
once, and what this process wrote itself it has already. Where copies need more room than there shall be,
those go that were not asked for the longest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from obs_dagster.file_lock import alone
from obs_dagster.scratch import scratch
from obs_dagster.store.protocol import Stamp, Store

#: Bytes that all copies may have together at most; of the disk they get this share of what is free.
ROOM, _SHARE = 64 << 30, 0.5
#: Those that were asked for in the last seconds stay in any case: whoever asked may be about to open them.
_STAY = 60.0
#: A larger object is fetched by one at a time, and others wait for that copy.
_LARGE = 16 << 20


def copy_of(store: Store, stamp: Stamp) -> Path:
    """The file that has the content that was stamped; it is not to be written to.

    Raises:
        StoreError, FileNotFoundError: as `Store.fetch`.
        OSError: the disk is full.
    """
    copy = _place(store, stamp)
    if not _is_there(copy):
        _make_room(copy.parent, stamp.size)
        _fetch(store, stamp, copy)
    return copy


def open_copy(store: Store, stamp: Stamp) -> int | None:
    """A descriptor of the copy, which is fetched if it is not there; None if the disk has no room for it.

    Raises:
        StoreError, FileNotFoundError: as `Store.fetch`.
    """
    while (found := open_kept(store, stamp)) is None:
        copy = _place(store, stamp)
        if not _make_room(copy.parent, stamp.size):
            return None
        try:
            _fetch(store, stamp, copy)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return None
    return found


def open_kept(store: Store, stamp: Stamp) -> int | None:
    """A descriptor of the copy, if it is there already."""
    copy = _place(store, stamp)
    try:
        return os.open(copy, os.O_RDONLY | os.O_CLOEXEC) if _is_there(copy) else None
    except FileNotFoundError:
        # another one needed the room meanwhile
        return None


def keep(store: Store, key: str, tag: str, file: Path) -> None:
    """Take a file that has just been written to the store as the copy, or remove it if there is no room.

    Args:
        store: where it was written.
        key: its key there.
        tag: that the store gave it; of none it could not be told whether it is still the content.
        file: the file, on the disk of the copies.
    """
    size = file.stat().st_size
    copy = _named(store, key, size, tag)
    if tag and _make_room(copy.parent, size, size):
        file.chmod(0o400)
        os.utime(file)
        file.replace(copy)
    else:
        file.unlink()


def _place(store: Store, stamp: Stamp) -> Path:
    """Where the copy is, or would be. Tags change with the content; without one, the time has to tell."""
    return _named(store, stamp.key, stamp.size, stamp.tag or str(stamp.modified))


def _named(store: Store, key: str, size: int, version: str) -> Path:
    folder = scratch() / "objects"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(f"{store.url}/{key}\0{version}\0{size}".encode()).hexdigest()
    # the ending tells a reader of text what is in it
    return folder / f"{name[:32]}{Path(key).name[-64:]}"


def _is_there(copy: Path) -> bool:
    try:
        os.utime(copy)
    except FileNotFoundError:
        return False
    return True


def _fetch(store: Store, stamp: Stamp, copy: Path) -> None:
    if stamp.size > _LARGE:
        with alone(copy.with_name(f".{copy.name[:32]}")):
            if not _is_there(copy):
                _fetch_alone(store, stamp, copy)
    else:
        _fetch_alone(store, stamp, copy)


def _fetch_alone(store: Store, stamp: Stamp, copy: Path) -> None:
    aside = copy.with_name(f".{uuid4().hex}")
    try:
        store.fetch(stamp, aside)
        aside.chmod(0o400)
        aside.replace(copy)
    finally:
        aside.unlink(missing_ok=True)


def _make_room(folder: Path, size: int, here: int = 0) -> bool:
    """Whether there is room for so many bytes more, of which some are on the disk, after old copies went."""
    kept = []
    for file in folder.glob("[!.]*"):
        with suppress(FileNotFoundError):
            status = file.stat()
            kept.append((status.st_mtime, status.st_size, file))
    taken = sum(each for _, each, _ in kept)
    over = size + taken - min(ROOM, int(_SHARE * (shutil.disk_usage(folder).free + here + taken)))
    for asked, each, file in sorted(kept):
        if over <= 0 or time.time() - asked < _STAY:
            break
        file.unlink(missing_ok=True)
        over -= each
    return over <= 0
