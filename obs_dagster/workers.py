"""Work side by side: other processes of this program, with a core each.

Each of them imports what this module imports before it is told to keep to one core. Libraries that start
threads as they are imported, such as NumPy, must not be among it.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

from obs_dagster.cores import VARIABLE, cores
from obs_dagster.errors import ObsError
from obs_dagster.lake import leftovers
from obs_dagster.process import own_process
from obs_dagster.scratch import scratch, share
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.logs import configure
from obs_dagster.telemetry.traces import Carried, Returned, carried

#: Items that a process takes at a time.
_SHARE = 4
#: Shares per process that are begun before they are asked for: enough that none waits, few enough for memory.
_AHEAD = 4
#: How often work is begun whose process dies.
_TRIALS = 3
#: Processes that end at once leave things behind. One of Python's own tidies them up, and says so.
_UNTOLD = "ignore:resource_tracker:UserWarning"
#: What libraries read for the number of their threads.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


_DIED = Event(
    "obs_dagster.workers",
    "process died",
    "warning",
    "A process that worked beside the night's died, most often because memory is short.",
    {"again": "whether its work is begun anew"},
)


class WorkerError(ObsError):
    """A process beside this one died, and again when its work was begun anew."""


class Workers:
    """Processes that start with the first work, and anew where one of them has died.

    They end when this one does, however it does: each watches a pipe of which only this process has the end
    that is written to. (The queue of a pool is no such thing: its processes hold both ends, and would wait
    for ever.) What they are working on then is not finished, for nobody wants it.

    Args:
        number: how many; left out: as many as there are cores.
        niceness: how far they let other processes go first.
    """

    def __init__(self, number: int | None = None, *, niceness: int = 0) -> None:
        self._number = number
        self._niceness = niceness
        self._executor: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None

    def begin(self, function: Callable[[], R]) -> Begun[R]:
        """Begin a function without arguments, which is pickled."""
        carrying = carried(function)
        return Begun(self, carrying, self.submit(carrying))

    def submit(self, function: Callable[[], R]) -> Future[R]:
        """The future result of a function without arguments.

        Its exception is `BrokenProcessPool` if one of the processes dies, whichever works on it.
        """
        # a process is started with work that there is none for yet
        with deaf():
            if self._executor is not None:
                try:
                    return self._executor.submit(function)
                except BrokenProcessPool:
                    # one has died since: new ones are needed, and it is seen only now
                    self._executor = None
            self._executor = self._started()
            return self._executor.submit(function)

    def close(self) -> None:
        """Let the processes end; what they have not begun is not done."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None
            self._cut()

    def end(self) -> None:
        """End the processes now, whatever they are working on."""
        self._cut()
        self.close()

    def _cut(self) -> None:
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None

    def _started(self) -> ProcessPoolExecutor:
        """New processes, not forked: the libraries of this process have threads, which a fork would break."""
        self._cut()
        context = multiprocessing.get_context("spawn")
        watched, self._lifeline = context.Pipe(duplex=False)
        _at_exit(self.end)
        return ProcessPoolExecutor(
            self._number or cores(),
            context,
            initializer=_start_process,
            initargs=(self._niceness, watched, scratch(), leftovers.mark()),
        )


@dataclass(slots=True)
class Begun(Generic[R]):
    """Something that was begun in another process; to be called for its result."""

    workers: Workers
    function: Carried[R]
    future: Future[Returned[R]]

    def __call__(self) -> R:
        """Wait for the result; raises what the function raised.

        Raises:
            WorkerError: as often as it was tried, a process died.
        """
        return self.function.received(self._result)

    def _result(self) -> Returned[R]:
        for _ in range(_TRIALS - 1):
            try:
                return self.future.result()
            except BrokenProcessPool:
                # a process may have died at something else's work, and what was short may be there now
                _DIED(again=True)
                self.future = self.workers.submit(self.function)
        try:
            return self.future.result()
        except BrokenProcessPool as error:
            raise WorkerError(
                f"A process that worked beside this one died, {_TRIALS} times in spite of new beginnings. "
                "Most often the system kills it, because memory is short.",
                remedy=f"Give the run more memory, or set {VARIABLE}=1 to do everything in one process; "
                "then run the days again.",
            ) from error


