"""What the stored outcomes of a day say of two versions that both served on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        evened: the split of whose cells both have been given the same mix; empty if of none.
        mixes: by column, the rows of either version in each cell.
        paired: whether it is on requests that both have scored; then there is nothing to even out.
    """

    difference: DayDifference
    evened: Cut = ()
    mixes: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
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
            return SameDay(paired, paired=True)
    cut = _shared_cut(day[first], day[second], comparison)
    found = unpaired_day(day[first].get(cut, {}), day[second].get(cut, {}), comparison)
    if found is None:
        return None
    single = sorted(each for each in day[first].keys() | day[second].keys() if len(each) == 1)
    mixes = {name: _rows_of_both(day[first], day[second], comparison, (name,)) for (name,) in single}
    return SameDay(found, cut, mixes)


def way_of(days: Sequence[SameDay]) -> Way:
    """What versions were compared on; the mix, or the requests, are the same only if so on every day."""
    if days and all(each.paired for each in days):
        return "same requests"
    return "same days, same mix" if days and all(each.evened or each.paired for each in days) else "same days"


def compared_on(days: Sequence[SameDay]) -> str:
    """What versions were compared on, in words: what was evened out every day, and what could not be."""
    if days and all(each.paired for each in days):
        return "on the requests that both have scored"
    mixed = [each for each in days if not each.paired]
    evened = [
        name for name in (mixed[0].evened if mixed else ()) if all(name in each.evened for each in mixed)
    ]
    apart = [name for name in _apart(days) if name not in evened]
    told = (
        f"on the same days, with the mix of {' and '.join(evened)} evened out"
        if evened
        else "on the same days"
    )
    return f"{told}, though they got other values of {' and '.join(apart)}" if apart else told


def _apart(days: Sequence[SameDay]) -> list[str]:
    """The columns of which the versions got other values, so that no mix of them is the same."""
    found = []
    for name in dict.fromkeys(name for each in days for name in each.mixes):
        cells: dict[str, tuple[float, float]] = {}
        for each in days:
            for cell, (one, other) in each.mixes.get(name, {}).items():
                before = cells.get(cell, (0.0, 0.0))
                cells[cell] = before[0] + one, before[1] + other
        if _shared(cells)[0] < COVERED:
            found.append(name)
    return found


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
        share, both = _shared(_rows_of_both(first, second, comparison, cut))
        if share >= COVERED:
            best = max(best, (both, cut))
    return best[1]


def _rows_of_both(
    first: Mapping[Cut, Mapping[str, FloatArray]],
    second: Mapping[Cut, Mapping[str, FloatArray]],
    comparison: Comparison,
    cut: Cut,
) -> dict[str, tuple[float, float]]:
    """By cell of a split, the rows of the first and of the second version."""
    one, other = (
        {name: float(cell @ comparison.rows) for name, cell in of.get(cut, {}).items()}
        for of in (first, second)
    )
    return {name: (one.get(name, 0.0), other.get(name, 0.0)) for name in {**one, **other}}


def _shared(cells: Mapping[str, tuple[float, float]]) -> tuple[float, int]:
    """The share of the rows that lie in cells which both versions have, and how many such cells there are."""
    both = [sum(rows) for rows in cells.values() if min(rows) >= LEAST]
    every = sum(map(sum, cells.values()))
    return (sum(both) / every if every else 0.0), len(both)
