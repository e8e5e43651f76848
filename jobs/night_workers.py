"""Nights of many models side by side: one process a core, each of which takes one night after another.

What a night imports takes longer than the night of a small log; these processes pay it once. Every night is
a run of its model's own job, as by itself. One that fails, or kills its process, is one night: the others go
on.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING
from uuid import uuid4

from jobs.due import Due
from jobs.stage_failure import StageFailure
from obs_dagster.cores import cores
from obs_dagster.errors import ObsError
from obs_dagster.workers import deaf, settle

if TYPE_CHECKING:
    from dagster._core.instance.ref import InstanceRef

    from jobs.execution import NightsRun


@dataclass(frozen=True, slots=True)
class Recording:
    """How the runs of nights are recorded.

    Attributes:
        tags: of each run.
        instance: the Dagster instance; None: the home's.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    instance: InstanceRef | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of a night.

    Attributes:
        due: which night.
        seconds: how long it took.
        run_id: its run, if it came so far.
        success: whether nothing failed.
        judged: whether rules were evaluated.
        failures: what failed.
    """

    due: Due
    run_id: str
    seconds: float
    success: bool = False
    judged: bool = False
    failures: tuple[StageFailure, ...] = ()

    @property
    def why(self) -> str:
        """What failed, in a line; empty if nothing did."""
        return "; ".join(f"{each.stage}: {each.reason}" for each in self.failures)

    def __str__(self) -> str:
        told = f"{self.due.model}, {self.due.day}, {self.seconds:.1f} s"
        return f"{told}: {self.why}" if self.why else told


def evaluate_nights(
    nights: Iterable[Due], *, number: int | None = None, recording: Recording | None = None
) -> Generator[Evaluated]:
    """Evaluate nights, each as a run of its own; the results in the order in which they are ready.

    Args:
        nights: the nights.
        number: how many processes; left out: as many as there are cores.
        recording: how the runs are recorded.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the runs of nights that had begun are cancelled.
    """
    waiting = deque(nights)
    context = multiprocessing.get_context("spawn")
    watched, lifeline = context.Pipe(duplex=False)
    busy: dict[Connection, _Worker] = {}
    try:
        for _ in range(min(number or cores(), len(waiting))):
            worker = _Worker.start(watched, recording or Recording())
            busy[worker.connection] = worker
            worker.take(waiting.popleft())
        while busy:
            ready = wait(list(busy))
            for connection in [each for each in busy if each in ready]:
                worker = busy.pop(connection)
                done = worker.result()
                if waiting:
                    if worker.dead:
                        worker = _Worker.start(watched, recording or Recording())
                    busy[worker.connection] = worker
                    worker.take(waiting.popleft())
                else:
                    worker.end()
                yield done
    except (KeyboardInterrupt, GeneratorExit):
        _end(busy.values(), lifeline)
        _cancel([worker.run_id for worker in busy.values()], recording)
        raise
    finally:
        _end(busy.values(), lifeline)


def _end(workers: Iterable[_Worker], lifeline: Connection) -> None:
    """Whatever they are working on: nobody wants it any more."""
    lifeline.close()
    for worker in workers:
        worker.process.join()


def _cancel(run_ids: Sequence[str], recording: Recording | None) -> None:
    if not run_ids:
        return
    from jobs.instance import open_instance
    from jobs.interruption import cancel_runs
    from obs_dagster.settings import Settings

    with open_instance(Settings(), recording.instance if recording else None) as instance:
        cancel_runs(instance, run_ids)


@dataclass(slots=True)
class _Worker:
    """A process, and the night that it is at."""

    process: BaseProcess
    connection: Connection
    dead: bool = False
    due: Due | None = None
    run_id: str = ""
    began: float = 0.0

    @classmethod
    def start(cls, watched: Connection, recording: Recording) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, watched, recording))
        with deaf():
            process.start()
        theirs.close()
        return cls(process, ours)

    def take(self, due: Due) -> None:
        self.due, self.run_id, self.began = due, str(uuid4()), time.monotonic()
        try:
            self.connection.send((due, self.run_id))
        except OSError:
            # it has died just now, as its result will tell
            return

    def result(self) -> Evaluated:
        if self.due is None:
            raise RuntimeError("a process was asked for the result of a night that it was not given")
        try:
            done: Evaluated = self.connection.recv()
        except (EOFError, OSError):
            self.end()
            self.dead = True
            told = (
                f"The process that evaluated it died (exit code {self.process.exitcode}). Most often the "
                "system kills it, because memory is short: give it more, or set OBS_CORES=1 to evaluate "
                "one night at a time."
            )
            failure = StageFailure("run", told, "")
            return Evaluated(self.due, self.run_id, time.monotonic() - self.began, failures=(failure,))
        return done

    def end(self) -> None:
        self.connection.close()
        self.process.join()


def _work(connection: Connection, lifeline: Connection, recording: Recording) -> None:
    """Evaluate the nights that come, until none does."""
    settle(lifeline)
    while True:
        try:
            due, run_id = connection.recv()
        except EOFError:
            return
        connection.send(_evaluate(due, run_id, recording))


def _evaluate(due: Due, run_id: str, recording: Recording) -> Evaluated:
    """One night; a stage that fails, or a monitor that cannot be loaded, is part of the result."""
    began = time.monotonic()
    try:
        run = _run(due, run_id, recording)
    except Exception as error:  # noqa: BLE001  of whatever kind: the next night must not be lost by it
        told = str(_explained(error))
        return Evaluated(due, run_id, time.monotonic() - began, failures=(StageFailure("run", told, ""),))
    seconds = time.monotonic() - began
    return Evaluated(due, run_id, seconds, run.success, run.judged, run.failures)


def _explained(error: Exception) -> Exception | str:
    from obs_dagster.settings import Settings
    from obs_dagster.storage_fault import storage_fault

    if isinstance(error, ObsError):
        return error
    return storage_fault(error, Settings().root) or f"{type(error).__name__}: {error}"


def _run(due: Due, run_id: str, recording: Recording) -> NightsRun:
    from jobs.execution import run_nights
    from obs_dagster.catalogue import monitors_of
    from obs_dagster.settings import Settings

    settings = Settings()
    monitor = monitors_of(settings.monitors, models=[due.model])[due.model]
    return run_nights(
        monitor,
        due.day,
        due.day,
        settings=settings,
        tags=recording.tags,
        run_id=run_id,
        recorded=recording.instance,
    )