_BESIDE = Workers()
_ASIDE = Workers(1, niceness=5)


def in_order(
    function: Callable[[Sequence[T]], Iterable[R]],
    items: Sequence[T],
    *,
    fewest: int,
    here: Callable[[Sequence[T]], Iterable[R]] | None = None,
) -> Iterator[R]:
    """The results of independent items, in their order, as they are ready.

    With a single core, or few items, they are computed in this process; else by one per core, some items
    ahead of those that are asked for. The processes stay for what comes next.

    Args:
        function: gives the results of some of the items, one each, in their order; it is pickled with its
            items, and so are the results.
        items: what there is to do.
        fewest: with fewer items, processes would take longer to start than they save.
        here: gives the results in this process, where it has at hand what others must open anew; left out:
            `function`.

    Raises:
        WorkerError: a process died again and again.
    """
    number = cores()
    if number == 1 or len(items) < fewest:
        yield from (here or function)(items)
        return
    waiting: deque[Begun[list[R]]] = deque()
    try:
        for first in range(0, len(items), _SHARE):
            waiting.append(_BESIDE.begin(partial(_all, function, items[first : first + _SHARE])))
            if len(waiting) > number * _AHEAD:
                yield from waiting.popleft()()
        while waiting:
            yield from waiting.popleft()()
    finally:
        for each in waiting:
            each.future.cancel()


def begin(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[[], R]:
    """Begin something in another process, which goes on while this one does other things.

    There is one such process. It does one thing after another, and lets other processes go first.

    Args:
        function: a function that a module defines, since the process imports it.
        *args: what it is called with; pickled.
        **kwargs: the same, by name.

    Returns:
        To be called for the result: it waits for it, and raises what `function` raised, or a `WorkerError`.
        With a single core nothing is begun before that.
    """
    whole = partial(function, *args, **kwargs)
    return whole if cores() == 1 else _ASIDE.begin(whole)


def give_up(begun: Callable[[], R]) -> None:
    """Don't do what `begin` has begun, if no process is at work on it yet; its result is not asked for."""
    if isinstance(begun, Begun):
        begun.future.cancel()


def _all(function: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T]) -> list[R]:
    return list(function(items))


def _at_exit(function: Callable[[], None]) -> None:
    """Have a function called before Python waits, at its end, for all that was begun."""
    # what concurrent.futures itself uses to wait; its order is the last that came first
    register = getattr(threading, "_register_atexit", atexit.register)
    register(function)
    # a process that multiprocessing itself has started, as a run's is, first waits for its own processes
    Finalize(None, function, exitpriority=100)


def _start_process(niceness: int, lifeline: Connection, folder: Path, mark: str) -> None:
    """Settle in a process that does a part of this one's work."""
    settle(lifeline, niceness)
    share(folder)
    leftovers.adopt(mark)


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started in the block do not hear Ctrl-C, which a terminal tells to all of a program.

    They end with the process that they work for, which hears it once the block is over.
    """
    # a process of Python's own is started with the first one, and would have this one hear again
    if _UNTOLD not in sys.warnoptions:
        sys.warnoptions.append(_UNTOLD)
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def settle(lifeline: Connection, niceness: int = 0) -> None:
    """Settle in a process that works beside others, with one core, before it imports what it works with.

    Args:
        lifeline: the end of a pipe whose other end the process has that this one works for; it ends with it.
        niceness: how far it lets other processes go first.
    """
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    own_process()
    configure()
    # threads that wait for one another by turning around would take the cores from the other processes
    os.environ |= dict.fromkeys((VARIABLE, *_THREADS), "1")
    if hasattr(os, "nice"):
        os.nice(niceness)


def _end_with_parent(lifeline: Connection) -> None:
    """Wait for the end of the process that this one works for, or of its interest, and end as well."""
    parent = multiprocessing.parent_process()
    wait([lifeline] if parent is None else [lifeline, parent.sentinel])
    os._exit(1)
