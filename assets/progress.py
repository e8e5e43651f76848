"""How far a stage has got with its days: told in the run's log, and to whoever runs it in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import dagster as dg

T = TypeVar("T")

Listener = Callable[[str, int, int], None]
"""Told a stage, how many of its days are done, and of how many."""

#: Seconds between two messages.
_EVERY = 1.0

_done: ContextVar[int | None] = ContextVar("done", default=None)

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Have a listener told of all stages that run inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def days_done() -> int | None:
    """How many days the stage that runs has done; None if it does not go from day to day."""
    return _done.get()


def begin_stage() -> None:
    """Forget how far another stage had got."""
    _done.set(None)


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
        _done.set(done)
        now = time.monotonic()
        if days > 1 and (done == days or now - self._told >= _EVERY):
            self._told = now
            self._context.log.info("%d of %d days", done, days)
            if listener := _listener.get():
                listener(self._context.asset_key.path[-1], done, days)


def tracked(context: dg.AssetExecutionContext, each: Iterable[T], days: int) -> Iterator[T]:
    """The same items, one per day; it is told how many have been taken.

    Args:
        context: of the stage.
        each: what is done day by day.
        days: how many there are.
    """
    progress = Progress(context)
    _done.set(0)
    for done, item in enumerate(each, start=1):
        yield item
        progress(done, days)
