"""Windows: days merged from stored profiles, never from rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import baseline_profile
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Table
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.stored import Part, stored_profile
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.telemetry.traces import span

P = TypeVar("P", Profile, OutcomeProfile)


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
        found = stored_profile(path, grids, part)
    if others := found.on_other_grids:
        raise LakeError(
            f"{day} was profiled on other grids than the baseline has now: those of {', '.join(others)}.",
            remedy=f"Run `obs backfill {monitor.model} --from {monitor.start} --to` the last day; one run "
            "profiles them all on these grids.",
        )
    return found


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


def outcome_windows(
    night: Night, day: dt.date, kind: OutcomeTable, table: Table | None = None
) -> Iterator[Window[OutcomeProfile]]:
    """The outcomes of every window that ends on `day`, the shortest first.

    Args:
        night: what it is evaluated with.
        day: the night.
        kind: what the task counts.
        table: where they are; left out: those of all rows and segments.
    """
    counted = table or night.outcomes
    for lengths, days in _spans(counted, night.monitor, day):
        parts = (OutcomeProfile(_read(counted, each), kind) for each in days)
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
        own = baseline_profile(night.monitor, version, night.lake, night.grids, part)
        known = night.baseline_days[-_MOST_DAYS:] if own else []
        parts = (stored_profile(path, night.grids, part) for path in known)
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
        profile = stored_profile(night.profiles.path(each), night.grids, part)
        if not profile.on_other_grids and version in profile.versions():
            yield profile
