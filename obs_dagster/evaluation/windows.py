"""Windows: days merged from stored profiles, never from rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import PROFILE, version_folder
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Table, manifest_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import Counts
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import TEXTS, Profile
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.telemetry.traces import span

P = TypeVar("P", Profile, OutcomeProfile)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of profiles: the less is read, the sooner it is merged. How many rows there are is always in it.

    Attributes:
        whole: columns that are needed over all rows of a version.
        cells: columns that are needed in segment cells too.
    """

    whole: frozenset[str]
    cells: frozenset[str]

    def rows(self) -> pc.Expression:
        """The rows of a profile that belong to it."""
        column, segment = pc.field("column"), pc.field("segment")
        everywhere, whole = (
            pa.array(sorted(names), pa.string()) for names in ({"", *self.cells}, self.whole)
        )
        return column.isin(everywhere) | (column.isin(whole) & (segment == WHOLE))


@lru_cache(maxsize=128)
def _table(path: Path, stamp: int) -> pa.Table:  # noqa: ARG001  the stamp tells a rewritten file from the old one
    return pq.read_table(path, partitioning=None)


@contextmanager
def _readable(path: Path, day: dt.date) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise LakeError(
            f"{path} is not a readable Parquet file ({error}).", remedy=f"Run the day {day} again."
        ) from error


