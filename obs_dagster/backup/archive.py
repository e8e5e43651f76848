"""The folder of a backup: files with their digests, and a document that says what they are, written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import write_json

DOCUMENT = "backup.json"
FORMAT = 1
"""A backup of a higher one was made by a newer program."""
HISTORY, LAKE, MONITORS, KEY = "history", "lake", "monitors", "pii.key"
_BLOCK = 1 << 20


class BackupError(ObsError):
    """A backup cannot be made, is not whole, or cannot be restored here."""


@dataclass(slots=True)
class Archive:
    """What a backup says about itself.

    Attributes:
        made_at: when (ISO, UTC).
        program: the version of obs-dagster that made it.
        revision: of the history store's tables.
        database: what the store was in, `sqlite` or `postgresql`.
        tracking_uri: where MLflow was, without user and password; the lake has the ids of its runs.
        running: runs that were alive meanwhile; their nights are as if they had been interrupted.
        files: size and SHA-256 of every file, by its path in the folder.
        format: of the folder.
    """

    made_at: str
    program: str
    revision: str
    database: str
    tracking_uri: str
    running: list[str] = field(default_factory=list)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    format: int = FORMAT

    @classmethod
    def read(cls, folder: Path) -> Archive:
        """The document of a backup.

        Raises:
            BackupError: there is none, or a newer program made it.
        """
        try:
            document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
            found = document["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupError(
                f"{folder} is no backup that was finished ({DOCUMENT} is missing or damaged).",
                remedy="Name the folder that `obs backup` wrote; make one that was interrupted again.",
            ) from error
        if found > FORMAT:
            raise BackupError(
                f"{folder} was made by a newer obs-dagster ({document.get('program')}), in a form that this "
                "version does not know.",
                remedy="Restore it with that version or a later one.",
            )
        files = {name: (size, digest) for name, (size, digest) in document.pop("files").items()}
        if outside := [name for name in files if ".." in Path(name).parts or Path(name).is_absolute()]:
            raise BackupError(
                f"{folder} is no backup of obs-dagster: {outside[0]!r} leads out of it.",
                remedy="Restore only what you have made.",
            )
        return cls(**document, files=files)

    def write(self, folder: Path) -> None:
        """Write the document: from now on the folder is a backup."""
        write_json(folder / DOCUMENT, asdict(self))

    def damaged(self, folder: Path) -> Iterator[str]:
        """What is wrong with files of the folder, a sentence each."""
        for name, (size, digest) in sorted(self.files.items()):
            path = folder / name
            if not path.is_file():
                yield f"{name} is missing."
            elif path.stat().st_size != size or _digest(path) != digest:
                yield f"{name} is not what was written."

    def require_whole(self, folder: Path) -> None:
        """Compare every file with what was written.

        Raises:
            BackupError: files are missing or damaged; it names them.
        """
        if wrong := list(self.damaged(folder)):
            more = f" And {len(wrong) - 5} more." if len(wrong) > 5 else ""  # noqa: PLR2004  as many as people read
            raise BackupError(
                f"The backup {folder} is damaged. {' '.join(wrong[:5])}{more}",
                remedy="Copy it anew from where it is whole, or restore an earlier one.",
            )

    def add(self, folder: Path, name: str) -> None:
        """Take a file that is there into account."""
        path = folder / name
        self.files[name] = (path.stat().st_size, _digest(path))


def copied(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file as it is at one moment; returns its size and digest.

    Files that are replaced meanwhile are read to their end as they were.

    Raises:
        FileNotFoundError: it has gone.
    """
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as written:
            while block := read.read(_BLOCK):
                digest.update(block)
                size += len(block)
                written.write(block)
            written.flush()
            os.fsync(written.fileno())
    return size, digest.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order; what is written aside, and locks, begin with a point."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
