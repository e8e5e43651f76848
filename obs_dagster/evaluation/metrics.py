"""The metrics of a night, family by family: windows of profiles in, records out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Any

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.evaluation.asked_cells import AskedCells
from obs_dagster.evaluation.baseline_outcomes import baseline_outcomes, relative_metrics
from obs_dagster.evaluation.completions import late_rows, version_completions
from obs_dagster.evaluation.estimates import version_estimates
from obs_dagster.evaluation.fairness import compared_groups
from obs_dagster.evaluation.hourly import hourly_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder, seed
from obs_dagster.evaluation.windows import (
    ComparedWith,
    P,
    Part,
    Window,
    compared_with,
    outcome_windows,
    profile_windows,
)
from obs_dagster.evidence.variation import LEAST_DAYS
from obs_dagster.metrics.asked import asked_of
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.day_counts import NIGHTS, DayCounts
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import BASELINE, NO_BASELINE, NO_ROWS, Estimate, MetricRecord
from obs_dagster.metrics.registry import definition, family
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import cut_of
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.distribution import CategoryCounts, Counts, NumericCounts
from obs_dagster.profile.profile import Profile
from obs_dagster.quality.refusal import similar
from obs_dagster.quality.validated import day_quality
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.tasks.protocol import task_of

#: Columns whose windows are merged at once; of a wide log that many at a time, so that memory stays bounded.
_COLUMNS = 32


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


def drift_records(night: Night, day: dt.date, seen: Seen | None = None) -> Iterator[MetricRecord]:
    """Drift of every feature, the score and the decision, per version and window, against its baseline.

    In segment cells the score's population stability index is watched: it sums up what the features do there,
    at a twentieth of the cost. What rules ask for beyond that in some cells is computed there.
    """
    columns = [
        each
        for each in profiled_columns(night.monitor)
        if each.role in ("feature", "output") and each.name in night.grids.columns
    ]
    for start in range(0, len(columns), _COLUMNS):
        yield from _drift_of(columns[start : start + _COLUMNS], night, day, seen)


def _drift_of(
    columns: Sequence[ProfiledColumn], night: Night, day: dt.date, seen: Seen | None
) -> Iterator[MetricRecord]:
    asked = AskedCells(night.monitor)
    divided = frozenset(each.name for each in columns if each.leads or asked.of(each.name))
    part = Part(whole=frozenset(each.name for each in columns), cells=divided)
    windows = list(profile_windows(night, day, part=part))
    known = {name: metric.definition for name, metric in family("drift", night.monitor.task).items()}
    everywhere = asked_of(night.monitor, known)
    in_cells = {name for name in everywhere if known[name].cells != "none"}
    for version, cells in _subjects(windows):
        baselines: dict[frozenset[dt.date], ComparedWith] = {}
        for column in columns:
            breached = frozenset(night.breached(version, column.name))
            if breached not in baselines:
                baselines[breached] = compared_with(night, version, day, part=part, breached=breached)
            against = baselines[breached]
            baseline = against.profile
            without = "" if baseline else baseline_of(night.monitor).why_none(version, day)
            for segment in cells if column.name in divided else [WHOLE]:
                only = asked.metrics(version, segment, column.name) | (in_cells if column.leads else set())
                if segment != WHOLE and not only:
                    continue
                reference = baseline.counts(version, segment, column.name) if baseline else None
                days, before = _days_of(against, version, segment, column.name, reference)
                for window in windows:
                    counts = window.profile.counts(version, segment, column.name)
                    lost = counts is None and window.profile.rows(version, segment) > 0
                    comparison = Comparison(
                        reference,
                        counts or window.profile.no_counts(column.name),
                        seed(night.monitor.model, version, segment, column.name, day),
                        days=days,
                        before=before,
                        length=window.days,
                    )
                    estimates = evaluate("drift", comparison, only=everywhere if segment == WHOLE else only)
                    if seen is not None:
                        lengths = window.lengths
                        seen(Compared(version, segment, column.name, lengths, comparison, estimates))
                    yield from _records(
                        night.recorder,
                        _explained(estimates, without),
                        window,
                        _absent(column.name, night, day) if lost else _unknown(window, version, segment),
                        version=version,
                        day=day,
                        segment=segment,
                        column=column.name,
                    )


def _days_of(
    against: ComparedWith, version: str, segment: str, column: str, reference: Counts | None
) -> tuple[DayCounts | None, DayCounts | None]:
    """A column's counts on the days that say how days differ from its baseline, and on the nights before."""
    of_baseline, before = (
        tuple(counts for each in days if (counts := each.counts(version, segment, column)) is not None)
        for days in (against.days, against.before)
    )
    nights = DayCounts.of_nights(before)
    if reference is None or not reference.rows:
        return None, nights
    apart = not of_baseline or len(of_baseline) < LEAST_DAYS <= len(before)
    if apart:
        return DayCounts(reference, before, apart=True, called=NIGHTS), nights
    return DayCounts(reference, of_baseline), nights


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


