"""How far a stage has got with its days, told in the run's log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import dagster as dg

T = TypeVar("T")

_TOLD = re.compile(r"^(\d+) of (\d+) days$")
#: Seconds between two messages.
_EVERY = 1.0


class Progress:
    """Tells how many days are done, now and then; nothing where there is only one.

    Args:
        context: of the stage.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context
        self._told = time.monotonic()

    def __call__(self, done: int, days: int) -> None:
        """Take notice of how many of the days are done."""
        now = time.monotonic()
        if days > 1 and (done == days or now - self._told >= _EVERY):
            self._told = now
            self._context.log.info("%d of %d days", done, days)


def tracked(context: dg.AssetExecutionContext, each: Iterable[T], days: int) -> Iterator[T]:
    """The same items, one per day; the log tells how many have been taken.

    Args:
        context: of the stage.
        each: what is done day by day.
        days: how many there are.
    """
    progress = Progress(context)
    for done, item in enumerate(each, start=1):
        yield item
        progress(done, days)


def days_done(message: str) -> tuple[int, int] | None:
    """What a message in a run's log tells of a stage's days: how many are done, of how many.

    >>> days_done("12 of 41 days")
    (12, 41)
    """
    found = _TOLD.match(message)
    return None if found is None else (int(found[1]), int(found[2]))
