"""How right versions probably are, by what the labels of their baseline teach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from obs_dagster.evaluation.adaptations import adapted_names, version_adaptations
from obs_dagster.evaluation.baseline_outcomes import baseline_parts, relative_metrics
from obs_dagster.evaluation.estimated import Estimated, names_of
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import Window
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.outcomes import Expecting, HasEstimates, OutcomeProfile, OutcomeTable


def version_estimates(
    night: Night,
    day: dt.date,
    kind: OutcomeTable,
    subjects: tuple[str, Sequence[str]],
    windows: Sequence[Window[OutcomeProfile]],
) -> Iterator[Estimated]:
    """Quality before labels of a version and its segment cells, over every window.

    One calibration serves all cells: that of the version, over the days of the baseline whose labels are
    complete. Where it teaches nothing, the version as a whole says why, and its cells are left alone.

    Args:
        night: what it is evaluated with.
        day: the day.
        kind: what the task counts.
        subjects: the version and its segment cells.
        windows: those that end on the day.
    """
    monitor, (version, cells) = night.monitor, subjects
    if monitor.labels is None or not isinstance(kind, HasEstimates):
        return
    complete = day - dt.timedelta(days=monitor.labels.max_delay_days)
    parts = baseline_parts(night, version, day, kind, until=complete)
    drawn = seed(monitor.model, version, "estimate")
    taught = kind.calibration([part.cell(version, WHOLE) for part in parts], monitor, drawn)
    yield from version_adaptations(night, day, kind, (version, windows), taught)
    spans, relative = list(windows), relative_metrics(monitor, "estimate")
    if relative:
        spans.append(Window((BASELINE,), OutcomeProfile.merged(parts, kind), len(parts)))
    for segment in cells if not taught.refused else [WHOLE]:
        for window in spans:
            given = Expecting(segment, window.days, seed(monitor.model, version, segment, day))
            counted = window.profile.cell(version, segment)
            for column, expected in kind.expected(counted, taught, monitor, given):
                names = names_of(monitor, segment, column)
                if window.lengths == (BASELINE,):
                    # adapted to itself a baseline is what it is
                    names = (names | adapted_names(monitor, column)) & relative
                found = evaluate("estimate", expected, task=monitor.task, only=names)
                yield Estimated(segment, column, window, found)
