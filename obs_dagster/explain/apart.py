"""Models loaded and run in a process of their own, which is ended when it takes too long.

A pickle runs whatever code it holds. It cannot be kept from what the user of the night may do, but it gets no
secret of the environment, no network where the system allows that, and bounded memory and time; if it ends
its process or never comes back, the night goes on without its explanation.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from obs_dagster.scratch import scratch
from obs_dagster.workers import WorkerError

_PASSED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PASSED_BEGINNING = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_")
_OWN = ("OBS_HOME", "OBS_LAKE", "OBS_CORES", "OBS_UMASK")
_KEY = ("OBS_PII_KEY", "OBS_PII_KEY_FILE")
_LONGEST_ANSWER, _LONGEST_TOLD = 64 * 2**20, 2_000
_BLOCK = 1 << 16


class ConfinedError(WorkerError):
    """The process that ran models died, was ended, or says why it cannot do what it was asked."""


def environment(environ: Mapping[str, str], *, with_key: bool) -> dict[str, str]:
    """What a process that may run foreign code gets to know of an environment: nothing that is secret.

    Args:
        environ: the environment.
        with_key: whether it has to make pseudonyms, and so needs their key.
    """
    wanted = {*_PASSED, *_OWN, *(_KEY if with_key else ())}
    return {
        name: value for name, value in environ.items() if name in wanted or name.startswith(_PASSED_BEGINNING)
    }


def run_apart(
    work: Callable[[], Iterator[Any]], *, seconds: float, memory: int, with_key: bool
) -> Iterator[list[dict[str, Any]]]:
    """Do work in a process of its own, and give what comes of it, item by item, as plain data.

    Args:
        work: gives the items, each a list of objects with `to_json`; pickled.
        seconds: how long an item may take, imports and loading among the first.
        memory: bytes that the process may have.
        with_key: as for `environment`.

    Raises:
        ConfinedError: the process died, was too slow, said what is no answer, or why there is none.
    """
    told = scratch() / f"confined-{os.urandom(8).hex()}"
    read, write = os.pipe()
    with told.open("xb") as errors:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", f"{__package__}.confined", str(write), str(memory)],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            pass_fds=[write],
            env=environment(os.environ, with_key=with_key)
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
    os.close(write)
    try:
        payload = pickle.dumps(work)
        _send(process, len(payload).to_bytes(8, "big") + payload)
        for line in _lines(read, seconds):
            yield _plain(line)
        if process.wait(seconds):
            raise ConfinedError(
                f"The process that explains models died ({_how(process.returncode)}{_last(told)}).",
                remedy="If memory was short, raise `registry.memory_mb` of the monitor.",
            )
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise ConfinedError(
            f"Explaining models took longer than {seconds:g} seconds for a day.",
            remedy="Raise `registry.seconds` of the monitor, or look at what the model does.",
        ) from error
    finally:
        _end(process)
        os.close(read)
        told.unlink(missing_ok=True)


def _send(process: subprocess.Popen[bytes], payload: bytes) -> None:
    """Standard input stays open: the process ends when this one does, however that is."""
    if process.stdin is None:
        raise ConfinedError("The process that explains models has no input.", remedy="Run the day again.")
    try:
        process.stdin.write(payload)
        process.stdin.flush()
    except BrokenPipeError:
        # why it ended is told where its answers are read
        return


def _lines(descriptor: int, seconds: float) -> Iterator[bytes]:
    """What comes line by line, until the other side is closed."""
    held, deadline = b"", time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise TimeoutError
        block = os.read(descriptor, _BLOCK)
        if not block:
            return
        held += block
        if len(held) > _LONGEST_ANSWER:
            raise ConfinedError("A model's process gave an endless answer.", remedy="Look at the model.")
        *whole, held = held.split(b"\n")
        if whole:
            yield from whole
            deadline = time.monotonic() + seconds


def _plain(line: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ConfinedError(
            "A model's process gave no answer that can be read.", remedy="Look at the model."
        ) from error
    if isinstance(found, dict) and found.keys() == {"message", "remedy"}:
        message, remedy = (str(found[each])[:_LONGEST_TOLD] for each in ("message", "remedy"))
        raise ConfinedError(message, remedy=remedy)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ConfinedError(
            "A model's process gave another answer than was asked for.", remedy="Look at the model."
        )
    return found


def _how(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _last(told: Path) -> str:
    """The last line that it printed."""
    lines = told.read_bytes()[-4096:].decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1][:200]}" if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    process.wait()
