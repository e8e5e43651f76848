"""One version against another over days: on the requests that both scored, or on those of the same days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.shadow_pairs import shadow_pairs
from obs_dagster.evaluation.where import Period, metric_to_explain
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import Cut, cut_of
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.segments.effects import RATIOS
from obs_dagster.tasks.outcomes import HasJudgements, OutcomeProfile
from obs_dagster.tasks.protocol import task_of
from obs_dagster.versus.day import LEAST, DayDifference, paired_day, unpaired_day
from obs_dagster.versus.sequence import Look, looks

PAIRS = 50
"""Labelled requests that both versions have scored, from which on they are compared on these."""

COVERED = 0.9
"""The part of the rows that must be in segments which both versions have, for the mix to be adjusted."""

Way = Literal["same requests", "same days, same mix", "same days"]


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
        rows: labelled rows that were compared, of one version where both have the same.
    """

    first: str
    second: str
    metric: str
    segment: str
    way: Way
    look: Look | None
    values: tuple[float, float] | None
    rows: int


def metrics_to_compare(monitor: Monitor, asked: str | None = None) -> list[str]:
    """The metrics that versions are compared by: the one that is asked for, or those that verdicts tell.

    Raises:
        WhereError: versions cannot be compared by it.
    """
    if asked is not None:
        return [metric_to_explain(monitor, asked)]
    metric_to_explain(monitor)
    return [*(each.name for each in shown_in("verdict", monitor.task) if each.name in RATIOS), "accuracy"]


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
        metrics: names of `RATIOS`.
        pair: whether requests that both have scored are looked for, which reads rows.
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
    days = list(_judged_days(night, period))
    for version in (first, second):
        if not any(version in day for day in days):
            known = sorted({each for day in days for each in day})
            raise VersusError(
                f"Version {version} of {monitor.model} has no labels of {period.first} to {period.last}.",
                remedy=f"There are {', '.join(known) or 'none'}.",
            )
    common = [day for day in days if first in day and second in day]
    if not common:
        raise VersusError(
            f"Versions {first} and {second} have no day in common from {period.first} to {period.last}.",
            remedy="Let both serve on the same days, or one in the shadow of the other.",
        )
    pairs = shadow_pairs(night, first, second, period) if pair else []
    found = []
    for metric in metrics:
        if sum(rows.sum() for rows in pairs) >= PAIRS:
            of_days = [day for rows in pairs if (day := paired_day(rows, RATIOS[metric])) is not None]
            found.append(_told(first, second, metric, WHOLE, "same requests", of_days))
        else:
            found.append(_unpaired(common, first, second, metric))
        if segments:
            found += _by_segment(common, first, second, metric)
    return found


def labelled_versions(night: Night, period: Period) -> set[str]:
    """The versions that have labelled rows on some days.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    return {version for each in _judged_days(night, period) for version in each}


Judged = Mapping[str, Mapping[Cut, Mapping[str, FloatArray]]]
"""Labelled rows of a day by version, split and cell, each by decision and label, shape (2, 2)."""


def judged_on(night: Night, day: dt.date) -> Judged:
    """The labelled rows of a day that has outcomes; nothing where the task's are no decisions.

    Raises:
        LakeError: the outcomes of the day are damaged.
    """
    kind = task_of(night.monitor).outcomes
    found: dict[str, dict[Cut, dict[str, FloatArray]]] = {}
    if kind is None:
        return found
    profile: OutcomeProfile = read_outcomes(night, day, kind)
    if not isinstance(profile.kind, HasJudgements):
        return found
    declared = set(night.monitor.every_cut)
    for version in profile.versions():
        for cell in profile.segments(version):
            cut = cut_of(cell)
            rows = profile.kind.judged(profile.cell(version, cell), cell).sum(axis=0)
            if cut in declared and rows.any():
                found.setdefault(version, {}).setdefault(cut, {})[cell] = rows
    return found


def _judged_days(night: Night, period: Period) -> Iterator[Judged]:
    for day in night.outcomes.days_between(period.first, period.last):
        yield judged_on(night, day)


def _unpaired(days: Sequence[Judged], first: str, second: str, metric: str) -> Versus:
    """All rows of the same days, with the same mix of segments where both have them."""
    compared = [each for day in days if (each := same_day(day, first, second, metric)) is not None]
    return _told(first, second, metric, WHOLE, way_of(compared), [each.difference for each in compared])


@dataclass(frozen=True, slots=True)
class SameDay:
    """What a day says of two versions, all rows together.

    Attributes:
        difference: the first version minus the second.
        evened: whether both have been given the same mix of segments.
    """

    difference: DayDifference
    evened: bool


def same_day(day: Judged, first: str, second: str, metric: str) -> SameDay | None:
    """How two versions that both have labelled rows of a day differ on it; None if it does not say.

    What is evened out is decided by the rows of the day alone: a night that comes later changes nothing.

    Args:
        day: its labelled rows.
        first: a version.
        second: the other one.
        metric: one of `RATIOS`.
    """
    cut = _shared_cut(day[first], day[second])
    found = unpaired_day(day[first].get(cut, {}), day[second].get(cut, {}), RATIOS[metric])
    return None if found is None else SameDay(found, bool(cut))


def way_of(days: Sequence[SameDay]) -> Way:
    """What versions were compared on; the mix is the same only if it was so on every day."""
    return "same days, same mix" if days and all(each.evened for each in days) else "same days"


def _shared_cut(
    first: Mapping[Cut, Mapping[str, FloatArray]], second: Mapping[Cut, Mapping[str, FloatArray]]
) -> Cut:
    """The finest split whose cells both versions have on a day; all rows if there is none."""
    best: tuple[int, Cut] = (1, ())
    for cut in first.keys() - {()}:
        one, other = first[cut], second.get(cut, {})
        both = [
            name for name in one.keys() & other.keys() if min(one[name].sum(), other[name].sum()) >= LEAST
        ]
        shared = sum(float(one[name].sum() + other[name].sum()) for name in both)
        rows = sum(float(cell.sum()) for of in (one, other) for cell in of.values())
        if rows and shared / rows >= COVERED:
            best = max(best, (len(both), cut))
    return best[1]


def _by_segment(days: Sequence[Judged], first: str, second: str, metric: str) -> Iterator[Versus]:
    names = sorted({name for day in days for cut, cells in day[first].items() if cut for name in cells})
    for name in names:
        cut = cut_of(name)
        of_days = []
        for day in days:
            sides = [
                {name: rows} if (rows := day[of].get(cut, {}).get(name)) is not None else {}
                for of in (first, second)
            ]
            if (each := unpaired_day(sides[0], sides[1], RATIOS[metric])) is not None:
                of_days.append(each)
        yield _told(first, second, metric, name, "same days", of_days)


def _told(  # noqa: PLR0917  of one file
    first: str, second: str, metric: str, segment: str, way: Way, days: Sequence[DayDifference]
) -> Versus:
    if not days:
        return Versus(first, second, metric, segment, way, None, None, 0)
    *_, last = looks(days)
    weights = np.array([day.weight for day in days])
    values = tuple(
        float(np.average([getattr(day, of) for day in days], weights=weights)) for of in ("first", "second")
    )
    return Versus(first, second, metric, segment, way, last, (values[0], values[1]), int(weights.sum()))
