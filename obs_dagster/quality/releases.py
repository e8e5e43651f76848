"""Rows that broke a rule and are evaluated nonetheless, because a person said so.

A release is kept beside the rows, one file each, so that a day that is run again is the same day: which rows
are evaluated follows from the log, the contract and the releases in force. What evaluation cannot do without
(an id, a time, a version, a legal score) is never released.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from obs_dagster.errors import LakeError, ObsError
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.contract import UNCAST_RULE, contract
from obs_dagster.quality.day_rows import DayRows, Uncast, type_rule
from obs_dagster.quality.expectations import Rows, distinct
from obs_dagster.sources.declared import declared_types
from obs_dagster.telemetry.event import Event

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "releases"
_DAMAGED = Event(
    "obs_dagster.quality",
    "release unusable",
    "error",
    "The file of a release is damaged: the rows that it let in are in quarantine again. Release them anew.",
    {"file": "the file", "error": "why"},
)


class ReleaseError(ObsError):
    """Rows cannot be released, or a release is not there."""


@dataclass(frozen=True, slots=True)
class Release:
    """A rule that does not keep rows of some days from being evaluated.

    Attributes:
        id: names it.
        rule: the rule, as people read it.
        first, last: of rows of these days.
        versions: of rows of these versions; empty: of all.
        by: who released them.
        comment: why.
        at: when (UTC).
        withdrawn_at, withdrawn_by: when it ended, and by whom; None and empty while it is in force.
    """

    id: str
    rule: str
    first: dt.date
    last: dt.date
    versions: tuple[str, ...]
    by: str
    comment: str
    at: dt.datetime
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str = ""

    def holds(self, day: dt.date) -> bool:
        """Whether it is in force on a day."""
        return self.withdrawn_at is None and self.first <= day <= self.last


def releases_of(model: str, lake: Lake) -> list[Release]:
    """All releases of a model, the oldest first. One whose file is damaged releases nothing, and is told."""
    found = []
    for file in sorted(lake.folder(model, _FOLDER).glob("*.json")):
        try:
            found.append(_from_json(read_json(file)))
        except (LakeError, KeyError, TypeError, ValueError) as error:
            _DAMAGED(file=str(file), error=str(error))
    return sorted(found, key=lambda each: each.at)


def release(
    monitor: Monitor,
    lake: Lake,
    *,
    rules: Sequence[str],
    first: dt.date,
    last: dt.date,
    versions: Collection[str] = (),
    by: str,
    comment: str,
    now: dt.datetime,
) -> list[Release]:
    """Release rows from rules, from all or from none; their days have to be run again.

    Raises:
        ReleaseError: rows that break one of the rules cannot be evaluated.
    """
    never = indispensable_rules(monitor, first, last)
    for rule in rules:
        if rule in never:
            raise ReleaseError(
                f"Rows cannot be released of which is true: {rule!r}. No row is evaluated without that.",
                remedy="Mend the log, and run its day again; or correct what the monitor says of the column.",
            )
    of = tuple(sorted(versions))
    made = [Release(uuid4().hex[:8], rule, first, last, of, by, comment, now) for rule in rules]
    for each in made:
        _write(monitor.model, lake, each)
    return made


def withdraw(model: str, lake: Lake, release_id: str, *, by: str, now: dt.datetime) -> Release:
    """End a release; its days have to be run again.

    Raises:
        ReleaseError: there is none with the id that is in force.
    """
    known = {each.id: each for each in releases_of(model, lake) if each.withdrawn_at is None}
    if release_id not in known:
        raise ReleaseError(
            f"No release {release_id!r} of {model} is in force.",
            remedy=f"`obs quarantine releases {model}` lists them.",
        )
    ended = replace(known[release_id], withdrawn_at=now, withdrawn_by=by)
    _write(model, lake, ended)
    return ended


def indispensable_rules(monitor: Monitor, first: dt.date, last: dt.date) -> set[str]:
    """Rules of which no row is released, on some days: without what they ask for nothing is evaluated."""
    days = (first + dt.timedelta(days=since) for since in range((last - first).days + 1))
    rules = {each.rule for day in days for each in contract(monitor, day, ()) if each.indispensable}
    types = declared_types(monitor)
    return rules | {type_rule(name, kind) for name, kind in types.items() if name not in monitor.features}


@dataclass(frozen=True, slots=True)
class Parted:
    """Rows that broke rules, parted.

    Attributes:
        broken: numbers of the rows per rule that keep them from being evaluated.
        released: how many rows each released rule would have kept.
        mistyped: how many rows have a value that is not of the declared type and is not released, per column;
            None if there is no release.
    """

    broken: Mapping[str, Rows]
    released: dict[str, int]
    mistyped: Mapping[str, int] | None = None

    def uncast(self, found: Sequence[Uncast]) -> list[Uncast]:
        """Values that are not of the declared type, without those that are released; the most first."""
        if self.mistyped is None:
            return list(found)
        left = [replace(each, rows=self.mistyped.get(each.column, 0)) for each in found]
        return sorted((each for each in left if each.rows), key=lambda each: -each.rows)


def parted(monitor: Monitor, day: dt.date, lake: Lake, rows: DayRows, broken: Mapping[str, Rows]) -> Parted:
    """Take the released rows out of those that broke rules.

    A value that is not of its declared type is null in the lake, so a row that is released with one is
    evaluated as one without the value.

    Args:
        monitor: declares the contract.
        day: the day.
        lake: holds the releases.
        rows: the day's rows.
        broken: numbers of the rows that broke each rule, ascending.
    """
    releases = [each for each in releases_of(monitor.model, lake) if each.holds(day)]
    if not releases or not broken:
        return Parted(broken, {})
    left, released = dict(broken), dict[str, int]()
    features = {name: kind for name, kind in declared_types(monitor).items() if name in monitor.features}
    columns = {type_rule(name, kind): [name] for name, kind in features.items()}
    columns[UNCAST_RULE] = list(features)
    marks = rows.marks(declared_types(monitor)) if UNCAST_RULE in broken else {}
    for each in releases:
        chosen = rows.of_versions(monitor.logs.columns.version, each.versions)
        if each.rule not in columns:
            gone = _take(left, each.rule, chosen)
        else:
            mistyped = {name: _take(marks, name, chosen) for name in columns[each.rule]}
            for name, numbers in mistyped.items():
                _take(left, f"{name} is missing", numbers)
            gone = distinct(mistyped.values())
        if len(gone):
            released[each.rule] = released.get(each.rule, 0) + len(gone)
    if UNCAST_RULE in broken:
        left[UNCAST_RULE] = np.intersect1d(broken[UNCAST_RULE], distinct(marks.values()), assume_unique=True)
    return Parted(
        {rule: numbers for rule, numbers in left.items() if len(numbers)},
        released,
        {name: len(numbers) for name, numbers in marks.items()},
    )


def _take(rows: dict[str, Rows], key: str, chosen: Rows | None) -> Rows:
    """Take rows out of those of a key, and return them; of `chosen` ones only, unless that is None."""
    numbers = rows.get(key, np.empty(0, np.int64))
    gone = numbers if chosen is None else np.intersect1d(numbers, chosen, assume_unique=True)
    if len(gone):
        rows[key] = np.setdiff1d(numbers, gone, assume_unique=True)
    return gone


def _path(model: str, lake: Lake, release_id: str) -> Path:
    return lake.folder(model, _FOLDER) / f"{release_id}.json"


def _write(model: str, lake: Lake, made: Release) -> None:
    document = asdict(made)
    for name in ("first", "last", "at", "withdrawn_at"):
        document[name] = None if document[name] is None else document[name].isoformat()
    write_json(_path(model, lake, made.id), document)


def _from_json(document: Mapping[str, Any]) -> Release:
    read: dict[str, Any] = dict(document)
    for name in ("first", "last"):
        read[name] = dt.date.fromisoformat(read[name])
    for name in ("at", "withdrawn_at"):
        read[name] = read[name] and dt.datetime.fromisoformat(read[name])
    return Release(**read | {"versions": tuple(read["versions"])})
