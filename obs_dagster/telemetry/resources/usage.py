"""What a part of a night took of the machine, as plain numbers that add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Usage:
    """What was taken, by this process and those that it started, whichever part of the night they worked for.

    Attributes:
        seconds: from the beginning to the end.
        cpu_seconds: of all cores together, also of processes that have ended meanwhile.
        cores: how many could be used.
        peak_memory: bytes that the processes held together at most (resident sets, so what they share counts
            as often), as far as was seen once a second.
        read_bytes: read from disk; what the system had in memory is not among it. None where the system
            does not tell.
        written_bytes: written to disk.
        io_wait_seconds: that processes waited for disks. None where the kernel does not count it.
        disk_free: bytes that are free, at the end, where the program keeps its files.
        disk_size: bytes of that file system.
        gpu_share: how busy the graphics processors were on average, 0 to 1. None where there are none.
        gpu_memory: bytes that were used of their memory at most, by whoever.
    """

    seconds: float
    cpu_seconds: float
    cores: int
    peak_memory: int
    read_bytes: int | None = None
    written_bytes: int | None = None
    io_wait_seconds: float | None = None
    disk_free: int | None = None
    disk_size: int | None = None
    gpu_share: float | None = None
    gpu_memory: int | None = None

    @property
    def cores_busy(self) -> float:
        """How many cores were busy on average."""
        return self.cpu_seconds / self.seconds if self.seconds > 0 else 0.0

    @property
    def saturation(self) -> float:
        """The share of the cores that was busy on average."""
        return min(1.0, self.cores_busy / self.cores)

    def part(self, number: int) -> Usage:
        """One of so many equal parts, which share time and transfers; memory and the like all of them had."""
        if number == 1:
            return self
        return replace(
            self,
            seconds=self.seconds / number,
            cpu_seconds=self.cpu_seconds / number,
            read_bytes=None if self.read_bytes is None else self.read_bytes // number,
            written_bytes=None if self.written_bytes is None else self.written_bytes // number,
            io_wait_seconds=None if self.io_wait_seconds is None else self.io_wait_seconds / number,
        )


def together(parts: Iterable[Usage]) -> Usage | None:
    """What parts took that followed one another; None if there are none."""
    found = list(parts)
    if not found:
        return None
    seconds = sum(each.seconds for each in found)
    busy = [(each.gpu_share, each.seconds) for each in found if each.gpu_share is not None]
    over = sum(length for _, length in busy)
    return Usage(
        seconds=seconds,
        cpu_seconds=sum(each.cpu_seconds for each in found),
        cores=max(each.cores for each in found),
        peak_memory=max(each.peak_memory for each in found),
        read_bytes=_sum(each.read_bytes for each in found),
        written_bytes=_sum(each.written_bytes for each in found),
        io_wait_seconds=_sum(each.io_wait_seconds for each in found),
        disk_free=_last(each.disk_free for each in found),
        disk_size=_last(each.disk_size for each in found),
        gpu_share=sum(share * length for share, length in busy) / over if over else None,
        gpu_memory=max((each.gpu_memory for each in found if each.gpu_memory is not None), default=None),
    )


def _sum(values: Iterable[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None


def _last(values: Iterable[int | None]) -> int | None:
    return next((value for value in reversed(list(values)) if value is not None), None)
