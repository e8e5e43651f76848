"""What the stored outcomes of a day say of two versions that both served on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.profile.cells import Cut, cut_of
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.tasks.outcomes import HasComparisons, OutcomeProfile
from obs_dagster.tasks.protocol import task_of
from obs_dagster.versus.day import LEAST, DayDifference, Pairs, paired_day, unpaired_day

COVERED = 0.9
"""The part of the rows that must be in segments which both versions have, for the mix to be adjusted."""

SHADOW = 0.5
"""The part of the rows that both versions must have scored for a day to be compared on these alone."""

Way = Literal["same requests", "same days, same mix", "same days"]

Judged = Mapping[str, Mapping[Cut, Mapping[str, FloatArray]]]
"""What labelled rows of a day come to by version, split and cell, as `HasComparisons.counted` has it."""


@dataclass(frozen=True, slots=True)
class SameDay:
    """What a day says of two versions, all rows together.

    Attributes:
        difference: the first version minus the second.
        evened: whether both have been given the same mix of segments, or the same requests.
        paired: whether it is on requests that both have scored.
    """

    difference: DayDifference
    evened: bool
    paired: bool = False


def judged_on(night: Night, day: dt.date) -> Judged:
    """What the labelled rows of a day that has outcomes come to; nothing where versions are not compared.

    Raises:
        LakeError: the outcomes of the day are damaged.
    """
    kind = task_of(night.monitor).outcomes
    found: dict[str, dict[Cut, dict[str, FloatArray]]] = {}
    if kind is None:
        return found
    profile: OutcomeProfile = read_outcomes(night, day, kind)
    if not isinstance(profile.kind, HasComparisons):
        return found
    declared = set(night.monitor.every_cut)
    for version in profile.versions():
        for cell in profile.segments(version):
            cut = cut_of(cell)
            if cut not in declared:
                continue
            rows = profile.kind.counted(profile.cell(version, cell), night.monitor, cell)
            if rows.any():
                found.setdefault(version, {}).setdefault(cut, {})[cell] = rows
    return found


def same_day(
    day: Judged, first: str, second: str, comparison: Comparison, pairs: Pairs | None = None
) -> SameDay | None:
    """How two versions that both have labelled rows of a day differ on it; None if it does not say.

    What is evened out is decided by the rows of the day alone: a night that comes later changes nothing.

    Args:
        day: what its labelled rows come to.
        first: a version.
        second: the other one.
        comparison: the metric.
        pairs: the requests of the day that both have scored. They alone count where they are half of the rows
            of the version that has fewer: one is in the shadow of the other then.
    """
    if pairs is not None and pairs.rows >= SHADOW * min(_rows(day[of], comparison) for of in (first, second)):
        paired = paired_day(pairs, comparison)
        if paired is not None:
            return SameDay(paired, evened=True, paired=True)
    cut = _shared_cut(day[first], day[second], comparison)
    found = unpaired_day(day[first].get(cut, {}), day[second].get(cut, {}), comparison)
    return None if found is None else SameDay(found, bool(cut))


def way_of(days: Sequence[SameDay]) -> Way:
    """What versions were compared on; the mix, or the requests, are the same only if so on every day."""
    if days and all(each.paired for each in days):
        return "same requests"
    return "same days, same mix" if days and all(each.evened for each in days) else "same days"


def _rows(cells: Mapping[Cut, Mapping[str, FloatArray]], comparison: Comparison) -> float:
    """The labelled rows of a version on a day."""
    return max(
        (sum(float(cell @ comparison.rows) for cell in of.values()) for of in cells.values()), default=0
    )


def _shared_cut(
    first: Mapping[Cut, Mapping[str, FloatArray]],
    second: Mapping[Cut, Mapping[str, FloatArray]],
    comparison: Comparison,
) -> Cut:
    """The finest split whose cells both versions have on a day; all rows if there is none."""
    best: tuple[int, Cut] = (1, ())
    for cut in first.keys() - {()}:
        one, other = (
            {name: float(cell @ comparison.rows) for name, cell in of.get(cut, {}).items()}
            for of in (first, second)
        )
        both = [name for name in one.keys() & other.keys() if min(one[name], other[name]) >= LEAST]
        shared = sum(one[name] + other[name] for name in both)
        rows = sum((*one.values(), *other.values()))
        if rows and shared / rows >= COVERED:
            best = max(best, (len(both), cut))
    return best[1]
