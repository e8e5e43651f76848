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
from obs_dagster.segments.search import Cube, Half, Slice, worst_slices
from obs_dagster.tasks.judged import PARTS, Difference, Explains, Judged, Loss
from obs_dagster.tasks.outcomes import HasJudgements, OutcomeProfile
from obs_dagster.tasks.protocol import task_of

WEEK, BESIDE = 7, 28
"""Days that nights look at, and days before them that they are compared with."""


NOTHING = Explains({}, {})
"""What a task knows of changes that has no labels."""


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
        rows: labelled rows, or requests, of the period.
        slices: where it is worse than elsewhere, the clearest first.
        changes: by the columns of a split, what its metric's change since the period before is made of.
        reason: why there are no changes; empty if there are.
        explains: what the task knows of changes, and of what is bad.
        unsearched: why nobody looked where it is worse; empty if somebody did.
    """

    version: str
    rows: int
    slices: Sequence[Slice]
    changes: Mapping[Cut, Explained] = field(default_factory=dict)
    reason: str = ""
    explains: Explains = NOTHING
    unsearched: str = ""


def is_judged(monitor: Monitor) -> bool:
    """Whether labels say what is right of a model's rows, so that a change can be explained."""
    return isinstance(task_of(monitor).outcomes, HasJudgements)


def metrics_to_explain(monitor: Monitor) -> list[str]:
    """The metrics whose changes can be explained, what verdicts tell first in front.

    Raises:
        WhereError: there is none.
    """
    kind = task_of(monitor).outcomes
    if kind is None or not isinstance(kind, HasJudgements):
        raise WhereError(
            f"What a change of {monitor.model} is made of is not known: no label says what is right of "
            f"models of {monitor.task}.",
            remedy="`obs report` has what moved, and the features that moved the mean output.",
        )
    known = kind.explains.metrics
    shown = [each.name for each in shown_in("verdict", monitor.task) if each.name in known]
    return list(dict.fromkeys([*shown, *known]))


def metric_to_explain(monitor: Monitor, asked: str | None = None) -> str:
    """The metric whose change is explained: the one that is asked for, or what the task shows first.

    Raises:
        WhereError: its change cannot be explained.
    """
    legal = metrics_to_explain(monitor)
    if asked is not None and definition(asked, monitor.task).name not in legal:
        raise WhereError(
            f"A change of {asked} is no sum over segments.", remedy=f"Ask for one of {', '.join(legal)}."
        )
    return asked or legal[0]


