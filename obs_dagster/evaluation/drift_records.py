"""Records of drift: every column of a version in its windows, against its baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.evaluation.asked_cells import AskedCells
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.subjects import records_of, subjects, unknown_of
from obs_dagster.evaluation.windows import ComparedWith, compared_with, profile_windows
from obs_dagster.evidence.variation import LEAST_DAYS
from obs_dagster.metrics.asked import asked_of
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.day_counts import NIGHTS, DayCounts, Together
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import NO_BASELINE, Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.distribution import Counts
from obs_dagster.profile.stored import Part
from obs_dagster.quality.refusal import similar
from obs_dagster.quality.validated import day_quality

#: Columns whose windows are merged at once; of a wide log that many at a time, so that memory stays bounded.
_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class Compared:
    """A column of a version in a segment cell, or of all rows, against its baseline.

    Attributes:
        windows: the lengths of the windows that hold these rows.
        comparison: both sides.
        estimates: what they give, by metric.
    """

    version: str
    segment: str
    column: str
    windows: tuple[int, ...]
    comparison: Comparison
    estimates: Mapping[str, Estimate]


Seen = Callable[[Compared], None]
"""Is shown each comparison as it is made."""


def drift_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Drift of every feature, the score and the decision, per version and window, against its baseline.

    In segment cells the score's population stability index is watched: it sums up what the features do there,
    at a twentieth of the cost. What rules ask for beyond that in some cells is computed there.
    """
    for columns in drifting_columns(night):
        yield from drift_of_columns(columns, night, day)


def drifting_columns(night: Night) -> list[list[ProfiledColumn]]:
    """The columns whose drift is evaluated, some of them at a time."""
    columns = [
        each
        for each in profiled_columns(night.monitor)
        if each.role in ("feature", "output") and each.name in night.grids.columns
    ]
    return [columns[start : start + _COLUMNS] for start in range(0, len(columns), _COLUMNS)]


def drift_of_columns(
    columns: Sequence[ProfiledColumn], night: Night, day: dt.date, seen: Seen | None = None
) -> Iterator[MetricRecord]:
    """The same of some columns."""
    asked = AskedCells(night.monitor)
    divided = frozenset(each.name for each in columns if each.leads or asked.of(each.name))
    part = Part(whole=frozenset(each.name for each in columns), cells=divided)
    windows = list(profile_windows(night, day, part=part))
    known = {name: metric.definition for name, metric in family("drift", night.monitor.task).items()}
    everywhere = asked_of(night.monitor, known)
    in_cells = {name for name in everywhere if known[name].cells != "none"}
    daily = {name for name in everywhere if known[name].daily}
    for version, cells in subjects(windows):
        # what one column takes many steps for is done of all at once: so all are there before the first
        for each in list(_held_against(columns, night, day, part, (version, cells))):
            column, segment = each.column, each.segment
            only = asked.metrics(version, segment, column.name) | (in_cells if column.leads else set())
            for window in windows:
                counts = window.profile.counts(version, segment, column.name)
                lost = counts is None and window.profile.rows(version, segment) > 0
                comparison = Comparison(
                    each.reference,
                    counts or window.profile.no_counts(column.name),
                    seed(night.monitor.model, version, segment, column.name, day),
                    days=each.days,
                    before=each.before,
                    length=window.days,
                )
                names = everywhere if segment == WHOLE else only
                # of a longer window what is about single days is not kept
                names = names if 1 in window.lengths else names - daily
                estimates = evaluate("drift", comparison, only=names)
                if seen is not None:
                    lengths = window.lengths
                    seen(Compared(version, segment, column.name, lengths, comparison, estimates))
                yield from records_of(
                    night.recorder,
                    _explained(estimates, each.without),
                    window,
                    _absent(column.name, night, day) if lost else unknown_of(window, version, segment),
                    version=version,
                    day=day,
                    segment=segment,
                    column=column.name,
                )


@dataclass(frozen=True, slots=True)
class _Held:
    """What a column of a version in a segment cell, or of all rows, is held against, whatever the window.

    Attributes:
        reference: its baseline's counts; None if there is no baseline.
        days: its counts on days that say how days differ.
        before: nights before as a baseline of their own.
        without: why there is no baseline, where there is none.
    """

    column: ProfiledColumn
    segment: str
    reference: Counts | None
    days: DayCounts | None
    before: DayCounts | None
    without: str


def _held_against(
    columns: Sequence[ProfiledColumn],
    night: Night,
    day: dt.date,
    part: Part,
    subject: tuple[str, Sequence[str]],
) -> Iterator[_Held]:
    """What every column is held against, over all rows and in those cells of a version that are asked for."""
    (version, cells), together, asked = subject, Together(), AskedCells(night.monitor)
    baselines: dict[frozenset[dt.date], ComparedWith] = {}
    for column in columns:
        breached = frozenset(night.breached(version, column.name))
        if breached not in baselines:
            baselines[breached] = compared_with(night, version, day, part=part, breached=breached)
        against = baselines[breached]
        without = "" if against.profile else baseline_of(night.monitor).why_none(version, day)
        for segment in cells if column.name in part.cells else [WHOLE]:
            if segment != WHOLE and not (column.leads or asked.metrics(version, segment, column.name)):
                continue
            reference = against.profile.counts(version, segment, column.name) if against.profile else None
            days, before = _days_of(against, version, segment, column.name, reference, among=together)
            yield _Held(column, segment, reference, days, before, without)


def _days_of(
    against: ComparedWith,
    version: str,
    segment: str,
    column: str,
    reference: Counts | None,
    *,
    among: Together,
) -> tuple[DayCounts | None, DayCounts | None]:
    """A column's counts on the days that say how days differ from its baseline, and on the nights before."""
    of_baseline, before = (
        tuple(counts for each in days if (counts := each.counts(version, segment, column)) is not None)
        for days in (against.days, against.before)
    )
    nights = DayCounts.of_nights(before, among if segment == WHOLE else None)
    if reference is None or not reference.rows:
        return None, nights
    apart = not of_baseline or len(of_baseline) < LEAST_DAYS <= len(before)
    if apart:
        return DayCounts(reference, before, apart=True, called=NIGHTS, among=among), nights
    return DayCounts(reference, of_baseline, among=among), nights


def _explained(estimates: Mapping[str, Estimate], without: str) -> Mapping[str, Estimate]:
    """Estimates of a version that has no baseline for a reason, which those say that need one."""
    if not without:
        return estimates
    return {
        name: replace(each, reason=f"{NO_BASELINE}: {without}") if each.reason == NO_BASELINE else each
        for name, each in estimates.items()
    }


def _absent(column: str, night: Night, day: dt.date) -> str:
    """That the log has no such column, and which it may have instead."""
    quality = day_quality(night.monitor, day, night.lake)
    changes = quality.schema_changes if quality else []
    like = similar(column, [change["column"] for change in changes if change["kind"] == "new"])
    return f"the log has no column {column}{f'; it has {like}' if like else ''}"
