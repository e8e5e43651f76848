"""Days side by side: long ranges are evaluated by as many processes as there are cores."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor

#: Fewer days than these are evaluated sooner than processes have started.
_FEWEST_DAYS = 24
#: Days that a process takes at a time.
_SHARE = 4

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


def _records(
    family: Family, monitor: Monitor, lake: Lake, recorder: Recorder, day: dt.date
) -> list[MetricRecord]:
    return list(family(monitor, day, lake, recorder))


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that the stages of a run share; they end with it.

    They are started anew, not forked: the libraries of this process have threads, which a fork would break.
    """
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
