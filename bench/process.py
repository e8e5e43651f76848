"""Runs one program as a process of its own, within limits of time and memory.

This module and everything that the parent process imports stays small: Linux counts the parent's memory at
the moment of the start into a child's peak.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parent.parent
_POLL = 0.02
#: Linux counts kilobytes, macOS bytes.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """When a program is ended: seconds of wall time, bytes of resident memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        code: its exit code; negative: the signal that ended it.
        wall: seconds from the start of the process to its end.
        peak: bytes of memory that it held at most (`ru_maxrss`).
        output: its standard output.
        errors: its standard error.
        exceeded: which limit it was ended for; empty if for none.
        cpu: seconds of CPU that it took, with processes of its own that it waited for.
    """

    code: int
    wall: float
    peak: int
    output: str
    errors: str
    exceeded: str = ""
    cpu: float = 0.0

    @property
    def failure(self) -> str:
        """Why it has no result, in a few words; empty if it has one."""
        if self.exceeded or not self.code:
            return self.exceeded
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return f"exit code {self.code}: {lines[-1] if lines else 'no message'}"


def run(command: Sequence[str | Path], limits: Limits, environ: Mapping[str, str] | None = None) -> Finished:
    """Run a program from the repository's root, and wait for its end or end it at a limit.

    Args:
        command: the program and its arguments.
        limits: what it may take.
        environ: variables to add to the environment.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=_ROOT,
            env=_environ(environ or {}),
            start_new_session=True,
        )
        exceeded, pid = "", 0
        try:
            while not pid:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if not pid:
                    time.sleep(_POLL)
                    seconds = time.perf_counter() - began
                    if not exceeded and (exceeded := _exceeded(process.pid, seconds, limits)):
                        os.killpg(process.pid, signal.SIGKILL)
        finally:
            # it has a session of its own, so whoever interrupts this program does not reach it
            if not pid:
                os.killpg(process.pid, signal.SIGKILL)
        wall = time.perf_counter() - began
        # the process is reaped; without this, its object would warn that it still runs
        process.returncode = os.waitstatus_to_exitcode(status)
        return Finished(
            code=process.returncode,
            wall=wall,
            peak=usage.ru_maxrss * _PEAK_UNIT,
            output=_text(output),
            errors=_text(errors),
            exceeded=exceeded,
            cpu=usage.ru_utime + usage.ru_stime,
        )


def _environ(added: Mapping[str, str]) -> dict[str, str]:
    """This process's variables and more; without the one that has libraries compiled at every import."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **added}


def _exceeded(pid: int, seconds: float, limits: Limits) -> str:
    if seconds > limits.seconds:
        return f"ended after {limits.seconds:,.0f} s"
    if _resident(pid) > limits.memory:
        return f"ended above {limits.memory / 1e9:.1f} GB"
    return ""


def _resident(pid: int) -> int:
    """Bytes that a process holds now; 0 where the system does not tell, or the process has just ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
