"""Places that cannot be written: full, over quota, read-only, locked by others, without room to spill."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from obs_dagster.history import connections
from obs_dagster.sources import files
from tests.faults.case import Case
from tests.faults.laboratory import QUIET, Laboratory
from tests.faults.processes import apart
from tests.faults.world import NIGHT, World, run

_ROOM = "size=64m"


def can_mount() -> bool:
    """Whether this process may mount a file system of its own."""
    return (
        os.geteuid() == 0
        and subprocess.run(["mount", "--version"], check=False, capture_output=True).returncode == 0
    )


def cases() -> Iterator[Case]:
    """Each kind of fault, in several degrees."""
    for most in (200, 1_000, 4_000, 16_000, 40_000, 100_000, 300_000, 500_000):
        yield Case("storage", f"no file over {most} bytes", partial(_quota, most))
    for database in ("history.db", "mlflow.db"):
        yield Case("storage", f"{database} is locked", partial(_locked, database))
    yield Case("storage", "nothing may be spilled", _no_spill)
    if can_mount():
        for slack in (0, 8, 32, 96, 160, 256, 400, 700):
            yield Case("storage", f"{slack} kB are left", partial(_full, slack))
        yield Case("storage", "everything is read-only", _read_only)


def _disturbed(laboratory: Laboratory, world: World, before: Callable[[], object] | None = None) -> None:
    laboratory.must_be_told(apart(partial(run, world, [NIGHT]), world.root, before=before))


def _quota(most: int, laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)
    _disturbed(laboratory, world, partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most)))
    laboratory.complete()
    return 1


def _locked(database: str, laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)
    with closing(sqlite3.connect(world.root / database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        _disturbed(laboratory, world, _impatient)
    laboratory.complete()
    return 1


def _impatient() -> None:
    connections.BUSY_SECONDS = 0.2  # type: ignore[assignment]


def _no_spill(laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)

    def before() -> None:
        files._MEMORY = files._THREAD_MEMORY = 4
        # where DuckDB would spill to there is a file
        files.scratch = lambda: Path("/dev/null")

    _disturbed(laboratory, world, before)
    laboratory.complete()
    return 1


@contextmanager
def _mounted(laboratory: Laboratory) -> Iterator[World]:
    root = laboratory.world.root
    subprocess.run(["mount", "-t", "tmpfs", "-o", _ROOM, "tmpfs", root], check=True)
    try:
        yield laboratory.put_back(QUIET)
    finally:
        subprocess.run(["umount", root], check=True)


def _remount(root: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", root], check=True)


def _full(slack: int, laboratory: Laboratory) -> int:
    with _mounted(laboratory) as world:
        status = os.statvfs(world.root)
        used = (status.f_blocks - status.f_bfree) * status.f_frsize
        _remount(world.root, f"size={used + slack * 1024}")
        _disturbed(laboratory, world)
        _remount(world.root, _ROOM)
        laboratory.complete()
    return 1


def _read_only(laboratory: Laboratory) -> int:
    with _mounted(laboratory) as world:
        _remount(world.root, "ro")
        _disturbed(laboratory, world)
        _remount(world.root, f"rw,{_ROOM}")
        laboratory.complete()
    return 1
