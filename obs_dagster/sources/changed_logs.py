"""Days of a log that are not what their nights read: rows came late, files were replaced, or are gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from obs_dagster.errors import SourceError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_log import beside
from obs_dagster.sources.halves import joined_digest, with_halves
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.protocol import Source, source_of
from obs_dagster.sources.purged import purged_on
from obs_dagster.sources.same_rows import known_same, same_rows
from obs_dagster.sources.tables.pins import pinned
from obs_dagster.sources.unreadable_log import changed_since, stamp_of, unreadable_logs

Kind = Literal["changed", "gone", "missed", "unreadable"]
#: What each kind is, as people read it.
KINDS: dict[Kind, str] = {
    "changed": "its log is not what was evaluated",
    "gone": "its log is gone; what was evaluated stays",
    "missed": "its log is there, and no night has read it",
    "unreadable": "its log could not be read, and is tried again",
}


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day whose log is not as its night read it.

    Attributes:
        day: the day.
        kind: what became of its log.
        stamp: changes when its log does; empty if that is gone.
    """

    day: dt.date
    kind: Kind
    stamp: str

    def __str__(self) -> str:
        return f"{self.day}: {KINDS[self.kind]}"


def changed_days(
    monitor: Monitor,
    lake: Lake,
    first: dt.date | None = None,
    last: dt.date | None = None,
    *,
    also_unreadable: bool = False,
) -> Iterator[ChangedDay]:
    """Compare days of the log with what was read of them, ascending; no row is read.

    Files are looked at, not rows: of a day that has changed `really_changed` tells whether its rows have.

    A day whose log is gone is told apart: what was evaluated is all that is left of it, and evaluating it
    again would lose that. A day whose log could not be read is compared with what it was then. Days before
    the first night, or after the last one, are none of these.

    Args:
        monitor: names the log.
        lake: has what was read.
        first: only days from this one on; left out: from the first that a night has read.
        last: only days up to this one; left out: to the last that a night has read.
        also_unreadable: whether days are given whose log could not be read and has not changed since.
    """
    with pinned(f"changed {uuid4().hex}"):
        # of tables one state is looked at, however many days are
        found = list(_changed_days(monitor, lake, first, last, also_unreadable=also_unreadable))
    yield from found


def _changed_days(
    monitor: Monitor, lake: Lake, first: dt.date | None, last: dt.date | None, *, also_unreadable: bool
) -> Iterator[ChangedDay]:
    table, source = lake.table(monitor.model, LOGS), source_of(monitor.logs)
    read = [day for day in table.days() if monitor.start <= day]
    if not read:
        return
    begin, end = max(first or read[0], read[0]), min(last or read[-1], read[-1])
    unread = {each.day: each for each in unreadable_logs(monitor.model, lake)}
    there = _days_there(monitor) - set(read)
    for day in sorted(there.union(read)):
        if not begin <= day <= end:
            continue
        if day in there:
            yield ChangedDay(day, "missed", stamp_of(source, monitor, day))
            continue
        # a day that was read before stamps were kept, or whose file is damaged, tells nothing
        manifest = table.readable(day) or {}
        if purged_on(manifest):
            # nothing can be made of a change
            continue
        if day in unread:
            if now := changed_since(monitor, unread[day]):
                yield ChangedDay(day, "changed", now)
            elif also_unreadable:
                yield ChangedDay(day, "unreadable", unread[day].stamp)
            continue
        if found := _compared(monitor, lake, source, day, manifest):
            yield found


def _compared(
    monitor: Monitor, lake: Lake, source: Source, day: dt.date, manifest: Mapping[str, Any]
) -> ChangedDay | None:
    """What became of the log of a day that was read; None if it is as it was."""
    before = manifest.get("stamp")
    now = stamp_of(source, monitor, day, own=manifest.get("own_files", False))
    folders = (day, *beside(day)) if manifest.get("by_time", False) else (day,)
    now = with_halves(now, joined_digest(monitor, folders, lake))
    if before is None or before == now or known_same(monitor, day, lake, read=before, now=now):
        return None
    return ChangedDay(day, "changed" if now else "gone", now)


def really_changed(monitor: Monitor, lake: Lake, found: ChangedDay, *, most: int | None = None) -> bool:
    """Whether the rows of a day are not those that its night read; its log is read for that.

    Args:
        monitor: names the log.
        lake: has what was read.
        found: a day whose files are not as they were.
        most: a day of more rows is not read, and counts as changed.
    """
    return found.kind != "changed" or not same_rows(monitor, found.day, lake, found.stamp, most=most)


def _days_there(monitor: Monitor) -> set[dt.date]:
    """The days that the log has, as far as that is known without reading it."""
    try:
        known = source_of(monitor.logs).days(monitor)
    except SourceError:
        # one thing that is no file hides all others; the night of its day says which
        return set()
    return set(known.days) if known is not None else set()
