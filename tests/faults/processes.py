"""Work in a process of its own, forked from a warm one, that may be killed at a step or after a while.

A step is a moment at which something of the world changes on disk or in a database: a file that is opened to
be written, renamed or removed, a transaction that commits. Killed before each of them, a process leaves every
state between two of them behind. The hooks are the child's; the program has none.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, event

from obs_dagster import file_lock, scratch
from obs_dagster.errors import ObsError
from obs_dagster.lake import leftovers
from obs_dagster.storage_fault import storage_fault

PATIENCE = 90.0
"""Seconds after which a process hangs."""
_TOLD_BEFORE = 10.0
"""Seconds before that in which it says where it is."""

_RENAMED = {"os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        killed: whether it was.
        error: the exception that ended it, as its type and what it said; empty if none did.
        steps: how many steps it took; of a killed one unknown.
        seconds: how long it took.
        trace: where the exception was raised.
    """

    killed: bool
    error: str
    steps: int
    seconds: float
    trace: str = ""

    @property
    def well(self) -> bool:
        return not self.killed and not self.error

    @property
    def told(self) -> bool:
        """Whether it ended well, or said in words what was wrong."""
        return not self.killed and (not self.error or self.error.startswith("ObsError"))


def temporary_of(place: Path) -> Path:
    """The folder for what is temporary of processes that work on a place."""
    return place.with_name(f"{place.name}-tmp")


class Running:
    """A process that was started and is waited for."""

    def __init__(self, pid: int, pipe: int, told: int) -> None:
        self.pid = pid
        self._pipe = pipe
        self._told = told
        self._began = time.monotonic()

    def ended(self, *, after: float | None = None) -> Ended:
        """Wait for its end, or kill it after some seconds.

        Raises:
            TimeoutError: it hangs; with the lines that its threads are at.
        """
        ends = self._began + (PATIENCE if after is None else after)
        said, over = b"", False
        while not over and (left := ends - time.monotonic()) > 0:
            if select.select([self._pipe], [], [], left)[0]:
                read = os.read(self._pipe, 1 << 16)
                said, over = said + read, not read
        if not over:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._pipe)
        with os.fdopen(self._told, "rb") as file:
            if not over and after is None:
                os.lseek(self._told, 0, os.SEEK_SET)
                raise TimeoutError(f"a process hung for {PATIENCE} s:\n{file.read().decode()}")
        seconds = time.monotonic() - self._began
        if os.WIFSIGNALED(status):
            killed = os.WTERMSIG(status) == signal.SIGKILL
            return Ended(killed, "" if killed else f"signal {os.WTERMSIG(status)}", -1, seconds)
        if not said:
            return Ended(
                killed=False,
                error=f"it ended with {os.waitstatus_to_exitcode(status)}",
                steps=-1,
                seconds=seconds,
            )
        return Ended(killed=False, seconds=seconds, **json.loads(said))


def start(
    work: Callable[[], object],
    place: Path,
    *,
    kill_at: int | None = None,
    kill_late: float = 0.0,
    before: Callable[[], object] | None = None,
) -> Running:
    """Start something in a process of its own.

    Args:
        work: what it does.
        place: the folder whose changes are steps; what is temporary is beside it.
        kill_at: the step before which it is killed, from 0.
        kill_late: seconds that it has from then on, in which it may be anywhere.
        before: done first, in the process: limits, another setting.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as file:
        told = os.dup(file.fileno())
    pid = os.fork()
    if pid:
        os.close(writing)
        return Running(pid, reading, told)
    # nothing of the parent's may be touched or run from here on
    code = 70
    try:
        os.close(reading)
        os.setsid()
        faulthandler.dump_traceback_later(PATIENCE - _TOLD_BEFORE, file=told)
        _own(place)
        if before is not None:
            before()
        steps = _Steps(place, kill_at, kill_late)
        error, trace = "", ""
        try:
            work()
        except BaseException as raised:  # noqa: BLE001  whatever it is, it is what is looked at
            # a stage tells a fault of storage as one
            told = isinstance(raised, ObsError) or storage_fault(raised, place) is not None
            kind = "ObsError" if told else type(raised).__name__
            error, trace = f"{kind}: {raised}", "".join(traceback.format_exception(raised))
        steps.armed = False
        said = {"error": error, "steps": steps.taken, "trace": trace[-4000:]}
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(said))
        _tidy()
        code = 0
    finally:
        os._exit(code)


def apart(work: Callable[[], object], place: Path, **how) -> Ended:
    """Do something in a process of its own, and wait for its end."""
    after = how.pop("kill_after", None)
    return start(work, place, **how).ended(after=after)


def _own(place: Path) -> None:
    """Be another process than the parent also for the program, and let nobody inherit what it holds."""
    temporary = temporary_of(place)
    temporary.mkdir(exist_ok=True)
    tempfile.tempdir = str(temporary)
    os.environ["TMPDIR"] = str(temporary)
    leftovers.adopt(uuid.uuid4().hex[:12])
    file_lock._held.clear()
    scratch._own.cache_clear()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def _tidy() -> None:
    """What handlers of a normal end do, which `_exit` leaves out."""
    import shutil

    if scratch._own.cache_info().currsize:
        shutil.rmtree(scratch._own(), ignore_errors=True)


class _Steps:
    def __init__(self, place: Path, kill_at: int | None, kill_late: float) -> None:
        self.taken = 0
        self.armed = True
        self._place = str(place)
        self._kill_at = kill_at
        self._kill_late = kill_late
        sys.addaudithook(self._audit)
        event.listen(Engine, "commit", lambda _: self._step())

    def _audit(self, name: str, arguments: tuple) -> None:
        if name == "open":
            path, _, flags = arguments
            if flags & _WRITES and self._is_below(path):
                self._step()
        elif name in _RENAMED and any(map(self._is_below, arguments[:2])):
            self._step()

    def _is_below(self, path: object) -> bool:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return text.startswith(self._place)

    def _step(self) -> None:
        if not self.armed:
            return
        if self.taken == self._kill_at:
            if not self._kill_late:
                _die()
            # by a thread of its own: it hits the process also where no Python runs
            timer = threading.Timer(self._kill_late, _die)
            timer.daemon = True
            timer.start()
        self.taken += 1


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