def _read(table: Table, day: dt.date) -> pa.Table:
    path = table.path(day)
    with _readable(path, day):
        return _table(path, path.stat().st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A profile as it is stored; night after night, and window after window, ask for the same ones."""

    path: Path
    stamp: int
    part: Part | None
    grids_id: str
    grids: Grids = field(compare=False)

    @classmethod
    def at(cls, path: Path, part: Part | None, grids: Grids) -> _Stored:
        """What is there now."""
        return cls(path, path.stat().st_mtime_ns, part, grids.id, grids)


class _Known(Profile):
    """A profile that remembers what was asked of it."""

    @cached_property
    def _asked(self) -> dict[tuple[str, str, str], Counts | None]:
        return {}

    def counts(self, version: str, segment: str, column: str) -> Counts | None:
        """The counts of one column in one cell; None if the cell has no rows or the column was absent."""
        asked = version, segment, column
        if asked not in self._asked:
            self._asked[asked] = super().counts(*asked)
        return self._asked[asked]


#: The texts of profiles that are read as codes. Not the names of columns: by these groups of rows are passed
#: over, which Arrow does by texts alone.
_CODES = [name for name in TEXTS if name != "column"]


@lru_cache(maxsize=128)
def _profile(stored: _Stored) -> tuple[Profile, tuple[str, ...]]:
    """What is stored, and the columns that it counts on other grids."""
    rows = pq.read_table(stored.path, partitioning=None, filters=stored.part.rows() if stored.part else None)
    others = _on_other_grids(manifest_in(rows.schema), stored.grids)
    return _Known(rows, stored.grids), tuple(others)


def day_profile(night: Night, day: dt.date, *, part: Part | None = None) -> Profile:
    """The profile of one day, or a part of it; of no rows if the day has none.

    A feature that the monitor has gained since is not in it.

    Raises:
        LakeError: a column was counted on another grid.
    """
    grids, monitor = night.grids, night.monitor
    if not night.profiles.exists(day):
        return Profile.empty(grids)
    path = night.profiles.path(day)
    with _readable(path, day):
        profile, others = _profile(_Stored.at(path, part, grids))
    if others:
        raise LakeError(
            f"{day} was profiled on other grids than the baseline has now: those of {', '.join(others)}.",
            remedy=f"Run `obs backfill {monitor.model} --from {monitor.start} --to` the last day; one run "
            "profiles them all on these grids.",
        )
    return profile


def _on_other_grids(manifest: dict[str, Any], grids: Grids) -> list[str]:
    """The columns that a profile counts on other grids, as far as its manifest says it of columns."""
    if manifest.get("grids") == grids.id:
        return []
    counted = manifest.get("columns", dict.fromkeys(grids.ids, ""))
    return sorted(name for name, grid in grids.ids.items() if counted.get(name, grid) != grid)


def window_days(table: Table, day: dt.date, window: int) -> list[dt.date]:
    """The days of a window ending on `day` that have been written."""
    return table.days_between(day - dt.timedelta(days=window - 1), day)


@dataclass(frozen=True, slots=True)
class Window(Generic[P]):
    """A merged profile and the windows that it is the profile of.

    Early on several windows hold the same days; they share one profile and are evaluated once.

    Attributes:
        lengths: lengths in days of the windows.
        profile: what their days hold together.
        days: how many days were merged.
        refused: why nothing is known of the window, where each of its days was refused; else empty.
    """

    lengths: tuple[int, ...]
    profile: P
    days: int
    refused: str = ""


def _refused(night: Night, days: list[dt.date]) -> str:
    """Why the last of some days was not evaluated; empty if any of them was."""
    why = ""
    for day in reversed(days):
        reason = (night.profiles.readable(day) or {}).get("refused", "")
        if not reason:
            return ""
        why = why or reason
    return why


def _spans(table: Table, monitor: Monitor, day: dt.date) -> Iterator[tuple[tuple[int, ...], list[dt.date]]]:
    """The distinct sets of days behind the monitor's windows, with the windows that each stands for."""
    spans: dict[tuple[dt.date, ...], list[int]] = {}
    for window in sorted(monitor.windows):
        spans.setdefault(tuple(window_days(table, day, window)), []).append(window)
    for days, lengths in spans.items():
        yield tuple(lengths), list(days)


def profile_windows(night: Night, day: dt.date, *, part: Part | None = None) -> Iterator[Window[Profile]]:
    """The column profiles of every window that ends on `day`, or a part of them, the shortest first.

    Raises:
        LakeError: a day was profiled on other grids than the baseline's.
    """
    for lengths, days in _spans(night.profiles, night.monitor, day):
        with span("merge", days=len(days), window=max(lengths)):
            parts = [day_profile(night, each, part=part) for each in days]
            merged = Profile.merged(parts, night.grids)
        yield Window(lengths, merged, len(days), _refused(night, days))


def read_outcomes(night: Night, day: dt.date, kind: OutcomeTable) -> OutcomeProfile:
    """The outcomes of a day that has been written."""
    return OutcomeProfile(_read(night.outcomes, day), kind)


def outcome_windows(night: Night, day: dt.date, kind: OutcomeTable) -> Iterator[Window[OutcomeProfile]]:
    """The outcomes of every window that ends on `day`, the shortest first."""
    for lengths, days in _spans(night.outcomes, night.monitor, day):
        parts = (read_outcomes(night, each, kind) for each in days)
        with span("merge", days=len(days), window=max(lengths)):
            merged = OutcomeProfile.merged(parts, kind)
        yield Window(lengths, merged, len(days), _refused(night, days))


def whole_outcomes(table: Table, day: dt.date, window: int, kind: OutcomeTable) -> OutcomeProfile:
    """The outcomes of the window that ends on `day`, over all rows of each version.

    Raises:
        LakeError: those of a day are damaged.
    """
    parts = (_read(table, each) for each in window_days(table, day, window))
    whole = (part.filter(pc.equal(part["segment"], WHOLE)) for part in parts)
    return OutcomeProfile.merged((OutcomeProfile(part, kind) for part in whole), kind)


def later_days(table: Table, monitor: Monitor, days: set[dt.date], *, longest: int = 1) -> set[dt.date]:
    """Written days whose windows, or one of `longest` days, hold one of `days`; these included if written."""
    reach = max(*monitor.windows, longest)
    found: set[dt.date] = set()
    for day in days:
        found.update(table.days_between(day, day + dt.timedelta(days=reach - 1)))
    return found


#: Days that say how days differ: the latest ones, but for those of the week before the night. A fault that
#: has just begun would be in these.
_MOST_DAYS, _LEFT_OUT_DAYS = 56, 7


@dataclass(frozen=True, slots=True)
class ComparedWith:
    """What a version is compared with on a night.

    Attributes:
        profile: all of it; None if there is nothing, or too little.
        days: days of it that say how days differ, in order; empty if it is no days of the log.
        before: nights before this one, likewise; where the baseline is made of such, the same.
    """

    profile: Profile | None
    days: tuple[Profile, ...] = ()
    before: tuple[Profile, ...] = ()


def compared_with(
    night: Night, version: str, day: dt.date, *, part: Part | None = None, breached: Collection[dt.date] = ()
) -> ComparedWith:
    """The baseline of a version on a night, or a part of it: its own, or the sum of other nights.

    Args:
        night: what it is evaluated with.
        version: the version.
        day: the night.
        part: what is read; left out: all.
        breached: days that the baseline may leave out.
    """
    days = baseline_of(night.monitor).nights_without(day, breached)
    if days is None:
        path = version_folder(night.monitor, version, night.lake) / PROFILE
        own = _profile(_Stored.at(path, part, night.grids))[0] if path.exists() else None
        known = night.baseline_days[-_MOST_DAYS:] if own else []
        parts = (_profile(_Stored.at(each, part, night.grids))[0] for each in known)
        of_baseline = tuple(each for each in parts if version in each.versions())
        return ComparedWith(own, of_baseline, tuple(_nights_before(night, version, day, part)))
    written = {each: day_profile(night, each, part=part) for each in days if night.profiles.exists(each)}
    having = {each: profile for each, profile in written.items() if version in profile.versions()}
    if len(having) < baseline_of(night.monitor).least_days:
        return ComparedWith(None)
    settled = [having[each] for each in sorted(having) if each < day - dt.timedelta(days=_LEFT_OUT_DAYS)]
    latest = tuple(settled[-_MOST_DAYS:])
    return ComparedWith(Profile.merged(having.values(), night.grids), latest, latest)


def _nights_before(night: Night, version: str, day: dt.date, part: Part | None) -> Iterator[Profile]:
    """The nights of a version that say how days differ; those that were counted on other grids are none."""
    last = day - dt.timedelta(days=_LEFT_OUT_DAYS + 1)
    for each in night.profiles.days_between(last - dt.timedelta(days=_MOST_DAYS - 1), last):
        profile, others = _profile(_Stored.at(night.profiles.path(each), part, night.grids))
        if not others and version in profile.versions():
            yield profile
