"""How right versions will be once the labels of a window are complete, where they are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import cache

from obs_dagster.evaluation.estimated import Estimated, names_of
from obs_dagster.evaluation.label_ages import LateRows, labelled_through
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import Window, read_outcomes, window_days
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.outcomes import CompletesLabels, Expecting, Lacking, OutcomeProfile, OutcomeTable


def late_rows(night: Night, kind: OutcomeTable) -> LateRows | None:
    """How labels came in; None where it is not known when they did."""
    through = labelled_through(night) if isinstance(kind, CompletesLabels) else None
    return None if through is None else LateRows(night, kind, through)


def version_completions(
    late: LateRows,
    day: dt.date,
    subjects: tuple[str, Sequence[str]],
    windows: Sequence[Window[OutcomeProfile]],
) -> Iterator[Estimated]:
    """What quality of a version and its segment cells will be, over every window that lacks labels.

    What late rows are like is that of the version as a whole.

    Args:
        late: how labels came in.
        day: the day.
        subjects: the version and its segment cells.
        windows: those that end on the day.
    """
    night, kind, (version, cells) = late.night, late.kind, subjects
    if not isinstance(kind, CompletesLabels) or not late.lacking(day):
        return
    monitor = night.monitor

    @cache
    def learned(age: int) -> object:
        parts = [part.cell(version, WHOLE) for part in late.parts(version, age)]
        return kind.late(parts, monitor, seed(monitor.model, version, f"late {age}"))

    for window in windows:
        days = window_days(night.outcomes, day, max(window.lengths))
        lacking = {each: read_outcomes(night, each, kind) for each in days if late.lacking(each)}
        for segment in cells:
            lacks = []
            for each, outcomes in lacking.items():
                counted = outcomes.cell(version, segment)
                if kind.lacks(counted):
                    lacks.append(Lacking(counted, learned(late.age(each))))
            if not lacks:
                # what is measured stands on all labels that there will be
                continue
            given = Expecting(segment, window.days, seed(monitor.model, version, segment, day))
            for column, expected in kind.completed(
                window.profile.cell(version, segment), lacks, monitor, given
            ):
                names = names_of(monitor, segment, column)
                found = evaluate("estimate", expected, task=monitor.task, only=names)
                yield Estimated(segment, column, window, found)
