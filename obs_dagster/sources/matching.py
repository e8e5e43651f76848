"""The files that a glob stands for; what is no file, or cannot be looked into, is said and not left out."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from obs_dagster.errors import SourceError
from obs_dagster.store import ObjectPath, is_remote, place
from obs_dagster.store.pattern import EVERYWHERE, literal_parts, matcher


def matching_files(pattern: str) -> list[Path]:
    """The files that match an absolute path or glob, sorted; `**` stands for any number of folders.

    Links are followed. As in a shell, `*`, `?` and `**` match no name that begins with a dot.

    Raises:
        SourceError: something matches that is no file, a link leads nowhere or in a circle, or a folder
            cannot be looked into.
    """
    if is_remote(pattern):
        return sorted(_objects(place(pattern)))
    anchor, *parts = Path(pattern).parts
    found = set(_matches(Path(anchor), parts, ()))
    # a pattern that ends with `**` means the files of a folder, and of those in it
    folders_match = bool(parts) and parts[-1] == EVERYWHERE
    return sorted(file for file in found if _is_file(file, folders_match=folders_match))


def _objects(pattern: Path) -> Iterator[Path]:
    """The objects that match a pattern; a store has no links, nor folders that a pattern could mean."""
    bucket, parts = place("/".join(pattern.parts[:2]).replace(":/", "://")), list(pattern.parts[2:])
    if not isinstance(bucket, ObjectPath):
        raise TypeError(pattern)
    fixed, rest = literal_parts("/".join(parts)) if parts else ([], [EVERYWHERE])
    begin = bucket.joinpath(*fixed)
    if not rest:
        if begin.stamp() is not None:
            yield begin
        elif begin.is_dir():
            raise _a_folder(begin)
        return
    matches = matcher(rest, hidden=False)
    below = len(begin.key) + bool(begin.key)
    for found in begin.objects():
        if matches(found.key[below:]):
            yield bucket / found.key


def _a_folder(path: Path) -> SourceError:
    return SourceError(
        f"{path} is a folder, and the path of the monitor is of files.",
        remedy="Add the files' names to the path, such as `/*.parquet`, or narrow it so that it "
        "doesn't match the folder.",
    )


def _matches(folder: Path, parts: Sequence[str], above: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    """What matches the parts of a pattern, from a folder on.

    Args:
        folder: the folder.
        parts: what is left of the pattern.
        above: device and inode of the folders that a `**` has come through.
    """
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == EVERYWHERE:
        yield from _anywhere(folder, rest, above)
    elif glob.has_magic(part):
        matches = re.compile(fnmatch.translate(part)).match
        for entry in _entries(folder):
            shown = not entry.name.startswith(".") or part.startswith(".")
            if shown and matches(entry.name) and (not rest or _is_folder(Path(entry.path))):
                yield from _matches(folder / entry.name, rest, ())
    elif rest or _exists(folder / part):
        yield from _matches(folder / part, rest, ())


def _anywhere(folder: Path, rest: Sequence[str], above: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    status = folder.stat() if folder.is_dir() else None
    if status is None:
        return
    place = (status.st_dev, status.st_ino)
    if place in above:
        raise SourceError(
            f"{folder} is a link to a folder that it lies in, so that `{EVERYWHERE}` would never end.",
            remedy="Remove the link, or write a path without `**`.",
        )
    if rest:
        yield from _matches(folder, rest, ())
    for entry in _entries(folder):
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if _is_folder(path):
            yield from _anywhere(path, rest, (*above, place))
        elif not rest:
            yield path


def _exists(path: Path) -> bool:
    """Whether there is something, even if it is a link to nowhere."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _not_a_file(path, f"cannot be looked at ({error.strerror})") from error
    return True


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing if there is none."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SourceError(
            f"The folder {folder} cannot be looked into ({error.strerror}).",
            remedy="Let the user that runs obs-dagster read it, or mount it again; then run again.",
        ) from error


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        # what it is instead is said where it matches
        return False


def _is_file(path: Path, *, folders_match: bool) -> bool:
    """Whether a match is a file; it is none if it was removed meanwhile, or folders are meant to match."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        if not path.is_symlink():
            return False
        raise _not_a_file(path, f"is a link to {path.readlink()}, which is not there") from error
    except OSError as error:
        raise _not_a_file(path, f"cannot be looked at ({error.strerror})") from error
    if stat.S_ISREG(mode):
        return True
    if stat.S_ISDIR(mode):
        if folders_match:
            return False
        raise _a_folder(path)
    kinds = {stat.S_ISFIFO: "a pipe (FIFO)", stat.S_ISSOCK: "a socket"}
    kind = next((name for is_kind, name in kinds.items() if is_kind(mode)), "a device")
    raise _not_a_file(path, f"is {kind}, not a file")


def _not_a_file(path: Path, what: str) -> SourceError:
    return SourceError(
        f"{path} matches the path of the monitor and {what}.",
        remedy="Remove it, or narrow the path so that it doesn't match it; then run again.",
    )
