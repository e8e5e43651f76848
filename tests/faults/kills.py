"""Processes that are killed: at every step that changes something, and after a while, again and again."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial

import psutil

from obs_dagster.evaluation import parallel
from obs_dagster.reports import night_reports
from tests.faults.case import Case
from tests.faults.laboratory import EVALUATED, QUIET, SENT, DisturbedError, Laboratory
from tests.faults.processes import apart, start
from tests.faults.world import NIGHT, World, evaluate, publish, send

CHAIN = 8
"""Kills in a row before a night may end."""


def _evaluate(world: World, _attempt: int) -> None:
    evaluate(world, [NIGHT])


def _send(world: World, attempt: int) -> None:
    send(world, attempt=attempt)


def _publish(world: World, _attempt: int) -> None:
    publish(world, [NIGHT])


STAGES: dict[str, tuple[str, Callable[[World, int], None]]] = {
    "evaluate": (QUIET, _evaluate),
    "send": (EVALUATED, _send),
    "publish": (SENT, _publish),
}


def cases(laboratory: Laboratory, chains: dict[str, int], workers: int = 0) -> Iterator[Case]:
    """A kill before each step of each stage, chains of kills after a while, and kills of processes beside."""
    for number in range(workers):
        yield Case("kills", f"a process beside the night's, {number}", partial(_beside, number))
    for stage, (point, _) in STAGES.items():
        for step in range(laboratory.steps[stage]):
            yield Case("kills", f"{stage} before step {step}", partial(_at_step, stage, point, step))
        for number in range(chains.get(stage, 0)):
            yield Case(
                "kills",
                f"{stage} after a while, chain {number}",
                partial(_after_a_while, stage, point, number),
            )


def _beside(number: int, laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)
    chance = random.Random(number)  # noqa: S311  nothing secret
    running = start(partial(evaluate, world, [NIGHT]), world.root, before=_side_by_side)
    killed = 0
    for _ in range(600):
        # the first one is of Python's own
        beside = psutil.Process(running.pid).children()[1:]
        if beside:
            time.sleep(chance.random() * 4)
            killed = _killed(chance.choice(beside))
            break
        time.sleep(0.05)
    ended = running.ended()
    if not ended.well or not killed:
        raise DisturbedError(f"{killed} killed, {ended.error}\n{ended.trace}")
    laboratory.complete()
    return killed


def _killed(process: psutil.Process) -> int:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return 0
    return 1


def _side_by_side() -> None:
    """Evaluate days beside this process as if they were many."""
    os.environ["OBS_CORES"] = "2"
    parallel._FEWEST_DAYS = night_reports._FEWEST = 1


def _at_step(stage: str, point: str, step: int, laboratory: Laboratory) -> int:
    world = laboratory.put_back(point)
    ended = apart(partial(STAGES[stage][1], world, 0), world.root, kill_at=step)
    if not ended.killed:
        raise DisturbedError(f"step {step} was not reached: {ended}")
    laboratory.complete(attempt=1, since=point, repeated=1 if stage == "send" else 0)
    return 1


def _after_a_while(stage: str, point: str, number: int, laboratory: Laboratory) -> int:
    world = laboratory.put_back(point)
    chance = random.Random(f"{stage} {number}")  # noqa: S311  nothing secret
    kills = 0
    for attempt in range(CHAIN):
        work = partial(STAGES[stage][1], world, attempt)
        # a step rather than a time: a machine that is slow today reaches the same
        step = chance.randrange(laboratory.steps[stage])
        while_at_it = chance.random() * 0.05
        ended = apart(work, world.root, kill_at=step, kill_late=while_at_it)
        kills += ended.killed
    laboratory.complete(attempt=CHAIN, since=point, repeated=CHAIN if stage == "send" else 0)
    return kills
