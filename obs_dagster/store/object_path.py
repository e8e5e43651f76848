"""The path of an object, with the interface that paths of files have."""

from __future__ import annotations

import hashlib
import io
import os
import stat as modes
from collections.abc import Generator, Iterator
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any, ClassVar, NoReturn, Self

from obs_dagster.store.content import Content
from obs_dagster.store.copies import copy_of, keep
from obs_dagster.store.error import StoreError
from obs_dagster.store.objects import store_at
from obs_dagster.store.parts import Parts
from obs_dagster.store.pattern import literal_parts, matcher
from obs_dagster.store.protocol import Stamp, Store

_SECOND = 1_000_000_000


class ObjectPath(PosixPath):
    """A path such as `s3://bucket/a/b`: what reads files by their paths reads objects by theirs.

    Its text is its address, which DuckDB reads by (`obs_dagster.store.duckdb_files`). To libraries that open
    files of this machine it is a copy of what is there now, which can be read and not written. Objects are
    replaced whole (`replacing`); what only disks have, such as links, permissions and renaming, is refused.
    Folders are what begins the keys of objects, so they need no making, and are gone with their last object.
    """

    __slots__ = ()
    #: Whether this process has ever had one; until then nothing has to be loaded for objects.
    known: ClassVar[bool] = False

    def __new__(cls, *parts: str | os.PathLike[str], **keywords: Any) -> Self:
        """Also what is copied or unpickled comes by here."""
        ObjectPath.known = True
        return super().__new__(cls, *parts, **keywords)

    def __str__(self) -> str:
        scheme, _, rest = super().__str__().partition(":/")
        return f"{scheme}://{rest}"

    def __fspath__(self) -> str:
        return str(copy_of(self.store, self.stamped()))

    @property
    def store(self) -> Store:
        """The bucket that it is in."""
        scheme, bucket, *_ = self.parts
        return store_at(f"{scheme}//{bucket}")

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return "/".join(self.parts[2:])

    def stamp(self) -> Stamp | None:
        """The object at this moment; None if there is none."""
        return self.store.stamp(self.key) if self.key else None

    def stamped(self) -> Stamp:
        """The object at this moment.

        Raises:
            FileNotFoundError: there is none.
        """
        found = self.stamp()
        if found is None:
            raise FileNotFoundError(2, "No such object", str(self))
        return found

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Size and time; below the second the time tells contents apart, since stores tell no more of it.

        Raises:
            FileNotFoundError: there is neither an object nor a folder.
        """
        del follow_symlinks
        found = self.stamp()
        if found is None:
            if not self._is_folder():
                raise FileNotFoundError(2, "No such object", str(self))
            return os.stat_result((modes.S_IFDIR | 0o700, 0, 0, 1, 0, 0, 0, 0, 0, 0))
        content = int.from_bytes(hashlib.sha256(found.tag.encode()).digest()[:6], "big") % _SECOND
        when = int(found.modified.timestamp())
        nanoseconds = when * _SECOND + content
        return os.stat_result(
            (modes.S_IFREG | 0o600, 0, 0, 1, 0, 0, found.size, when, when, when),
            {"st_mtime_ns": nanoseconds, "st_atime_ns": nanoseconds, "st_ctime_ns": nanoseconds},
        )

    def lstat(self) -> os.stat_result:
        """As `stat`: there are no links."""
        return self.stat()

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is an object, or a folder of objects."""
        del follow_symlinks
        return self.stamp() is not None or self._is_folder()

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is an object."""
        del follow_symlinks
        return self.stamp() is not None

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there are objects below it."""
        del follow_symlinks
        return self._is_folder()

    def is_symlink(self) -> bool:
        """There are no links."""
        return False

    def _is_folder(self) -> bool:
        folders, objects = self.store.entries(self.key)
        return bool(folders or objects)

    def iterdir(self) -> Generator[Self, None, None]:
        """What is directly in the folder."""
        folders, objects = self.store.entries(self.key)
        for name in sorted([*folders, *(each.key.rpartition("/")[2] for each in objects)]):
            yield self / name

    def glob(self, pattern: str, **_: Any) -> Generator[Self, None, None]:
        """Objects and folders that match a pattern below this one; `**` is any number of folders."""
        fixed, rest = literal_parts(pattern)
        begin = self.joinpath(*fixed)
        if not rest:
            yield from [begin] if begin.exists() else []
            return
        matches, depth = matcher(rest), None if "**" in rest else len(rest)
        seen: set[str] = set()
        for found in self.objects(begin.key):
            parts = PurePosixPath(found.key).parts[len(PurePosixPath(begin.key).parts) :]
            for length in range(1, len(parts) + 1) if depth is None else (depth,):
                path = "/".join(parts[:length])
                if length <= len(parts) and path not in seen and matches(path):
                    seen.add(path)
                    yield begin / path

    def rglob(self, pattern: str, **_: Any) -> Generator[Self, None, None]:
        """As `glob` at any depth."""
        yield from self.glob(f"**/{pattern}")

    def objects(self, folder: str | None = None) -> Iterator[Stamp]:
        """All objects of the folder, in the order of their keys; not the marks of empty folders."""
        for found in self.store.below(self.key if folder is None else folder):
            if found.size or not found.key.endswith("/"):
                yield found

    def open(self, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any) -> Any:
        """Open what is there now for reading; another writer does not change what this reader sees.

        Raises:
            FileNotFoundError: there is no such object.
        """
        if set(mode) & set("wax+"):
            self._refuse()
        return io.open(os.fspath(self), mode, buffering, *args, **kwargs)  # noqa: UP020  builtins.open is shadowed

    def in_parts(self) -> Content:
        """What is there now as a file of which few parts are read; only these are fetched if it is large.

        Raises:
            FileNotFoundError: there is no such object.
        """
        return Content(Parts(self.store, self.stamped()))

    def take(self, file: Path, before: Stamp | None) -> None:
        """Become what a file below `working_folder` is, which is this process's copy from then on.

        Args:
            file: the content; it is gone afterwards.
            before: what the object was like; None if there was none.

        Raises:
            LostRaceError: it is not as it was `before`; it stays as it is.
        """
        keep(self.store, self.key, self.store.put(self.key, file, before), file)

    def read_bytes(self) -> bytes:
        """All of it."""
        with self.open("rb") as file:
            content: bytes = file.read()
        return content

    def read_text(self, encoding: str | None = None, errors: str | None = None, *_: Any) -> str:
        """All of it, as text."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002  as pathlib has it
        """Remove the object.

        Raises:
            FileNotFoundError: there is none, and that is not said to be fine.
        """
        if not missing_ok:
            self.stamped()
        self.store.remove([self.key])

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        """Folders need no making."""

    def absolute(self) -> Self:
        """It is."""
        return self

    def resolve(self, strict: bool = False) -> Self:  # noqa: FBT001, FBT002
        """There are no links."""
        del strict
        return self

    def expanduser(self) -> Self:
        """It has no home folder."""
        return self

    def is_absolute(self) -> bool:
        """An address is."""
        return True

    def relative_to(self, *other: Any, **_: Any) -> PurePosixPath:  # type: ignore[override]
        """The rest of the path below a folder.

        Raises:
            ValueError: it is not below it.
        """
        above = PurePosixPath(*other).parts
        if self.parts[: len(above)] != above:
            raise ValueError(f"{self} is not below {other[0]}")
        return PurePosixPath(*self.parts[len(above) :])

    def is_relative_to(self, *other: Any) -> bool:
        """Whether it is a folder, or below it."""
        above = PurePosixPath(*other).parts
        return self.parts[: len(above)] == above

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise StoreError(
            f"{self} is in object storage, where this is not possible.",
            remedy="Name a folder of this machine instead; docs/storage.md says what needs one.",
        )

    write_text = write_bytes = touch = rename = replace = chmod = rmdir = readlink = _refuse
    symlink_to = hardlink_to = samefile = owner = group = _refuse
