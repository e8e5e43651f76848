"""Decisions at other thresholds, from the stored outcomes of a window; no row is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import read_outcomes, window_days
from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.profile.cells import cut_of
from obs_dagster.tasks.binary.outcomes import OUTCOMES, outcome_counts
from obs_dagster.tasks.binary.task import TASK
from obs_dagster.tasks.binary.thresholds import Best, Thresholds
from obs_dagster.tasks.outcomes import OutcomeProfile


class ThresholdError(ObsError):
    """A model has no threshold that could be another one, or nothing is known of its labels."""


@dataclass(frozen=True, slots=True)
class CellThresholds:
    """A version's decisions in one segment cell.

    Attributes:
        version, segment: which rows.
        thresholds: for any threshold.
        best: where errors would have cost least; None without labels or prices.
    """

    version: str
    segment: str
    thresholds: Thresholds
    best: Best | None


def cell_thresholds(
    night: Night,
    day: dt.date,
    window: int,
    wanted: Callable[[str, str], bool],
    costs: Costs | None = None,
) -> Iterator[CellThresholds]:
    """The decisions of a window's labelled rows, by version and segment cell.

    Args:
        night: what it is evaluated with.
        day: the window's last day.
        window: its length in days.
        wanted: whether a version and segment cell is asked for.
        costs: the prices of errors; left out: the monitor's.

    Raises:
        ThresholdError: the model is no binary classifier, or no day of the window was evaluated.
        LakeError: the outcomes of a day are damaged.
    """
    monitor = night.monitor
    if monitor.task != TASK.name or monitor.labels is None:
        raise ThresholdError(
            f"{monitor.model} decides by no threshold that labels could judge.",
            remedy=f"Other thresholds can be tried for models of {TASK.name} whose monitor has `labels`.",
        )
    days = window_days(night.outcomes, day, window)
    if not days:
        raise ThresholdError(
            f"No day of {monitor.model} up to {day} has outcomes in a window of {window} days.",
            remedy=f"Run its nights: obs backfill {monitor.model} --from {monitor.start}",
        )
    daily = [read_outcomes(night, each, OUTCOMES) for each in days]
    merged = OutcomeProfile.merged(daily, OUTCOMES)
    prices = costs or monitor.costs or NO_COSTS
    for version in merged.versions():
        for segment in merged.segments(version):
            if cut_of(segment) not in monitor.every_cut or not wanted(version, segment):
                continue
            found = Thresholds(outcome_counts(merged.cell(version, segment), segment), prices)
            parts = [outcome_counts(each.cell(version, segment), segment) for each in daily]
            yield CellThresholds(version, segment, found, found.best(parts))
