"""Make a backup while nights run.

The store is copied first, then the lake. So the lake is never behind the store: a night that ends in between
is one that was interrupted, and running it again completes it, as after a kill.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from obs_dagster import __version__
from obs_dagster.backup import store
from obs_dagster.backup.archive import (
    HISTORY,
    KEY,
    LAKE,
    MONITORS,
    Archive,
    BackupError,
    copied,
    files_below,
)
from obs_dagster.file_lock import is_held
from obs_dagster.mlflow_reach.place import without_password
from obs_dagster.pseudonym import KEY_FILE
from obs_dagster.settings import Settings
from obs_dagster.store import is_remote

_MONITORS = frozenset({".yaml", ".yml", ".json"})


def make_backup(settings: Settings, folder: Path, now: dt.datetime, *, verify: bool = False) -> Archive:
    """Copy the history store, the lake, the monitors and the key of pseudonyms into a new folder.

    Args:
        settings: say where they are.
        folder: the folder, which is empty or not there; only its owner may look into it.
        now: when.
        verify: read everything again and compare it with what was written.

    Raises:
        BackupError: the folder is not empty, or lies in what is copied.
        HistoryError, OSError: something cannot be read or written.
    """
    require_local(settings)
    _require_free(settings, folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    running = list(_running(settings))
    database, revision = store.dump(settings.history_url, folder / HISTORY)
    archive = Archive(
        made_at=now.astimezone(dt.UTC).isoformat(),
        program=__version__,
        revision=revision,
        database=database,
        tracking_uri=without_password(settings.mlflow_uri),
        running=running,
    )
    for file in sorted((folder / HISTORY).iterdir()):
        archive.add(folder, f"{HISTORY}/{file.name}")
    _copy(archive, folder, LAKE, settings.lake_root, files_below(settings.lake_root))
    monitors = settings.monitors.expanduser().absolute()
    chosen = (file for file in files_below(monitors) if file.suffix in _MONITORS)
    _copy(archive, folder, MONITORS, monitors, chosen)
    with suppress(FileNotFoundError):
        archive.files[KEY] = copied(settings.root / KEY_FILE, folder / KEY)
    archive.running += [run for run in _running(settings) if run not in running]
    archive.write(folder)
    if verify:
        archive.require_whole(folder)
    return archive


def require_local(settings: Settings) -> None:
    """Refuse a lake that is no folder of this machine.

    Raises:
        BackupError: it is in object storage.
    """
    if is_remote(settings.lake_root):
        raise BackupError(
            f"The lake {settings.lake_root} is in object storage, and a backup copies a folder.",
            remedy="Turn on versioning or replication of its bucket, and back up the history store by its "
            "database's own means (docs/storage.md).",
        )


def _require_free(settings: Settings, folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(
            f"{folder} is not empty.",
            remedy="Name a folder that is not there yet, such as one with the date.",
        )
    whole = folder.absolute()
    for place in (settings.lake_root, settings.monitors.expanduser().absolute()):
        if whole.is_relative_to(place):
            raise BackupError(f"{folder} lies in {place}, which is copied.", remedy="Name another folder.")


def _copy(archive: Archive, folder: Path, name: str, root: Path, files: Iterable[Path]) -> None:
    for file in files:
        place = f"{name}/{file.relative_to(root).as_posix()}"
        # what has gone meanwhile, as a day whose time was over, is no part of the lake any more
        with suppress(FileNotFoundError):
            archive.files[place] = copied(file, folder / place)


def _running(settings: Settings) -> list[str]:
    """The runs whose processes live."""
    found = []
    for lock in sorted((settings.root / "alive").glob("[!.]*")):
        with suppress(FileNotFoundError):
            if is_held(lock):
                found.append(lock.name)
    return found
