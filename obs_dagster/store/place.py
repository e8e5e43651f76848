"""Where a text leads: to files of this machine, or to objects."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from obs_dagster.scratch import scratch
from obs_dagster.store.content import Content
from obs_dagster.store.error import StoreError
from obs_dagster.store.object_path import ObjectPath
from obs_dagster.store.objects import SCHEMES

#: Objects that are asked for one after the other, and how many at once of more than these.
_FEW, _AT_ONCE = 3, 16
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(.*)", re.DOTALL)


def place(text: str) -> Path:
    """The path of a file or folder, or of an object; the text of a path leads to it again.

    Raises:
        StoreError: it is an address of a kind that is not known, or has no bucket.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return Path(text)
    scheme, bucket, key = found.groups()
    if scheme not in SCHEMES:
        raise StoreError(
            f"{scheme}:// is no store of files that is known ({text}).",
            remedy=f"Known: {', '.join(f'{each}://' for each in SCHEMES)}, and paths of this machine.",
        )
    if not bucket:
        raise StoreError(f"{text} names no bucket.", remedy=f"Write {scheme}://bucket/folder.")
    return ObjectPath(f"{scheme}://{bucket}", *filter(None, key.split("/")))


def is_remote(text: str | Path) -> bool:
    """Whether a text, or a path, leads to objects.

    >>> is_remote("s3://bucket/logs"), is_remote("/data/logs")
    (True, False)
    """
    found = _ADDRESS.fullmatch(str(text))
    return found is not None and found[1] in SCHEMES


def working_folder(folder: Path) -> Path:
    """A folder where files may be made for the time being: this one, if it is of this machine."""
    return scratch() if isinstance(folder, ObjectPath) else folder


def are_files(paths: Sequence[Path]) -> list[bool]:
    """Whether each is a file; a store, whose answers take their time, is asked for many objects at once."""
    if len(paths) < _FEW or not any(isinstance(each, ObjectPath) for each in paths):
        return [each.is_file() for each in paths]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(paths), _AT_ONCE)) as pool:
        return list(pool.map(lambda path: path.is_file(), paths))


def in_parts(path: Path) -> Path | Content:
    """What a library opens that reads few parts of a file: of a large object only these are fetched.

    Raises:
        FileNotFoundError: it is an object that is not there.
    """
    return path.in_parts() if isinstance(path, ObjectPath) else path


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it."""
    if isinstance(folder, ObjectPath):
        folder.store.remove(each.key for each in folder.store.below(folder.key))
    else:
        shutil.rmtree(folder)
