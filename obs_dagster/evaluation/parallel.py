"""Work side by side: what takes long is done by as many processes as there are cores."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.process import own_process

#: Fewer days than these are evaluated sooner than processes have started.
_FEWEST_DAYS = 24
#: Days that a process takes at a time.
_SHARE = 4

P = ParamSpec("P")
R = TypeVar("R")

Family = Callable[[Monitor, dt.date, Lake, Recorder], Iterator[MetricRecord]]
"""A function of `obs_dagster.evaluation.metrics` that gives the records of one family on one day."""


def records_of_days(
    family: Family, monitor: Monitor, days: Collection[dt.date], lake: Lake, recorder: Recorder
) -> Iterator[tuple[dt.date, list[MetricRecord]]]:
    """The records of each day, in the order of days, as they are ready.

    Days depend on nothing but what is stored, so it makes no difference where each is evaluated.

    Args:
        family: computes the records of a day; a function that a module defines, since processes import it.
        monitor: the monitor.
        days: the days.
        lake: holds the profiles.
        recorder: makes the records.
    """
    ordered = sorted(days)
    compute = partial(_records, family, monitor, lake, recorder)
    cores = os.cpu_count() or 1
    side_by_side = cores > 1 and len(ordered) >= _FEWEST_DAYS
    found = _pool(cores).map(compute, ordered, chunksize=_SHARE) if side_by_side else map(compute, ordered)
    yield from zip(ordered, found, strict=True)


def begin(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[[], R]:
    """Begin something in another process, which goes on while this one does other things.

    There is one such process. It does one thing after another, and lets go first those that evaluate days.

    Args:
        function: a function that a module defines, since the process imports it.
        *args: what it is called with; pickled.
        **kwargs: the same, by name.

    Returns:
        To be called for the result: it waits for it, and raises what `function` raised. With a single core
        nothing is begun before that.
    """
    if (os.cpu_count() or 1) == 1:
        return partial(function, *args, **kwargs)
    return _aside().submit(function, *args, **kwargs).result


def _records(
    family: Family, monitor: Monitor, lake: Lake, recorder: Recorder, day: dt.date
) -> list[MetricRecord]:
    return list(family(monitor, day, lake, recorder))


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that the stages of a run share; they end with it."""
    return _processes(processes, 0)


@cache
def _aside() -> ProcessPoolExecutor:
    return _processes(1, 5)


def _processes(number: int, niceness: int) -> ProcessPoolExecutor:
    """New processes, not forked: the libraries of this process have threads, which a fork would break."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(number, context, initializer=_start_process, initargs=(niceness,))


def _start_process(niceness: int) -> None:
    """Settle in a process of the pool, before it imports what it works with."""
    own_process()
    # threads that wait for one another by turning around would take the cores from the other processes
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if hasattr(os, "nice"):
        os.nice(niceness)
