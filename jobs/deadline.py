"""A run in this process that lasts too long is interrupted, and if that does not help, ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GRACE = 60.0
"""Seconds that a run has to end by itself once it is interrupted."""
AGAIN, TIMES = 5.0, 3
"""A library may catch the interruption for its own: it comes again after so many seconds, so many times."""


@dataclass(slots=True)
class Deadline:
    """Whether the time was over."""

    seconds: float
    passed: threading.Event = field(default_factory=threading.Event)


@contextmanager
def deadline(seconds: float, last_words: Callable[[], None]) -> Iterator[Deadline]:
    """Interrupt this process, as Ctrl-C does, if the block lasts longer.

    Args:
        seconds: how long it may last; 0: as long as it likes.
        last_words: called, in another thread, before the process is ended because it did not heed that.
    """
    limit, over = Deadline(seconds), threading.Event()

    def watch() -> None:
        if over.wait(seconds):
            return
        limit.passed.set()
        # a process that works for another one hears none; there it is this thread that has to
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for _ in range(TIMES):
            # a signal also wakes what waits for the network
            os.kill(os.getpid(), signal.SIGINT)
            if over.wait(AGAIN):
                return
        if not over.wait(GRACE - TIMES * AGAIN):
            try:
                last_words()
            finally:
                os._exit(1)

    if seconds > 0:
        threading.Thread(target=watch, daemon=True, name="deadline").start()
    try:
        yield limit
    finally:
        over.set()
