"""Sends events beside the night: whoever does not answer costs it a second at most, and never fails it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from functools import lru_cache
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Protocol

from obs_dagster.lineage.client import client_type
from obs_dagster.secrets import scrub
from obs_dagster.telemetry.event import Event

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

_MOST_WAITING = 10_000
_PATIENCE, _PATIENCE_WITH_THE_DEAD = 5.0, 1.0
"""Seconds that the end of the process waits for events to be sent; less if none ever was."""
_MOST_FAILURES = 3
"""So many events in a row that could not be sent are the last ones that are tried."""

_THREAD = "openlineage"

_LOST = Event(
    "obs_dagster.lineage",
    "lineage lost",
    "warning",
    "Events of OpenLineage were not sent; a new run of the days sends them.",
    {"events": "how many were not", "sent": "how many were"},
)

_NOT_SENT = Event(
    "obs_dagster.lineage",
    "lineage not sent",
    "warning",
    "The receiver of OpenLineage events did not take one.",
    {"why": "why", "tried_again": "whether the next ones are sent"},
)

_OFF = Event(
    "obs_dagster.lineage",
    "lineage off",
    "warning",
    "OpenLineage is set up, and cannot be used.",
    {"why": "why", "remedy": "what to do"},
)


class Client(Protocol):
    """What sends an event; OpenLineage's client is one."""

    def emit(self, event: Any) -> None:
        """Send an event, or raise whatever it likes."""


class Emitter:
    """Hands events to a client, one after another, in a thread of its own.

    Args:
        client: sends them.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: queue.Queue[RunEvent] = queue.Queue(_MOST_WAITING)
        self._failures = 0
        self._sent = 0
        self._lost = 0
        threading.Thread(target=self._send, name=_THREAD, daemon=True).start()
        logging.getLogger("urllib3.connectionpool").addFilter(_of_others)
        # unlike `atexit`, it is also run at the end of worker processes
        self._ending = Finalize(None, self.end, exitpriority=100)

    @property
    def dead(self) -> bool:
        """Whether nothing is tried any more."""
        return self._failures >= _MOST_FAILURES

    def emit(self, event: RunEvent) -> None:
        """Send an event when its turn comes; returns at once."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._lost += 1

    def end(self) -> None:
        """Wait a little for what is not sent yet, and say how much was not."""
        self.settle(_PATIENCE if self._sent else _PATIENCE_WITH_THE_DEAD)
        lost = self._lost + self._waiting.unfinished_tasks
        if lost:
            _LOST(events=lost, sent=self._sent)
            self._lost = 0

    def settle(self, seconds: float) -> bool:
        """Wait until everything is sent or given up.

        Returns:
            Whether it is.
        """
        until = time.monotonic() + seconds
        with self._waiting.all_tasks_done:
            while self._waiting.unfinished_tasks and not self.dead:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._waiting.all_tasks_done.wait(left)
            return not self._waiting.unfinished_tasks

    def _send(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                if self.dead:
                    self._lost += 1
                else:
                    self._try(event)
            finally:
                self._waiting.task_done()

    def _try(self, event: RunEvent) -> None:
        try:
            self._client.emit(event)
        except Exception as error:  # noqa: BLE001  transports raise what they like, and the night goes on
            self._failures += 1
            self._lost += 1
            if self._failures in (1, _MOST_FAILURES):
                _NOT_SENT(why=scrub(str(error)), tried_again=not self.dead)
        else:
            self._failures = 0
            self._sent += 1


def _of_others(record: logging.LogRecord) -> bool:
    """Whether a record is none of the sending thread, whose client tells of each time that it tries again."""
    return record.threadName != _THREAD


@lru_cache(maxsize=1)
def emitter() -> Emitter | None:
    """The process's emitter; None, with a line in the log that says why, if there cannot be one."""
    try:
        client = client_type()
    except ImportError:
        _OFF(
            why="OpenLineage is set up in the environment, and its client is not installed.",
            remedy="Install the extra `lineage`, or set OPENLINEAGE_DISABLED=true.",
        )
        return None
    try:
        return Emitter(client())
    except Exception as error:  # noqa: BLE001  whatever is wrong with its configuration
        _OFF(why=scrub(f"OpenLineage's client refuses its settings: {error}"))
        return None
