"""What became of rows: taken, written, dropped and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

FULL = "queue full"
"""More rows came than could be written."""
TOO_LARGE = "row too large"
"""One row is larger than a row may be."""
NOT_TEXT = "not writable as JSON"
"""A value of it cannot be written."""
NOT_TAKEN = "not readable"
"""What was to be recorded is no row: `features` that are no mapping, and the like."""
NO_PLACE = "folder not writable"
"""The folder could not be written until the process ended."""


class Counts(NamedTuple):
    """How many rows there were since the process began.

    Attributes:
        written: rows that are in a file.
        dropped: rows that are in none, by reason.
        waiting: rows that are to be written.
    """

    written: int = 0
    dropped: Mapping[str, int] = MappingProxyType({})
    waiting: int = 0

    @property
    def lost(self) -> int:
        """All rows that were dropped."""
        return sum(self.dropped.values())


class Drops:
    """Counts rows that are dropped, and says so: once a minute at most, however many there are.

    Whoever counts holds a lock, or is the only one that does.
    """

    __slots__ = ("_told", "_told_at", "by_reason")

    _PAUSE = 60.0

    def __init__(self) -> None:
        self.by_reason: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._told_at = float("-inf")

    def add(self, reason: str, rows: int = 1) -> None:
        """Count rows that were dropped for a reason."""
        self.by_reason[reason] = self.by_reason.get(reason, 0) + rows

    def tell(self, place: str, now: float, *, last: bool = False) -> None:
        """Say what was dropped since it was last said.

        Args:
            place: the folder of the log.
            now: seconds of a clock that never goes back.
            last: whether nobody will ask again.
        """
        current = dict(self.by_reason)
        if current == self._told or (now - self._told_at < self._PAUSE and not last):
            return
        since = {reason: rows - self._told.get(reason, 0) for reason, rows in current.items()}
        told = ", ".join(f"{rows:,} ({reason})" for reason, rows in since.items() if rows)
        import logging  # imported for what should never be said

        logger = logging.getLogger("obs_dagster.serving")
        logger.warning("Rows of the inference log in %s were dropped: %s.", place, told)
        self._told, self._told_at = current, now
