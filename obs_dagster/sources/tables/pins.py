"""One snapshot a night: whatever is written while a night runs, all its stages read the same state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from obs_dagster.sources.tables.snapshot import Opener, Snapshot, TablePlace

_NIGHT: ContextVar[str] = ContextVar("night", default="")
_pins: OrderedDict[str, dict[tuple[Opener, TablePlace], Snapshot]] = OrderedDict()
_known: OrderedDict[tuple[Opener, TablePlace], Snapshot] = OrderedDict()
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
        found = opener(place, _known.get(key))
        _known[key] = found
        _known.move_to_end(key)
        pins[key] = found
        while len(_pins) > _NIGHTS:
            _pins.popitem(last=False)
        while len(_known) > _TABLES:
            _known.popitem(last=False)
    return found
