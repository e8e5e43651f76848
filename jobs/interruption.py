"""Ctrl-C: a person wants the work to end, which is no failure of it and no news to anybody else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from jobs.deadline import Deadline

_WHY = "Somebody interrupted it."


@dataclass(slots=True)
class Notice:
    """Whether Ctrl-C was pressed within a block.

    Dagster puts handlers of its own in place while a run lasts, and libraries turn what these raise into
    errors of theirs. So this does not depend on them: Python writes the number of each signal into a pipe.
    """

    pipe: int | None = None
    seen: bool = False

    def __call__(self) -> bool:
        """Whether it was, until now."""
        while self.pipe is not None and not self.seen:
            try:
                numbers = os.read(self.pipe, 4096)
            except BlockingIOError:
                break
            self.seen = signal.SIGINT in numbers
        return self.seen


@contextmanager
def noticed() -> Iterator[Notice]:
    """Take notice of Ctrl-C for the block; of none in another thread than the main one, where signals go."""
    if threading.current_thread() is not threading.main_thread():
        yield Notice()
        return
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    notice = Notice(reading)
    try:
        yield notice
    finally:
        signal.set_wakeup_fd(before)
        notice()
        notice.pipe = None
        os.close(reading)
        os.close(writing)


@dataclass(slots=True)
class Wish:
    """A person's wish that a run of this process ends.

    Attributes:
        instance: where the run is recorded.
        run_id: the run.
        pressed: whether Ctrl-C was pressed.
        limit: the run's time; once it is over, the same signal is not a person's.
    """

    instance: dg.DagsterInstance
    run_id: str
    pressed: Notice
    limit: Deadline
    _asked: bool = False

    def __bool__(self) -> bool:
        """Whether there is one."""
        return self.pressed() and not self.limit.passed.is_set()

    def heed(self, *, failed: bool = False) -> None:
        """To be called as stages begin and end: the run is going to be cancelled if there is such a wish.

        Args:
            failed: whether the stage has failed, so that the run ends anyway.

        Raises:
            KeyboardInterrupt: the signal, a person's or that of the time that is over, has not ended the
                stage, which took it for some error of its own.
        """
        if not self.pressed():
            return
        run = None if self._asked or not self else self.instance.get_run_by_id(self.run_id)
        self._asked = True
        if run is not None and not run.is_finished:
            # Dagster looks for this when it comes to say how the run has ended
            self.instance.report_run_canceling(run, _WHY)
        if not failed:
            raise KeyboardInterrupt


def cancel_runs(instance: dg.DagsterInstance, run_ids: Iterable[str]) -> None:
    """Record runs as cancelled whose processes were ended; those that never began are left alone."""
    for run_id in run_ids:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_canceled(run, _WHY)
