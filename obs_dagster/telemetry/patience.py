"""How long the end of a night waits for those whom telemetry is delivered to: all of them share a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SECONDS = 0.9
"""A little less than the second, for threads do not wake up at once."""


class Patience:
    """Seconds that are left; a new night has all of them again.

    Args:
        seconds: of a night.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._left = seconds

    def renew(self) -> None:
        """A night begins."""
        self._left = self.seconds

    def wait(self, work: Callable[[], object], *, longer: Callable[[], float] = lambda: 0.0) -> None:
        """Do something in a thread, and wait for it no longer than there is time; it goes on then.

        Args:
            work: what is done.
            longer: asked when the time is over: for how many seconds in all it is worth to wait.
        """
        thread = threading.Thread(target=work, daemon=True, name="deliver-telemetry")
        began = time.monotonic()
        thread.start()
        thread.join(max(self._left, 0.0))
        self._left -= time.monotonic() - began
        while thread.is_alive() and time.monotonic() - began < longer():
            thread.join(0.05)


PATIENCE = Patience()
"""That of this process."""
