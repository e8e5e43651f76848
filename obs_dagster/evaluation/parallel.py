"""Days side by side: a long range is evaluated by as many processes as there are cores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import TypeVar

from obs_dagster.evaluation.night import Night
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.telemetry.traces import of_day, span
from obs_dagster.workers import in_order

#: Fewer days than these are evaluated sooner than processes have started.
_FEWEST_DAYS = 24

T = TypeVar("T")

Family = Callable[[Night, dt.date], Iterator[MetricRecord]]
"""A function of `obs_dagster.evaluation` that gives the records of one family on one day."""

Learn = Callable[[list[MetricRecord]], None]
"""Takes the records of a day, which later days depend on."""


def records_of_days(
    family: Family, night: Night, days: Collection[dt.date], *, learn: Learn | None = None
) -> Iterator[tuple[dt.date, list[MetricRecord]]]:
    """The records of each day, in the order of days, as they are ready.

    Days depend on nothing but what is stored, so it makes no difference where each is evaluated; unless a
    baseline leaves out days in breach.

    Args:
        family: computes the records of a day; a function that a module defines, since processes import it.
        night: what every day is evaluated with.
        days: the days.
        learn: takes the records of each day before the next one is evaluated, which may depend on them; then
            none are evaluated side by side.

    Raises:
        WorkerError: a process that evaluates died again and again.
    """
    yield from each_day(partial(_records, family), night, days, learn=learn)


def each_day(
    evaluate: Callable[[Night, dt.date], T],
    night: Night,
    days: Collection[dt.date],
    *,
    learn: Callable[[T], None] | None = None,
) -> Iterator[tuple[dt.date, T]]:
    """What is found of each day, likewise.

    Args:
        evaluate: finds it; a function that a module defines.
        night: what every day is evaluated with.
        days: the days.
        learn: likewise.

    Raises:
        WorkerError: a process that evaluates died again and again.
    """
    ordered = sorted(days)
    if learn is not None:
        for day in ordered:
            with of_day(day):
                found = evaluate(night, day)
            learn(found)
            yield day, found
        return
    compute = partial(_evaluated, evaluate, night)
    # processes beside this one would each ask for rows that are read elsewhere
    beside = night.monitor.engine.reads_here
    results = in_order(compute, ordered, fewest=_FEWEST_DAYS) if beside else compute(ordered)
    yield from zip(ordered, results, strict=True)


def _records(family: Family, night: Night, day: dt.date) -> list[MetricRecord]:
    with span(family.__name__.removesuffix("_records")) as told:
        records = list(family(night, day))
        told.set(records=len(records))
    return records


def _evaluated(evaluate: Callable[[Night, dt.date], T], night: Night, days: Iterable[dt.date]) -> Iterator[T]:
    for day in days:
        with of_day(day):
            found = evaluate(night, day)
        yield found