def why(night: Night, period: Period, before: Period, metric: str) -> list[VersionWhy]:
    """Where each version was wrong in a period, and why its metric is another one than before.

    Args:
        night: what it is evaluated with.
        period: the days.
        before: the days that they are compared with.
        metric: one of `metrics_to_explain`.

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
    asked = _Asked(monitor, period, metric, [cut for cut in monitor.every_cut if cut])
    return [asked.of_version(now, then, version) for version in now.versions]


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


@dataclass(frozen=True, slots=True)
class _Days:
    """The outcomes of a period, every second day apart from the others.

    Attributes:
        halves: the first, third, … day, and the others.
        kind: what the task counts.
    """

    halves: tuple[OutcomeProfile, OutcomeProfile]
    kind: HasJudgements

    @property
    def versions(self) -> list[str]:
        """Every version that made predictions."""
        return sorted({version for half in self.halves for version in half.versions()})

    def judged(
        self, version: str, monitor: Monitor, cuts: Sequence[Cut]
    ) -> list[dict[Cut, dict[str, Judged]]]:
        """The labelled rows of either half, of each cell of each split; cells without any are left out."""
        return [_judged(half, self.kind, version, monitor, cuts) for half in self.halves]


def _outcomes(night: Night, period: Period) -> _Days | None:
    kind = task_of(night.monitor).outcomes
    days = night.outcomes.days_between(period.first, period.last)
    if kind is None or not isinstance(kind, HasJudgements) or not days:
        return None
    first, second = (
        OutcomeProfile.merged((read_outcomes(night, day, kind) for day in days[start::2]), kind)
        for start in (0, 1)
    )
    return _Days((first, second), kind)


def _judged(
    profile: OutcomeProfile, kind: HasJudgements, version: str, monitor: Monitor, cuts: Sequence[Cut]
) -> dict[Cut, dict[str, Judged]]:
    found: dict[Cut, dict[str, Judged]] = {cut: {} for cut in cuts}
    for cell in profile.segments(version):
        cut = cut_of(cell)
        if cut in found:
            rows = kind.judged(profile.cell(version, cell), monitor, cell)
            if rows.numbers.any():
                found[cut][cell] = rows
    return found


def _together(halves: Sequence[Mapping[Cut, Mapping[str, Judged]]]) -> dict[Cut, dict[str, Judged]]:
    """Both halves added up."""
    found: dict[Cut, dict[str, Judged]] = {}
    for half in halves:
        for cut, cells in half.items():
            into = found.setdefault(cut, {})
            for cell, rows in cells.items():
                into[cell] = into[cell] + rows if cell in into else rows
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a period.

    Attributes:
        monitor: the monitor.
        period: the days.
        metric: the metric.
        cuts: the splits.
    """

    monitor: Monitor
    period: Period
    metric: str
    cuts: Sequence[Cut]

    def of_version(self, now: _Days, then: _Days | None, version: str) -> VersionWhy:
        """Where a version is worse, and what the change is made of."""
        explains = now.kind.explains
        halves = now.judged(version, self.monitor, self.cuts)
        judged = _together(halves)
        metric = explains.metrics[self.metric]
        weight = (metric.plus if isinstance(metric, Difference) else metric).rows
        rows = max((_rows(cells, weight) for cells in judged.values()), default=0)
        if not rows:
            return VersionWhy(version, 0, (), reason="no labels", explains=explains)
        slices, unsearched = self._worst(version, judged, halves, explains)
        about = version, rows, slices
        earlier = _together(then.judged(version, self.monitor, self.cuts)) if then is not None else {}
        if not any(earlier.values()):
            none = "it has no labelled rows in the days before"
            return VersionWhy(*about, reason=none, explains=explains, unsearched=unsearched)
        parts = PARTS if explains.binned else None
        changes = {
            cut: found
            for cut in self.cuts
            if (found := explained(earlier.get(cut, {}), judged.get(cut, {}), metric, parts=parts))
            is not None
        }
        named = definition(self.metric, self.monitor.task).in_a_sentence
        missing = "" if changes else f"{named} has no value in one of the periods"
        return VersionWhy(*about, changes, missing, explains, unsearched)

    def _worst(
        self,
        version: str,
        judged: Mapping[Cut, Mapping[str, Judged]],
        halves: Sequence[Mapping[Cut, Mapping[str, Judged]]],
        explains: Explains,
    ) -> tuple[list[Slice], str]:
        """Where it is worse than elsewhere, or why nobody can look."""
        loss = explains.loss(self.metric)
        if loss is None:
            return [], "what is bad is seen of groups alone, and not of rows"
        if not loss.counts and not all(any(half.values()) for half in halves):
            return [], "that takes two days with labels, one to look and one to try"
        finest = [cut for cut in reductions(self.cuts) if judged.get(cut)]
        cubes = [_cube(cut, judged[cut], [half.get(cut, {}) for half in halves], loss) for cut in finest]
        return worst_slices(cubes, seed(self.monitor.model, version, self.period)), ""


def _rows(cells: Mapping[str, Judged], weight: FloatArray) -> int:
    return round(sum(float(cell.total @ weight) for cell in cells.values()))


def _cube(cut: Cut, cells: Mapping[str, Judged], halves: Sequence[Mapping[str, Judged]], loss: Loss) -> Cube:
    values = np.empty((len(cells), len(cut)), dtype=object)
    for place, cell in enumerate(cells):
        of = values_of(cell)
        values[place] = [NULL if of[column] is None else of[column] for column in cut]
    whole = _half(cells, cells, loss)
    if loss.counts:
        return Cube(cut, values, whole.rows.astype(np.int64), whole.total.astype(np.int64))
    first, second = (_half(cells, half, loss) for half in halves)
    return Cube(cut, values, whole.rows.astype(np.int64), whole.total, (first, second))


def _half(cells: Mapping[str, Judged], half: Mapping[str, Judged], loss: Loss) -> Half:
    """Rows of each cell, what they lost, and its squares."""
    width = next(iter(cells.values())).numbers.shape[1]
    numbers = np.array([half[cell].total if cell in half else np.zeros(width) for cell in cells])
    rows, total, squares = (numbers @ each for each in (loss.mean.rows, loss.mean.above, loss.mean.above_sq))
    if loss.best is not None:
        squares = loss.best**2 * rows - 2 * loss.best * total + squares
        total = loss.best * rows - total
    return Half(rows, total, squares)
