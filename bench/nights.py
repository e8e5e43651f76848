"""Runs `obs` on a home folder, and reads off it how long each stage took."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.process import Finished, Limits, run

_STAGE = re.compile(r"^\s*[✓✗] (\w+) ([\d.]+) s\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NightsTaken:
    """What a run of `obs` took.

    Attributes:
        wall: seconds from the start of the process to its end.
        stages: seconds of each stage; imports are in the stage that needs them first.
        peak: bytes of memory at most.
        failure: why it failed; empty otherwise.
        cpu: seconds of CPU, of its processes together.
        told: the last line of its standard output.
        server: seconds of CPU that the server of its objects took meanwhile.
    """

    wall: float
    stages: dict[str, float] = field(default_factory=dict)
    peak: int = 0
    failure: str = ""
    cpu: float = 0.0
    told: str = ""
    server: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The measurement as JSON has it."""
        return asdict(self)


def stages_of(errors: str) -> dict[str, float]:
    """The seconds of each stage that `obs` told on standard error."""
    return {name: float(took) for name, took in _STAGE.findall(errors)}


def obs(
    arguments: list[str],
    *,
    home: Path,
    monitors: Path,
    limits: Limits,
    environ: Mapping[str, str] = MappingProxyType({}),
    program: Sequence[str] = (),
) -> NightsTaken:
    """Run nights with `obs`.

    Args:
        arguments: the command and what it takes.
        home: `OBS_HOME`.
        monitors: `OBS_MONITORS`.
        limits: of the process.
        environ: further variables of the environment.
        program: what runs `obs`; left out: itself.
    """
    given = {
        "OBS_HOME": str(home),
        "OBS_MONITORS": str(monitors),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        "PYTHONIOENCODING": "utf-8",
        **environ,
    }
    done = run([*(program or [str(Path(sys.executable).with_name("obs"))]), *arguments], limits, given)
    told = (done.output.splitlines() or [""])[-1]
    return NightsTaken(done.wall, stages_of(done.errors), done.peak, _failure(done), done.cpu, told)


def _failure(done: Finished) -> str:
    """Why nights failed; exit code 1 also says that an alert is firing, and then no error is told."""
    told = re.search(r"^error: (.*)", done.errors, re.MULTILINE)
    if done.exceeded or done.code in {0, 1}:
        return done.exceeded or (told.group(1) if told else "")
    return done.failure
