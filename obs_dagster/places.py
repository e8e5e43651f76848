"""Where obs-dagster writes, by the name and the setting that people know each place by."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.scratch import PREFIX
from obs_dagster.settings import Settings
from obs_dagster.store import is_remote

_FULL = 2**20
"""A place with less room than this, in bytes, is full."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is written to.

    Attributes:
        name: what it is.
        variable: the setting that says where it is.
        folder: the folder, which need not be there yet.
        begins: what names in it begin with that are ours.
    """

    name: str
    variable: str
    folder: Path
    begins: str = ""

    def __str__(self) -> str:
        return f"The {self.name} {self.folder} ({self.variable})"

    def holds(self, path: str) -> bool:
        """Whether a path is the folder, or one of ours in it."""
        return path == str(self.folder) or path.startswith(f"{self.folder}/{self.begins}")

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return not is_remote(self.folder)

    @property
    def near(self) -> Path:
        """The folder, or the nearest one above it that is there."""
        return next(each for each in (self.folder, *self.folder.parents) if each.exists())

    @property
    def free(self) -> int:
        """Its room in bytes."""
        return shutil.disk_usage(self.near).free

    @property
    def is_full(self) -> bool:
        """Whether it has no room left, as far as it can be asked; object storage always has."""
        if not self.is_local:
            return False
        try:
            return self.free < _FULL
        except OSError:
            return False

    @property
    def is_read_only(self) -> bool:
        """Whether its file system is, as far as it can be asked."""
        if not self.is_local:
            return False
        try:
            return bool(os.statvfs(self.near).f_flag & os.ST_RDONLY)
        except OSError:
            return False


def places(settings: Settings | None = None) -> tuple[Place, ...]:
    """The places that are written to: the lake if it is none of the home, the home, what is temporary.

    Args:
        settings: left out: those of the environment.
    """
    settings = settings or Settings()
    home = Place("home folder", "OBS_HOME", settings.root)
    lake = Place("lake", "OBS_LAKE", settings.lake_root)
    scratch = Place("folder for temporary files", "TMPDIR", Path(tempfile.gettempdir()), PREFIX)
    return (*(() if home.holds(str(lake.folder)) else (lake,)), home, scratch)
