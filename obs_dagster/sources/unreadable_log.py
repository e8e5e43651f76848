"""Days of a log whose files cannot be read: noted, passed over, and tried again when the files change.

One bad file keeps no other day from its night. What was read of the day before stays; where nothing was, the
day is one without rows that says why, and is not evaluated.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from obs_dagster.errors import SourceError
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.source import SOURCES
from obs_dagster.sources.day_log import log_files
from obs_dagster.sources.file_stamp import fingerprint
from obs_dagster.sources.files import STAYS
from obs_dagster.sources.ingest import LOGS, Ingested, ingest_logs, write_without_rows
from obs_dagster.sources.protocol import Source, source_of

_FOLDER = "unreadable"
_UNSEEN = "it cannot be looked at: "
UNREADABLE = "the log cannot be read"


@dataclass(frozen=True, slots=True)
class UnreadableLog:
    """A day whose log cannot be read.

    Attributes:
        day: the day.
        error: which file it is, why, and what to do.
        stamp: changes when the day's files do.
        at: when it was tried last (UTC).
        kept: whether what was read of the day before stays.
    """

    day: dt.date
    error: str
    stamp: str
    at: dt.datetime
    kept: bool


@reads_rows
def ingest_day(
    monitor: Monitor, day: dt.date, lake: Lake, now: dt.datetime
) -> tuple[Ingested, UnreadableLog | None]:
    """Read a day's log as `ingest_logs` does; files that cannot be read are noted, and no error.

    A warehouse that cannot be reached is one: it is nothing about the day.

    Args:
        monitor: names the log.
        day: the day.
        lake: where rows go.
        now: the present (UTC).

    Raises:
        SourceError: a source that is no files cannot be read.
        LakeError: the disk is full, or cannot be written.
    """
    note = _path(monitor.model, lake, day)
    if not SOURCES.named(monitor.logs.source).of_files:
        return ingest_logs(monitor, day, lake), None
    # before anything is read: what comes meanwhile makes the day another one
    stamp, unseen = _looked(monitor, day)
    try:
        found = ingest_logs(monitor, day, lake, stamp=None if unseen else stamp)
    except SourceError as error:
        before = lake.table(monitor.model, LOGS).readable(day) or {}
        # rows that were never copied are in the files that cannot be read
        kept = bool(before) and not before.get("unreadable") and "in_place" not in before
        unread = UnreadableLog(
            day, _told(monitor, error, kept=kept), _with_monitor(monitor, stamp), now, kept
        )
        if not kept:
            _write_nothing(monitor, day, lake, unread)
        write_json(note, asdict(unread) | {"day": day.isoformat(), "at": now.isoformat()})
        if not kept:
            return Ingested(0, 0, 0), unread
        return Ingested(before["rows"], before["duplicates"], 0, before["versions"]), unread
    note.unlink(missing_ok=True)
    return found, None


def unreadable_logs(model: str, lake: Lake) -> Iterator[UnreadableLog]:
    """The days of a model whose log could not be read when it was tried last, ascending.

    Raises:
        LakeError: a note is damaged.
    """
    for file in sorted(lake.folder(model, _FOLDER).glob("*.json")):
        document = read_json(file)
        # one that went away meanwhile was read
        if document is not None:
            yield UnreadableLog(
                dt.date.fromisoformat(document["day"]),
                document["error"],
                document["stamp"],
                dt.datetime.fromisoformat(document["at"]),
                document["kept"],
            )


def changed_since(monitor: Monitor, unread: UnreadableLog) -> str:
    """The present stamp of a day that could not be read; empty if nothing has changed, nor the monitor."""
    now = _with_monitor(monitor, _looked(monitor, unread.day)[0])
    return "" if now == unread.stamp else now


def _looked(monitor: Monitor, day: dt.date) -> tuple[str, bool]:
    """The stamp of a day, and whether its files could not even be looked at."""
    found = stamp_of(source_of(monitor.logs), monitor, day)
    return found, found.startswith(_UNSEEN)


def _with_monitor(monitor: Monitor, stamp: str) -> str:
    """Changes with the day's files, and with what the monitor says of them."""
    return f"{hashlib.sha256(monitor.logs.model_dump_json().encode()).hexdigest()[:8]} {stamp}"


def _told(monitor: Monitor, error: SourceError, *, kept: bool) -> str:
    """What an error says, without what is not so, and without what may quote the values of rows."""
    text = str(error) if kept else str(error).removesuffix(STAYS).strip()
    place, of, _ = text.partition(f" as {monitor.logs.source}: ")
    if of and monitor.personal:
        return f"{place} as {monitor.logs.source}; why is left out, for it may quote personal values."
    return text


def stamp_of(source: Source, monitor: Monitor, day: dt.date, *, own: bool = False) -> str:
    """A text that changes when the log of a day does, also where it cannot be looked at.

    Args:
        source: the monitor's.
        monitor: names the log.
        day: the day.
        own: whether only the files that the day names have its rows, and none of the days beside it.
    """
    try:
        if own:
            stamps = log_files(monitor, day).stamps()
            return fingerprint(stamps) if stamps else ""
        return source.stamp(monitor, day)
    except SourceError as error:
        return f"{_UNSEEN}{error}"


def _write_nothing(monitor: Monitor, day: dt.date, lake: Lake, unread: UnreadableLog) -> None:
    """The day's partition has no rows, and says why."""
    manifest = {
        "rows": 0,
        "duplicates": 0,
        "versions": {},
        "files": [],
        "source_rows": 0,
        "other_days": 0,
        "fingerprint": "",
        "stamp": unread.stamp,
        "schema_changes": [],
        "unreadable": unread.error,
    }
    write_without_rows(monitor, lake.table(monitor.model, LOGS).path(day), manifest)


def _path(model: str, lake: Lake, day: dt.date) -> Path:
    return lake.folder(model, _FOLDER) / f"{day.isoformat()}.json"