def performance_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Quality against ground truth, per version, segment cell, class where there are such, and window."""
    monitor = night.monitor
    kind = task_of(monitor).outcomes
    if kind is None:
        return
    windows = list(outcome_windows(night, day, kind))
    relative, late = relative_metrics(monitor, "performance"), late_rows(night, kind)
    for version, every in _subjects(windows):
        # groups of people that are no segments are compared, and have no numbers of their own
        cells = [cell for cell in every if cut_of(cell) in monitor.cuts]
        guessed = [version_estimates(night, day, kind, (version, cells), windows)]
        if late:
            guessed.append(version_completions(late, day, (version, cells), windows))
        for each in chain(*guessed):
            yield from _records(
                night.recorder,
                each.estimates,
                each.window,
                "" if each.window.lengths == (BASELINE,) else _unknown(each.window, version, each.segment),
                version=version,
                day=day,
                segment=each.segment,
                column=each.column,
            )
        if relative:
            yield from _performance_on_baseline(night, day, kind, (version, cells), relative)
        for segment, window in product(cells, windows):
            cell = window.profile.cell(version, segment)
            unknown = _unknown(window, version, segment)
            for column, given in kind.inputs(
                cell, monitor, segment, seed(monitor.model, version, segment, day)
            ):
                yield from _records(
                    night.recorder,
                    _judged(given, column, monitor),
                    window,
                    unknown or ("" if given.predictions else NO_ROWS),
                    version=version,
                    day=day,
                    segment=segment,
                    column=column,
                )
        for window in windows:
            yield from _fairness(night, day, window, version)


def _fairness(
    night: Night, day: dt.date, window: Window[OutcomeProfile], version: str
) -> Iterator[MetricRecord]:
    """How far apart groups of people are treated, per attribute."""
    cuts = {cut_of(cell) for cell in window.profile.segments(version)}
    for each in compared_groups(window.profile, version, night.monitor, day):
        cut = tuple(each.groups.attribute.split(","))
        lacks = f"the log has no column {', '.join(cut)}" if cuts and cut not in cuts else ""
        yield from _records(
            night.recorder,
            each.estimates,
            window,
            lacks or window.refused,
            version=version,
            day=day,
            column=each.groups.attribute,
        )


def _judged(given: Any, column: str, monitor: Monitor) -> Mapping[str, Estimate]:
    """What metrics say of outcomes: those of the model as a whole, or of a class or column."""
    names = {
        name
        for name, metric in family("performance", monitor.task).items()
        if (metric.definition.about == "model") == (not column)
    }
    return evaluate("performance", given, task=monitor.task, only=names)


def _performance_on_baseline(
    night: Night, day: dt.date, kind: OutcomeTable, subjects: tuple[str, Sequence[str]], only: Collection[str]
) -> Iterator[MetricRecord]:
    """What some metrics are on the baseline of a version and its cells, for rules that ask for it."""
    monitor, (version, cells) = night.monitor, subjects
    found = baseline_outcomes(night, version, day, kind) or OutcomeProfile.empty(kind)
    for segment in cells:
        drawn = seed(monitor.model, version, segment, "baseline")
        for column, given in kind.inputs(found.cell(version, segment), monitor, segment, drawn):
            estimates = _judged(given, column, monitor)
            known = {name: each for name, each in estimates.items() if name in only}
            yield from night.recorder.records(
                known, version=version, day=day, window=BASELINE, segment=segment, column=column
            )


def service_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Volume, latency and errors, per version, segment cell and window; objectives per version and day."""
    roles = night.monitor.logs.columns
    watched = frozenset(name for name in (roles.latency_ms, roles.status) if name)
    part = Part(whole=watched, cells=watched)
    windows = list(profile_windows(night, day, part=part))
    relative = relative_metrics(night.monitor, "service")
    yield from hourly_records(night, day)
    for version, cells in _subjects(windows):
        breached = night.breached(version, "") if relative else ()
        baseline = relative and compared_with(night, version, day, part=part, breached=breached).profile
        if baseline:
            for segment in cells:
                estimates = evaluate("service", _traffic(night, baseline, version, segment))
                known = {name: each for name, each in estimates.items() if name in relative}
                yield from night.recorder.records(
                    known, version=version, day=day, window=BASELINE, segment=segment
                )
        for segment, window in product(cells, windows):
            estimates = evaluate("service", _traffic(night, window.profile, version, segment))
            reason = _unknown(window, version, segment)
            yield from _records(
                night.recorder, estimates, window, reason, version=version, day=day, segment=segment
            )


