"""Records of quality: what labels say of a version in its windows, and what is said before them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any

from obs_dagster.evaluation.baseline_outcomes import baseline_outcomes, relative_metrics
from obs_dagster.evaluation.completions import late_rows, version_completions
from obs_dagster.evaluation.component_outcomes import component_outcomes
from obs_dagster.evaluation.estimates import version_estimates
from obs_dagster.evaluation.fairness import compared_groups, groups_in_window
from obs_dagster.evaluation.groups_apart import GroupsApart
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.subjects import records_of, subjects, unknown_of
from obs_dagster.evaluation.windows import Window, outcome_windows
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import BASELINE, NO_ROWS, Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import cut_of
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.tasks.protocol import task_of


def performance_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Quality against ground truth, per version, segment cell, class where there are such, and window."""
    monitor = night.monitor
    kind = task_of(monitor).outcomes
    if kind is None:
        return
    windows = list(outcome_windows(night, day, kind))
    relative, late = relative_metrics(monitor, "performance"), late_rows(night, kind)
    apart = {each.lengths: groups_in_window(night, day, max(each.lengths), kind) for each in windows}
    for version, every in subjects(windows):
        # groups of people that are no segments are compared, and have no numbers of their own
        cells = [cell for cell in every if cut_of(cell) in monitor.every_cut]
        guessed = [version_estimates(night, day, kind, (version, cells), windows)]
        if late:
            guessed.append(version_completions(late, day, (version, cells), windows))
        for each in chain(*guessed):
            yield from records_of(
                night.recorder,
                each.estimates,
                each.window,
                "" if each.window.lengths == (BASELINE,) else unknown_of(each.window, version, each.segment),
                version=version,
                day=day,
                segment=each.segment,
                column=each.column,
            )
        if relative:
            yield from _performance_on_baseline(night, day, kind, (version, cells), relative)
        for segment, window in product(cells, windows):
            cell = window.profile.cell(version, segment)
            unknown = unknown_of(window, version, segment)
            for column, given in kind.inputs(
                cell, monitor, segment, seed(monitor.model, version, segment, day)
            ):
                yield from records_of(
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
            yield from _fairness(night, day, window, version, apart[window.lengths])
    yield from _by_components(night, day, kind)


def _by_components(night: Night, day: dt.date, kind: OutcomeTable) -> Iterator[MetricRecord]:
    """Quality of the requests in which a component failed, was slow, was used and was not.

    What all requests of the longest window had in common is told of nobody: there is nothing beside it.
    """
    monitor = night.monitor
    if monitor.components is None:
        return
    windows = list(outcome_windows(night, day, kind, component_outcomes(night)))
    for version, cells in subjects(windows):
        apart = Counter(map(cut_of, cells))
        for segment, window in product(cells, windows):
            if apart[cut_of(segment)] == 1:
                continue
            drawn = seed(monitor.model, version, segment, day)
            for column, given in kind.inputs(window.profile.cell(version, segment), monitor, segment, drawn):
                yield from records_of(
                    night.recorder,
                    _judged(given, column, monitor),
                    window,
                    "" if given.predictions else window.refused or NO_ROWS,
                    version=version,
                    day=day,
                    segment=segment,
                    column=column,
                )


def _fairness(
    night: Night, day: dt.date, window: Window[OutcomeProfile], version: str, apart: GroupsApart
) -> Iterator[MetricRecord]:
    """How far apart groups of people are treated, per attribute."""
    cuts = {cut_of(cell) for cell in window.profile.segments(version)}
    for each in compared_groups(window.profile, version, night.monitor, day, apart):
        cut = tuple(each.groups.attribute.split(","))
        lacks = "" if not cuts or cut in cuts else f"the log has no column {', '.join(cut)}"
        if each.groups.apart:
            lacks = each.groups.reason
        yield from records_of(
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
