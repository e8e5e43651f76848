"""Measures what a block of code takes of the machine, the processes below this one included."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from obs_dagster.cores import cores
from obs_dagster.telemetry.resources.gpus import GpusNow, gpus_now
from obs_dagster.telemetry.resources.processes import Taken, taken
from obs_dagster.telemetry.resources.usage import Usage

_EVERY = 1.0
"""Seconds between two looks, of which one takes a few milliseconds."""

N = TypeVar("N", int, float)


@dataclass(slots=True)
class Meter:
    """Looks now and then.

    Attributes:
        usage: what was taken; None before the end.
    """

    usage: Usage | None = None
    _peak: int = 0
    _gpus: list[GpusNow] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> Taken:
        """Take notice of memory and graphics processors now."""
        now = taken()
        self._peak = max(self._peak, now.memory)
        if (gpus := gpus_now()) is not None:
            self._gpus.append(gpus)
        return now

    def watch(self) -> None:
        """Look again and again until it is over."""
        while not self._over.wait(_EVERY):
            self.look()

    def end(self) -> None:
        """It is over."""
        self._over.set()

    def sum_up(self, first: Taken, last: Taken, seconds: float, folder: Path | None) -> None:
        """Make the usage of what had been taken at the beginning and at the end."""
        disk = None if folder is None else _disk(folder)
        busy = [each.busy for each in self._gpus]
        self.usage = Usage(
            seconds=seconds,
            # a process that nobody waited for takes what it had with it
            cpu_seconds=max(0.0, last.cpu - first.cpu),
            cores=cores(),
            peak_memory=self._peak,
            read_bytes=_more(first.read, last.read),
            written_bytes=_more(first.written, last.written),
            io_wait_seconds=_more(first.waited, last.waited),
            disk_free=disk.free if disk else None,
            disk_size=disk.total if disk else None,
            gpu_share=sum(busy) / len(busy) if busy else None,
            gpu_memory=max((each.memory for each in self._gpus), default=None),
        )


def _disk(folder: Path) -> shutil._ntuple_diskusage | None:
    try:
        return shutil.disk_usage(folder)
    except OSError:
        # it is not there yet, or not any more
        return None


def _more(first: N | None, last: N | None) -> N | None:
    return None if first is None or last is None else max(last - first, type(last)(0))


@contextmanager
def metered(folder: Path | None = None) -> Iterator[Meter]:
    """Measure the block; an exception that leaves it does not keep the usage from being known.

    Args:
        folder: where the program keeps its files, whose file system is looked at; None for none.
    """
    meter = Meter()
    first, began = meter.look(), time.perf_counter()
    watching = threading.Thread(target=meter.watch, daemon=True, name="resources")
    watching.start()
    try:
        yield meter
    finally:
        meter.end()
        watching.join()
        meter.sum_up(first, meter.look(), time.perf_counter() - began, folder)