def _traffic(night: Night, profile: Profile, version: str, segment: str) -> Traffic:
    """What the service left in a cell of a profile."""
    logs = night.monitor.logs
    return Traffic(
        profile.rows(version, segment),
        _numbers(profile, version, segment, logs.columns.latency_ms),
        _categories(profile, version, segment, logs.columns.status),
        logs.ok_statuses,
    )


def _subjects(windows: Sequence[Window[P]]) -> Iterator[tuple[str, list[str]]]:
    """Every version with its segment cells: those of the longest window, which is the last.

    What had rows in the longest window and has none in a shorter one gets records that say so, until the
    longest window has passed it by.
    """
    for version in windows[-1].profile.versions() if windows else ():
        yield version, windows[-1].profile.segments(version)


def _unknown(window: Window[P], version: str, segment: str) -> str:
    """Why nothing is known of a cell: its days were refused, or lack what they are cut by; empty if it is."""
    cells = window.profile.segments(version)
    if segment in cells:
        return ""
    cut = cut_of(segment)
    if cells and cut not in map(cut_of, cells):
        return f"the log has no column {', '.join(cut)}"
    return window.refused


def _records(
    recorder: Recorder,
    estimates: Mapping[str, Estimate],
    window: Window[P],
    reason: str,
    **subject: Any,
) -> Iterator[MetricRecord]:
    """The records of one subject for every length that the window stands for.

    Where there is a `reason` why nothing is known of the subject, no estimate has a value, and all have it.
    """
    known = {name: Estimate.missing(reason) for name in estimates} if reason else estimates
    for length in window.lengths:
        at_all = known if length == 1 else {n: each for n, each in known.items() if not _daily(n, recorder)}
        yield from recorder.records(at_all, window=length, **subject)


def _daily(metric: str, recorder: Recorder) -> bool:
    """Whether a metric is computed for single days alone."""
    return definition(metric, recorder.task).daily


def _numbers(profile: Profile, version: str, segment: str, column: str | None) -> NumericCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, NumericCounts) else None


def _categories(profile: Profile, version: str, segment: str, column: str | None) -> CategoryCounts | None:
    counts = profile.counts(version, segment, column) if column else None
    return counts if isinstance(counts, CategoryCounts) else None
