"""Environments of the peers: each its own, with the versions in `bench/peers`."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from bench.process import Limits, run
from bench.workspace import say

_FOLDER = Path(__file__).parent
_PYTHON = "3.11"
_LIMITS = Limits(seconds=1_800, memory=8_000_000_000)


class NotInstalledError(Exception):
    """A peer cannot be installed here; the message says why in a line."""


def pinned(peer: str) -> str:
    """The version that a peer is measured in."""
    lines = _requirements(peer).read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{peer}=="))


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, which is made if it is not there.

    Raises:
        NotInstalledError: it cannot be made.
    """
    wanted = hashlib.sha256(_requirements(peer).read_bytes()).hexdigest()
    environment = _FOLDER / ".envs" / peer
    python, mark = environment / "bin" / "python", environment / "bench.sha256"
    if mark.exists() and mark.read_text(encoding="ascii") == wanted:
        return python
    say(f"Installing {peer} {pinned(peer)}")
    shutil.rmtree(environment, ignore_errors=True)
    _uv("venv", "--python", _PYTHON, environment)
    _uv("pip", "install", "--compile-bytecode", "--python", python, "--requirements", _requirements(peer))
    mark.write_text(wanted, encoding="ascii")
    return python


def _requirements(peer: str) -> Path:
    return _FOLDER / "peers" / f"{peer}.txt"


def _uv(*arguments: str | Path) -> None:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise NotInstalledError("uv is not installed; `make setup` does it")
    # an environment that is active would be asked about
    environ = {"VIRTUAL_ENV": ""} if "VIRTUAL_ENV" in os.environ else None
    done = run([uv, "--quiet", *arguments], _LIMITS, environ)
    if done.failure:
        raise NotInstalledError(f"uv: {done.failure}")
