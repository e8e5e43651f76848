"""What this process and those that it started have taken so far, by psutil."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Taken:
    """What processes have taken since they began.

    Attributes:
        cpu: seconds.
        memory: bytes that they hold now.
        read, written: bytes; None where the system does not tell.
        waited: seconds for disks; None where it is not counted.
    """

    cpu: float
    memory: int
    read: int | None
    written: int | None
    waited: float | None


def taken() -> Taken:
    """What this process and all below it have taken together so far.

    What a process took that has ended, and that somebody waited for, Linux adds to that of its parent.
    """
    alive = list(_alive())
    read, written, waited = (
        [value for each in alive if (value := getattr(each, name)) is not None]
        for name in ("read", "written", "waited")
    )
    return Taken(
        cpu=sum(each.cpu for each in alive),
        memory=sum(each.memory for each in alive),
        read=sum(read) if read else None,
        written=sum(written) if written else None,
        waited=sum(waited) if waited else None,
    )


def _alive() -> Iterator[Taken]:
    own = psutil.Process(os.getpid())
    for process in (own, *_below(own)):
        try:
            yield _of(process)
        except (psutil.Error, OSError):
            # it has just ended, or may not be looked at
            continue


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _of(process: psutil.Process) -> Taken:
    with process.oneshot():
        times: Any = process.cpu_times()
        disk = _disk(process)
        return Taken(
            cpu=times.user + times.system + times.children_user + times.children_system,
            memory=process.memory_info().rss,
            read=disk[0],
            written=disk[1],
            waited=times.iowait if _counts_waiting() else None,
        )


def _disk(process: psutil.Process) -> tuple[int | None, int | None]:
    """Bytes read from disk and written; nothing where the system has no counters, as macOS, or hides them."""
    try:
        counters: Any = process.io_counters()
    except (AttributeError, psutil.Error, OSError):
        return None, None
    return counters.read_bytes, counters.write_bytes


@cache
def _counts_waiting() -> bool:
    """Whether the kernel counts the time that processes wait for disks; Linux does where it is told to."""
    try:
        return Path("/proc/sys/kernel/task_delayacct").read_text("ascii").strip() == "1"
    except OSError:
        return False
