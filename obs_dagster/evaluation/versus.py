"""One version against another over days: on the requests that both scored, or on those of the same days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.pairs_kept import Kept, kept_pairs
from obs_dagster.evaluation.same_day import Judged, Way, compared_on, judged_on, same_day, way_of
from obs_dagster.evaluation.shadow_pairs import shadow_pairs
from obs_dagster.evaluation.where import Period
from obs_dagster.metrics.registry import definition
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import cut_of
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.tasks.outcomes import HasComparisons
from obs_dagster.tasks.protocol import task_of
from obs_dagster.versus.day import DayDifference, paired_day, unpaired_day
from obs_dagster.versus.sequence import Look, looks
from obs_dagster.versus.told import told

PAIRS = 50
"""Labelled requests that both versions have scored, from which on they are compared on these."""


class VersusError(ObsError):
    """Two versions cannot be compared."""


@dataclass(frozen=True, slots=True)
class Versus:
    """What is known of two versions' metric.

    Attributes:
        first, second: the versions.
        metric: the metric.
        segment: the segment cell; `*` for all rows.
        way: what they are compared on.
        look: after the last day; None if no day had anything to compare.
        values: the metric of the first and of the second version, over the days that were compared.
        rows: labelled rows, or requests, that were compared, of one version where both have the same.
        lower: whether a lower metric is the better one.
        on: the same as `way`, in words.
    """

    first: str
    second: str
    metric: str
    segment: str
    way: Way
    look: Look | None
    values: tuple[float, float] | None
    rows: int
    lower: bool = False
    on: str = "on the same days"

    @property
    def ahead(self) -> str:
        """The version that is known to have the better metric, of one without a better side the higher one.

        It is empty as long as nobody can tell.
        """
        decided = self.look.decided if self.look else 0
        if not decided:
            return ""
        return self.first if (decided > 0) != self.lower else self.second


def comparisons(monitor: Monitor) -> Mapping[str, Comparison]:
    """By name, the metrics that versions of a model are compared by; none where there is no ground truth."""
    kind = task_of(monitor).outcomes
    return kind.compared if isinstance(kind, HasComparisons) else {}


def metrics_to_compare(monitor: Monitor, asked: str | None = None) -> list[str]:
    """The metrics that versions are compared by: the one that is asked for, or all that can be better.

    Raises:
        VersusError: versions cannot be compared by it, or by nothing.
        MetricError: there is no such metric.
    """
    legal = comparisons(monitor)
    if not legal:
        raise VersusError(
            f"Versions of {monitor.model} cannot be compared: nothing is counted right or wrong of models of "
            f"{monitor.task}.",
            remedy="Which version is right needs a task with labels.",
        )
    if asked is None:
        return [name for name in legal if definition(name, monitor.task).better]
    if definition(asked, monitor.task).name not in legal:
        raise VersusError(
            f"Versions of {monitor.model} are not compared by {asked}.",
            remedy=f"Ask for one of {', '.join(legal)}.",
        )
    return [asked]


def versus(
    night: Night,
    first: str,
    second: str,
    period: Period,
    metrics: Sequence[str],
    *,
    pair: bool = True,
    segments: bool = True,
) -> list[Versus]:
    """How two versions compare over some days, by metric, over all rows and in each segment.

    Args:
        night: what it is evaluated with.
        first: a version.
        second: the other one.
        period: the days.
        metrics: of those that the task's versions are compared by.
        pair: whether requests that both have scored are looked for, which reads rows; else they count on days
            on which nights have found that one version was in the shadow of the other.
        segments: whether segment cells are compared too.

    Raises:
        VersusError: one of them has no rows in these days, or there are no labels.
        LakeError: the outcomes of a day are damaged.
    """
    monitor = night.monitor
    if monitor.labels is None:
        raise VersusError(
            f"The monitor of {monitor.model} has no `labels`.", remedy="Which version is right needs labels."
        )
    days = _judged_days(night, period)
    for version in (first, second):
        if not any(version in day for day in days.values()):
            known = sorted({each for day in days.values() for each in day})
            raise VersusError(
                f"Version {version} of {monitor.model} has no labels of {period.first} to {period.last}.",
                remedy=f"There are {', '.join(known) or 'none'}.",
            )
    common = {day: of for day, of in days.items() if first in of and second in of}
    if not common:
        raise VersusError(
            f"Versions {first} and {second} have no day in common from {period.first} to {period.last}.",
            remedy="Let both serve on the same days, or one in the shadow of the other.",
        )
    pairs = shadow_pairs(night, first, second, period, metrics) if pair else {}
    kept = {} if pair else {day: kept_pairs(night, day) for day in common}
    found = []
    for metric in metrics:
        lower = definition(metric, monitor.task).better == "lower"
        asked = _Asked(first, second, metric, comparisons(monitor)[metric], lower)
        paired = pairs.get(metric, [])
        if sum(each.rows for each in paired) >= PAIRS:
            of_days = [day for each in paired if (day := paired_day(each, asked.comparison)) is not None]
            of_requests = asked.told(WHOLE, "same requests", of_days)
            found.append(replace(of_requests, on="on the requests that both have scored"))
        else:
            found.append(asked.unpaired(common, kept))
        if segments:
            found += asked.by_segment(list(common.values()))
    return found


def labelled_versions(night: Night, period: Period) -> set[str]:
    """The versions that have labelled rows on some days.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    return {version for each in _judged_days(night, period).values() for version in each}


def _judged_days(night: Night, period: Period) -> dict[dt.date, Judged]:
    return {day: judged_on(night, day) for day in night.outcomes.days_between(period.first, period.last)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: how two versions compare by a metric."""

    first: str
    second: str
    metric: str
    comparison: Comparison
    lower: bool

    def unpaired(self, days: Mapping[dt.date, Judged], pairs: Mapping[dt.date, Kept]) -> Versus:
        """All rows of the same days: the requests that both have scored, or the same mix of segments."""
        about = self.first, self.second, self.metric
        found = (
            same_day(of, self.first, self.second, self.comparison, pairs.get(day, {}).get(about))
            for day, of in days.items()
        )
        compared = [each for each in found if each is not None]
        of_days = self.told(WHOLE, way_of(compared), [each.difference for each in compared])
        return replace(of_days, on=compared_on(compared))

    def by_segment(self, days: Sequence[Judged]) -> Iterator[Versus]:
        """Each segment that the first version has."""
        names = sorted(
            {name for day in days for cut, cells in day[self.first].items() if cut for name in cells}
        )
        for name in names:
            cut = cut_of(name)
            of_days = []
            for day in days:
                sides = [
                    {name: rows} if (rows := day[of].get(cut, {}).get(name)) is not None else {}
                    for of in (self.first, self.second)
                ]
                if (each := unpaired_day(sides[0], sides[1], self.comparison)) is not None:
                    of_days.append(each)
            yield self.told(name, "same days", of_days)

    def told(self, segment: str, way: Way, days: Sequence[DayDifference]) -> Versus:
        """What some days come to."""
        about = self.first, self.second, self.metric, segment, way
        if not days:
            return Versus(*about, None, None, 0, self.lower)
        *_, last = looks(days)
        found = told(days, last, self.comparison)
        return Versus(*about, found.look, (found.first, found.second), found.rows, self.lower)
