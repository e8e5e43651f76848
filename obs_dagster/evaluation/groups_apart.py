"""Groups of people told apart by what the log does not have: counted by day, in a place of their own.

Rows are joined with the attributes in memory, and come to counts of decisions and labels by group. With these
stands no id, and nothing that would lead to one: scores count to two digits, and of a column the values that
few rows have share a group. The lake has none of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from obs_dagster.errors import LakeError, ObsError
from obs_dagster.evaluation.groups_joined import ADDED, KEYS, SCHEMA, joined_day
from obs_dagster.evaluation.night import Night
from obs_dagster.figures import percent
from obs_dagster.lake.lake import Lake, Table
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.profile import merge_rows
from obs_dagster.sources.held_apart import Attributes
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.purged import purged_on
from obs_dagster.store import ObjectPath, place
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces import span

_FAILED = Event(
    "obs_dagster.evaluation",
    "attributes not joined",
    "warning",
    "Attributes that are held apart could not be read, or their counts not be kept; the night went on.",
    {"model": "the model", "of": "the day of the rows", "error": "why"},
)
GROUPS = "groups"
"""The folder of the counts, below that of the model."""

_WAIT = 7
"""Days for which attributes that come later than their rows are looked for."""


@dataclass(frozen=True)
class GroupsApart:
    """The groups of some days.

    Attributes:
        profile: their counts; None if no day has any.
        reason: why, then.
    """

    profile: OutcomeProfile | None
    reason: str = ""


def place_apart(monitor: Monitor, lake: Lake) -> Lake:
    """Where the counts of a monitor's groups are: as it says, or beside the lake.

    Raises:
        LakeError: the lake is a whole bucket, which has nothing beside it.
    """
    apart = monitor.fairness.held_apart
    if apart is not None and apart.counts:
        return Lake(place(monitor.resolve_path(apart.counts)))
    if isinstance(lake.root, ObjectPath) and not lake.root.key:
        raise LakeError(
            f"Nothing is beside the lake {lake.root}, which is a whole bucket.",
            remedy="Say in `fairness.held_apart.counts` where the counts of groups go.",
        )
    return Lake(lake.root.with_name(f"{lake.root.name}-apart"))


def stale_groups(night: Night) -> set[dt.date]:
    """Days whose groups have to be counted, or counted again.

    They follow from the day's outcomes and from the attributes. These may come later than the rows, so for a
    week days that lack some are looked at whenever the files have changed.
    """
    monitor = night.monitor
    days = night.outcomes.days()
    if not monitor.fairness.cuts_apart or not days:
        return set()
    logs = night.lake.table(monitor.model, LOGS)
    try:
        table, stamp = _table(night), Attributes.of(monitor).source.fingerprint()
        return {
            day
            for day in days
            if not _counted(
                table.readable(day) or {},
                _made_of(night, day),
                stamp if (days[-1] - day).days < _WAIT else "",
            )
            # what was counted of rows that were removed since is what is known of them
            and not purged_on(logs.readable(day))
        }
    except ObsError as error:
        _FAILED(model=monitor.model, of=str(days[-1]), error=str(error))
        return {days[-1]}


def count_groups(night: Night, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, str]]:
    """Join days with the attributes and replace the counts of their groups; with why that was not possible.

    A night does not fail for it: what is not about groups is told all the same.
    """
    monitor = night.monitor
    for day in days:
        try:
            with span("count groups", day=str(day)) as told:
                table, made_of = _table(night), _made_of(night, day)
                found, unknown, stamp = joined_day(monitor, day, night.lake)
                rows = found.num_rows
                told.set(rows=rows)
            table.write(day, found, {**made_of, "stamp": stamp, "unknown": unknown})
        except ObsError as error:
            _FAILED(model=monitor.model, of=str(day), error=str(error))
            yield day, _refused(night, day, str(error))
        else:
            yield day, ""


def groups_apart(night: Night, days: Sequence[dt.date], kind: OutcomeTable) -> GroupsApart:
    """The counts of the groups of some days together."""
    parts, reason = [], "nobody counted the groups of these days yet"
    try:
        table = _table(night)
        for day in days:
            manifest = table.readable(day)
            if manifest is None:
                continue
            if manifest.get("refused"):
                reason = str(manifest["refused"])
                continue
            parts.append(table.read(day).cast(SCHEMA))
    except ObsError as error:
        reason = str(error)
    if not parts:
        return GroupsApart(None, reason)
    return GroupsApart(OutcomeProfile(merge_rows(pa.concat_tables(parts), KEYS, ADDED), kind))


def joined_in_words(night: Night, day: dt.date) -> str:
    """Of how many rows of a day the attributes are known, or why nobody knows; empty without such."""
    if not night.monitor.fairness.cuts_apart:
        return ""
    try:
        found = _table(night).readable(day)
    except ObsError as error:
        return str(error)
    if found is None:
        return "nobody counted the groups of the day yet"
    if found.get("refused"):
        return str(found["refused"])
    lacking, rows = found["unknown"]
    return f"of {rows:,} rows {percent((rows - lacking) / rows)} have all attributes" if rows else "no rows"


def _table(night: Night) -> Table:
    return place_apart(night.monitor, night.lake).table(night.monitor.model, GROUPS)


def _made_of(night: Night, day: dt.date) -> dict[str, Any]:
    """What the counts follow from beside the attributes themselves."""
    monitor = night.monitor
    asked = f"{monitor.fairness.cuts_apart}|{monitor.fairness.held_apart}|{monitor.logs.threshold}"
    return {
        "outcomes": (night.outcomes.readable(day) or {}).get("fingerprint", ""),
        "asked": hashlib.sha256(asked.encode()).hexdigest()[:16],
    }


def _counted(manifest: Mapping[str, Any], made_of: Mapping[str, Any], stamp: str) -> bool:
    if not made_of.items() <= manifest.items() or manifest.get("refused"):
        return False
    return not stamp or not manifest["unknown"][0] or manifest["stamp"] == stamp


def _refused(night: Night, day: dt.date, why: str) -> str:
    """Keep why a day has no counts, where it has none from before; returns it."""
    try:
        table = _table(night)
        if "unknown" not in (table.readable(day) or {}):
            table.write(day, SCHEMA.empty_table(), {**_made_of(night, day), "refused": why})
    except ObsError:
        # the place of the counts is what is wrong, which has just been told
        return why
    return why
