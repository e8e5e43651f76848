"""Measurements: programs run several times, and the medians of what they took."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.process import Limits, run


class BenchError(Exception):
    """What is measured cannot be prepared."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a program took: the medians of its runs.

    Attributes:
        seconds: its phases together, without start and imports.
        cpu: CPU seconds of its phases together.
        peak: bytes of memory at most.
        imports: seconds that its libraries took to load.
        phases: seconds of each phase.
        facts: what the program tells of its work; of the last run.
        runs: how many runs there were.
        failure: why there is nothing above; empty otherwise.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    imports: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    runs: int = 0
    failure: str = ""

    def to_json(self) -> dict[str, Any]:
        """The measurement as JSON has it."""
        return asdict(self)


def measure(
    program: str,
    arguments: dict[str, Any],
    *,
    limits: Limits,
    repeats: int,
    python: Path | None = None,
    environ: dict[str, str] | None = None,
) -> Measurement:
    """Run a program of `bench.measured` in fresh processes; the first failure ends it.

    Args:
        program: the module's name.
        arguments: for its main function.
        limits: of each run.
        repeats: how many runs.
        python: the interpreter; left out: this one.
        environ: variables to add to the environment.
    """
    command = [python or sys.executable, "-m", f"bench.measured.{program}", json.dumps(arguments)]
    runs = []
    for _ in range(repeats):
        done = run(command, limits, environ)
        if done.failure:
            return Measurement(peak=done.peak, failure=done.failure)
        told = json.loads(done.output.strip().splitlines()[-1])
        runs.append(
            Measurement(
                seconds=sum(told["phases"].values()),
                cpu=told["cpu"],
                peak=done.peak,
                imports=told["imports"],
                phases=told["phases"],
                facts=told["facts"],
            )
        )
    return median(runs)


def median(runs: Sequence[Measurement]) -> Measurement:
    """The median of each number of runs of the same program."""
    return Measurement(
        seconds=statistics.median(each.seconds for each in runs),
        cpu=statistics.median(each.cpu for each in runs),
        peak=int(statistics.median(each.peak for each in runs)),
        imports=statistics.median(each.imports for each in runs),
        phases={name: statistics.median(each.phases[name] for each in runs) for name in runs[0].phases},
        facts=runs[-1].facts,
        runs=len(runs),
    )


def prepare(program: str, arguments: dict[str, Any], environ: dict[str, str] | None = None) -> None:
    """Run a program of `bench.prepare`, in a process of its own so that this one stays small.

    Raises:
        BenchError: it failed; with what it said.
    """
    command = [sys.executable, "-m", f"bench.prepare.{program}", json.dumps(arguments)]
    done = run(command, Limits(seconds=7_200, memory=16_000_000_000), environ)
    if done.failure:
        raise BenchError(f"{program} {arguments}: {done.failure}\n{done.errors[-2000:]}")
