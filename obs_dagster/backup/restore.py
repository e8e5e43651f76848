"""Restore a backup into an empty place; what is there already is put aside only if that is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from obs_dagster.backup import store
from obs_dagster.backup.archive import HISTORY, KEY, LAKE, MONITORS, Archive, BackupError, copied
from obs_dagster.backup.make import require_local
from obs_dagster.history import History
from obs_dagster.history.place import parse_url
from obs_dagster.lake.lake import Lake
from obs_dagster.pseudonym import KEY_FILE
from obs_dagster.settings import Settings
from obs_dagster.sources.forgotten import also_forget, forgotten

_SQLITE = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore.

    Attributes:
        archive: what the backup says of itself.
        aside: what was there before, where it is now.
        kept_monitors: whether there were monitors, which stay as they are.
        forgotten: models of which ids were forgotten after the backup; they are in it, and are passed over
            again when days are run.
    """

    archive: Archive
    aside: list[Path]
    kept_monitors: bool
    forgotten: list[str] = field(default_factory=list)


def restore_backup(settings: Settings, folder: Path, now: dt.datetime, *, force: bool = False) -> Restored:
    """Put a backup where the settings say, and bring the store up to this program's revision.

    Everything is verified before anything is written. The store comes last, so what was interrupted has none.

    Args:
        settings: say where things go.
        folder: the backup.
        now: when; part of the names of what is put aside.
        force: put aside what is there already, under a name with the time; nothing is deleted.

    Raises:
        BackupError: it is not whole, or there is something already.
        HistoryError: a newer program wrote the store, or it cannot be reached.
        OSError: something cannot be written.
    """
    require_local(settings)
    archive = Archive.read(folder)
    store.require_known(archive.revision)
    archive.require_whole(folder)
    aside = _put_aside(settings, now) if force else []
    if taken := list(_taken(settings)):
        raise BackupError(
            f"{' and '.join(map(str, taken))} {'is' if len(taken) == 1 else 'are'} there already.",
            remedy="Restore into an empty home (OBS_HOME), lake (OBS_LAKE) and database, or give --force, "
            "which puts aside what is there. A database of PostgreSQL has to be empty.",
        )
    places = {LAKE: settings.lake_root, MONITORS: settings.monitors.expanduser().absolute()}
    kept_monitors = _any(places[MONITORS])
    for name in archive.files:
        part, _, rest = name.partition("/")
        if part == KEY:
            copied(folder / name, settings.root / KEY_FILE)
            (settings.root / KEY_FILE).chmod(0o600)
        elif part in places and not (part == MONITORS and kept_monitors):
            copied(folder / name, places[part] / rest)
    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    forgotten = _carry_over_forgotten(aside, settings)
    store.load(folder / HISTORY, archive.database, archive.revision, settings.history_url)
    with History.open(settings.history_url):
        # which brings it up to this revision
        pass
    return Restored(archive, aside, kept_monitors, forgotten)


def _taken(settings: Settings) -> Iterator[Path | str]:
    """What is there already; monitors are the team's own, and stay."""
    if _any(settings.lake_root):
        yield settings.lake_root
    if (settings.root / KEY_FILE).exists():
        yield settings.root / KEY_FILE
    if store.there(settings.history_url):
        yield "the history store"


def _put_aside(settings: Settings, now: dt.datetime) -> list[Path]:
    mark = f".before-{now.astimezone(dt.UTC):%Y%m%dT%H%M%S}"
    url = parse_url(settings.history_url)
    database = Path(str(url.database)) if url.drivername == "sqlite" else None
    wanted = [settings.lake_root, settings.root / KEY_FILE]
    wanted += [Path(f"{database}{ending}") for ending in _SQLITE] if database else []
    return [path.rename(path.with_name(f"{path.name}{mark}")) for path in wanted if path.exists()]


def _carry_over_forgotten(aside: list[Path], settings: Settings) -> list[str]:
    """Have what was forgotten since the backup stay forgotten; returns the models whose list has grown."""
    before = next((Lake(path) for path in aside if path.name.startswith(settings.lake_root.name)), None)
    models = [each.name for each in before.root.iterdir() if each.is_dir()] if before else []
    now = Lake(settings.lake_root)
    return [model for model in sorted(models) if before and also_forget(model, now, forgotten(model, before))]


def _any(folder: Path) -> bool:
    return folder.is_dir() and any(not each.name.startswith(".") for each in folder.iterdir())
