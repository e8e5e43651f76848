"""Where nights are disturbed: a world that is put back to known points, and its undisturbed end."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from obs_dagster.scratch import scratch
from tests.faults.end_state import differences, end_state, leftovers, taken_twice
from tests.faults.processes import Ended, apart, temporary_of
from tests.faults.world import (
    FIRST,
    NIGHT,
    World,
    days,
    evaluate,
    publish,
    run,
    send,
    write_inputs,
    write_labels,
)

FRESH, QUIET, EVALUATED, SENT = "fresh", "quiet", "evaluated", "sent"
"""Nothing was evaluated; all nights but the last were; so was the last; what it found was sent."""

NIGHTS, RANGE = "night by night", "as one range"
"""How the days were evaluated that the end is held against."""

ENVIRONMENT = {
    "OBS_CORES": "1",
    "OMP_NUM_THREADS": "1",
    "OBS_TRACES": "off",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class DisturbedError(AssertionError):
    """After a fault, the end is not what it would have been without."""


@dataclass
class Laboratory:
    """A place in which one world is disturbed at a time."""

    place: Path
    undisturbed: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    postgres: Any = None
    database: str = ""

    @property
    def world(self) -> World:
        return World(self.place / "world", self.database)

    def close(self) -> None:
        """End what runs for it."""
        if self.postgres is not None:
            self.postgres.cleanup()
            shutil.rmtree(self.postgres.pgdata.parent, ignore_errors=True)

    def prepare(self) -> None:
        """Make the known points; this process is warm then, with all libraries and no thread of them."""
        os.environ |= ENVIRONMENT
        warm = World(self.place / "warm")
        write_inputs(warm.root)
        run(warm, [FIRST])
        root = self.world.root
        root.mkdir()
        write_inputs(root)
        self.keep(FRESH)
        for day in days(FIRST, NIGHT)[:-1]:
            self.well(partial(run, self.world, [day]))
            write_labels(root, day)
        self.keep(QUIET)
        for name, stage in {"evaluate": evaluate, "send": send}.items():
            self.steps[name] = self.well(partial(_of_last, stage, self.world)).steps
            self.keep(EVALUATED if stage is evaluate else SENT)
        self.steps["publish"] = self.well(partial(publish, self.world, [NIGHT])).steps
        self.undisturbed[NIGHTS] = end_state(self.world)

    def prepare_range(self) -> None:
        """The same days, evaluated as one run once all labels are there."""
        if RANGE not in self.undisturbed:
            labelled(self.put_back(FRESH))
            self.well(partial(run, self.world, days(FIRST, NIGHT)))
            self.undisturbed[RANGE] = end_state(self.world)

    def put_back(self, point: str, *, database: str = "") -> World:
        """The world as it was at a point; its history store is a file unless a database is named."""
        self.database = database
        root = self.world.root
        shutil.rmtree(temporary_of(root), ignore_errors=True)
        if root.is_mount():
            for each in root.iterdir():
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        else:
            shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.place / point, root, symlinks=True, dirs_exist_ok=True)
        return self.world

    def well(self, work: Callable[[], object]) -> Ended:
        """Do something that must end well.

        A fork of a process that has threads, as that of the tests has, may find a lock taken that nobody
        gives back any more. So what hangs is tried once again; what stands still by itself hangs then, too.
        """
        try:
            ended = apart(work, self.world.root)
        except TimeoutError as hung:
            sys.stderr.write(f"{hung}\n")
            ended = apart(work, self.world.root)
        if not ended.well:
            raise DisturbedError(f"{ended.error}\n{ended.trace}")
        return ended

    def must_be_told(self, ended: Ended) -> None:
        """What ended, ended well, or said in words why not."""
        if not ended.told:
            raise DisturbedError(f"{ended.error or 'killed'}\n{ended.trace}")

    def complete(
        self, *, attempt: int = 1, since: str = QUIET, without: Collection[str] = (), repeated: int = 0
    ) -> None:
        """Run the last night again to its end, and hold the end against the undisturbed one.

        Args:
            attempt: how often it was sent before.
            since: the point up to which nothing was disturbed.
            without: places that may differ: beginnings of their names.
            repeated: how many notifications a channel may have got again.
        """
        self._a_day_passes()
        self.well(partial(_rest, self.world, since, attempt))
        self.hold(without=without, repeated=repeated)

    def _a_day_passes(self) -> None:
        """What a process left in the moment in which it was about to be seen is only known by its age."""
        yesterday = time.time() - 90_000
        unseen = [*self.world.lake.root.glob(".alive/.*"), *temporary_of(self.world.root).glob("*")]
        for each in unseen:
            if not (each / "alive").exists():
                os.utime(each, (yesterday, yesterday))

    def hold(self, *, against: str = NIGHTS, without: Collection[str] = (), repeated: int = 0) -> None:
        """Hold the state against an undisturbed one."""
        found = differences(
            *(_compared(state, without) for state in (end_state(self.world), self.undisturbed[against]))
        )
        if found:
            raise DisturbedError("\n".join(found))
        if left := leftovers(self.world):
            raise DisturbedError(f"left over: {left}")
        if (again := taken_twice(self.world)) > repeated:
            raise DisturbedError(f"{again} notifications came again")

    def keep(self, point: str) -> None:
        """The world as it is now is a point."""
        shutil.copytree(self.world.root, self.place / point, symlinks=True)


def labelled(world: World) -> None:
    """All labels that the last night knows are there from the beginning."""
    for day in days(FIRST, NIGHT)[:-1]:
        write_labels(world.root, day)


def _compared(state: dict[str, Any], without: Collection[str]) -> dict[str, Any]:
    return {name: each for name, each in state.items() if not name.startswith(tuple(without))}


def _of_last(stage: Callable[..., None], world: World) -> None:
    stage(world, [NIGHT]) if stage is evaluate else stage(world)


def _rest(world: World, since: str, attempt: int) -> None:
    # a publication that finds nothing to do needs no temporary folder, and would sweep no other
    scratch()
    if since not in (EVALUATED, SENT):
        evaluate(world, [NIGHT])
    if since != SENT:
        send(world, attempt=attempt)
    publish(world, [NIGHT])
