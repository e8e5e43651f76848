"""Where a version is wrong, and why its numbers changed, from the stored outcomes of days; no row is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.metrics.registry import definition, shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import NULL, Cut, cut_of, reductions, values_of
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.segments.effects import Explained, explained
from obs_dagster.segments.search import Cube, Slice, worst_slices
from obs_dagster.tasks.binary.ratios import RATIOS
from obs_dagster.tasks.outcomes import HasJudgements, OutcomeProfile
from obs_dagster.tasks.protocol import task_of

WEEK, BESIDE = 7, 28
"""Days that nights look at, and days before them that they are compared with."""


class WhereError(ObsError):
    """Nothing can be said of where or why: another kind of model, no segments, or no labels."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both ends included."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class VersionWhy:
    """What is known of a version.

    Attributes:
        version: the version.
        rows: labelled rows of the period.
        slices: where it is wrong more often than elsewhere, the clearest first.
        changes: by the columns of a split, what its metric's change since the period before is made of.
        reason: why there are no changes; empty if there are.
    """

    version: str
    rows: int
    slices: Sequence[Slice]
    changes: Mapping[Cut, Explained] = field(default_factory=dict)
    reason: str = ""


def metric_to_explain(monitor: Monitor, asked: str | None = None) -> str:
    """The metric whose change is explained: the one that is asked for, or what the task shows first.

    Raises:
        WhereError: its change cannot be explained.
    """
    if not isinstance(task_of(monitor).outcomes, HasJudgements):
        raise WhereError(
            f"What a change of {monitor.model} is made of is not known for models of {monitor.task}.",
            remedy="It is for binary_classification.",
        )
    if asked is not None and definition(asked, monitor.task).name not in RATIOS:
        raise WhereError(
            f"A change of {asked} is no sum over segments.", remedy=f"Ask for one of {', '.join(RATIOS)}."
        )
    shown = (each.name for each in shown_in("verdict", monitor.task) if each.name in RATIOS)
    return asked or next(shown)


def why(night: Night, period: Period, before: Period, metric: str) -> list[VersionWhy]:
    """Where each version was wrong in a period, and why its metric is another one than before.

    Args:
        night: what it is evaluated with.
        period: the days.
        before: the days that they are compared with.
        metric: one of `RATIOS`.

    Raises:
        WhereError: the monitor has no segments or labels, or no day has outcomes.
        LakeError: the outcomes of a day are damaged.
    """
    monitor = night.monitor
    if monitor.labels is None or not monitor.segments:
        lacks = "labels" if monitor.labels is None else "segments"
        raise WhereError(
            f"The monitor of {monitor.model} has no `{lacks}`.", remedy=f"Declare `{lacks}` in the monitor."
        )
    now, then = _outcomes(night, period), _outcomes(night, before)
    if now is None:
        raise WhereError(
            f"No day of {monitor.model} from {period.first} to {period.last} has outcomes.",
            remedy=f"Run its nights: obs backfill {monitor.model} --from {period.first} --to {period.last}",
        )
    return [_of_version(now, then, version, monitor, period, metric) for version in now.versions()]


def why_on(night: Night, day: dt.date, metric: str | None = None) -> tuple[list[VersionWhy], str]:
    """The same of the week that ends on a day, beside the four weeks before; with the metric.

    Raises:
        WhereError: nothing can be said of it.
        LakeError: the outcomes of a day are damaged.
    """
    asked = metric_to_explain(night.monitor, metric)
    first = day - dt.timedelta(days=WEEK - 1)
    before = Period(first - dt.timedelta(days=BESIDE), first - dt.timedelta(days=1))
    return why(night, Period(first, day), before, asked), asked


def _outcomes(night: Night, period: Period) -> OutcomeProfile | None:
    kind = task_of(night.monitor).outcomes
    days = night.outcomes.days_between(period.first, period.last)
    if kind is None or not days:
        return None
    return OutcomeProfile.merged((read_outcomes(night, day, kind) for day in days), kind)


def _of_version(  # noqa: PLR0917  of one call
    now: OutcomeProfile,
    then: OutcomeProfile | None,
    version: str,
    monitor: Monitor,
    period: Period,
    metric: str,
) -> VersionWhy:
    cuts = [cut for cut in monitor.every_cut if cut]
    judged = _judged(now, version, cuts)
    finest = [cut for cut in reductions(cuts) if judged[cut]]
    rows = max((int(sum(cell.sum() for cell in judged[cut].values())) for cut in finest), default=0)
    if not rows:
        return VersionWhy(version, 0, (), reason="no labels")
    slices = worst_slices([_cube(cut, judged[cut]) for cut in finest], seed(monitor.model, version, period))
    earlier = _judged(then, version, cuts) if then is not None else {}
    if not any(earlier.values()):
        return VersionWhy(version, rows, slices, reason="it has no labelled rows in the days before")
    changes = {
        cut: found
        for cut in cuts
        if (found := explained(earlier[cut], judged[cut], RATIOS[metric])) is not None
    }
    missing = f"{definition(metric, monitor.task).in_a_sentence} has no value in one of the periods"
    return VersionWhy(version, rows, slices, changes, "" if changes else missing)


def _judged(profile: OutcomeProfile, version: str, cuts: Sequence[Cut]) -> dict[Cut, dict[str, FloatArray]]:
    """The labelled rows of each segment cell of each split; cells without any are left out."""
    found: dict[Cut, dict[str, FloatArray]] = {cut: {} for cut in cuts}
    if isinstance(profile.kind, HasJudgements):
        for cell in profile.segments(version):
            cut = cut_of(cell)
            if cut in found:
                rows = profile.kind.judged(profile.cell(version, cell), cell)
                if rows.any():
                    found[cut][cell] = rows
    return found


def _cube(cut: Cut, cells: Mapping[str, FloatArray]) -> Cube:
    values = np.empty((len(cells), len(cut)), dtype=object)
    for place, cell in enumerate(cells):
        of = values_of(cell)
        values[place] = [NULL if of[column] is None else of[column] for column in cut]
    rows = np.array([cell.sum() for cell in cells.values()]).astype(np.int64)
    wrong = np.array([cell[:, 0, 1].sum() + cell[:, 1, 0].sum() for cell in cells.values()])
    return Cube(cut, values, rows, wrong.astype(np.int64))
