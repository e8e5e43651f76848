"""One snapshot a night: whatever is written while a night runs, all its stages read the same state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from threading import Lock

from obs_dagster.sources.tables.snapshot import Opener, Snapshot, TablePlace

_Key = tuple[Opener, TablePlace]

_NIGHT: ContextVar[str] = ContextVar("night", default="")
_pins: OrderedDict[str, dict[_Key, Snapshot]] = OrderedDict()
_told: OrderedDict[str, dict[_Key, str]] = OrderedDict()
_known: OrderedDict[_Key, Snapshot] = OrderedDict()
_lock = Lock()
#: Nights whose pins, and tables whose last snapshot, are kept in memory.
_NIGHTS, _TABLES = 8, 16


@contextmanager
def pinned(night: str) -> Iterator[None]:
    """What is read of tables while the block lasts is of the snapshots that this night read first.

    Args:
        night: names the night, as the id of its run does; its stages are blocks of one night.
    """
    token = _NIGHT.set(night)
    try:
        yield
    finally:
        _NIGHT.reset(token)


@dataclass(frozen=True, slots=True)
class Pins:
    """What a night has pinned, for other processes that work for it.

    Attributes:
        night: its name; empty outside of one.
        ids: the id of the snapshot of each table.
    """

    night: str = ""
    ids: tuple[tuple[_Key, str], ...] = ()

    @classmethod
    def now(cls) -> Pins:
        """Those of this process's night, also of tables that only others have read."""
        night = _NIGHT.get()
        with _lock:
            read = {key: found.name.id for key, found in _pins.get(night, {}).items()}
            return cls(night, tuple((_told.get(night, {}) | read).items()))

    def adopt(self) -> None:
        """Work for this night from now on, and read what it has pinned."""
        _NIGHT.set(self.night)
        if not self.night:
            return
        with _lock:
            told = _told.setdefault(self.night, {})
            for key, name in self.ids:
                told.setdefault(key, name)
            while len(_told) > _NIGHTS:
                _told.popitem(last=False)


def snapshot_of(place: TablePlace, opener: Opener) -> Snapshot:
    """A table at the snapshot that the night has pinned, which the first one to ask pins.

    Outside of a night it is the newest one there is. A table that logs and labels share, or the log and a
    baseline, has one pin.

    Raises:
        SourceError: as `Opener`.
    """
    # whatever part of the monitor names the table
    key = (opener, TablePlace("", place.path, place.table, place.snapshot, place.as_of, place.options))
    night = _NIGHT.get()
    with _lock:
        pins = _pins.setdefault(night, {}) if night else {}
        if key in pins:
            return pins[key]
        found = _known[key] = opener(place, _known.get(key))
        _known.move_to_end(key)
        told = _told.get(night, {}).get(key, "") if night else ""
        # one that is no number is of a table without rows; the newest one is read with the columns of today
        if told.isdecimal() and found.name.id != told:
            found = opener(replace(place, snapshot=int(told), as_of=None), None)
        pins[key] = found
        while len(_pins) > _NIGHTS:
            _pins.popitem(last=False)
        while len(_known) > _TABLES:
            _known.popitem(last=False)
    return found
