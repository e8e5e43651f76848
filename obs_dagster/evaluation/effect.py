"""The effect of serving one version instead of another, out of few labelled rows of each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from obs_dagster.effects.benefit import SegmentEffect, by_segment
from obs_dagster.effects.by_day import Mean
from obs_dagster.effects.estimate import Estimated, estimated, raw_difference, too_few
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.sensitivity import Unmeasured, of_difference, of_ratio
from obs_dagster.evaluation.day_rows import counted_rows
from obs_dagster.evaluation.effect_outcome import EffectError
from obs_dagster.evaluation.effect_rows import Drawn, drawn_rows, served_rows
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.where import Period
from obs_dagster.monitor.effect import Outcome
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor

MOST_DAYS = 56
"""Days that are looked at: the latest ones on which both served."""

COVERAGE_APART = 0.05
"""By how much the shares of labelled rows of two versions may differ."""


@dataclass(frozen=True)
class VersionEffect:
    """What serving the second version in the place of the first did.

    Attributes:
        first, second: the versions.
        outcome: what it is the effect on.
        binary: whether the outcome is 0 or 1.
        days: on which both served, and which it is learned from.
        immature: days in common that are left out, for their labels are not complete.
        shadow: days that are left out, for one version scored the requests of the other.
        served: rows of the log on `days`, of either version.
        rows: labelled rows of them that it is learned from.
        labelled: the share of the rows of either that has a label.
        raw: the difference in means; None where there are no days.
        estimated: the effect and how it is known; None if that is refused.
        unmeasured: what could explain it; None if there is no effect, or routing was at random.
        segments: who benefits.
        reason: why there is no effect; empty if there is one.
    """

    first: str
    second: str
    outcome: Outcome
    binary: bool = True
    days: Sequence[dt.date] = ()
    immature: int = 0
    shadow: int = 0
    served: tuple[int, int] = (0, 0)
    rows: tuple[int, int] = (0, 0)
    labelled: tuple[float, float] = (0.0, 0.0)
    raw: Mean | None = None
    estimated: Estimated | None = None
    unmeasured: Unmeasured | None = None
    segments: Mapping[str, SegmentEffect] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Learnable:
    """Rows that an effect can be learned from, with what is known beside it.

    Attributes:
        rows: the rows; None if nothing can be learned.
        known: everything but the effect.
    """

    rows: ServedRows | None
    known: VersionEffect

    @property
    def seed(self) -> int:
        """The same whenever the same is asked."""
        return seed("effect", self.known.first, self.known.second, self.known.outcome)


def effect(night: Night, first: str, second: str, period: Period, outcome: Outcome) -> VersionEffect:
    """What serving the second version in the place of the first did to an outcome.

    Args:
        night: what it is evaluated with.
        first: the version in whose place the other one served.
        second: that one.
        period: the days; of those on which both served the latest 56 whose labels are complete.
        outcome: what it is the effect on.

    Raises:
        EffectError: it cannot be asked: no labels, no such version, another kind of model, one version twice.
        LakeError: a table of the lake is damaged.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    return effect_of(learnable(night, first, second, period, outcome))


def learnable(night: Night, first: str, second: str, period: Period, outcome: Outcome) -> Learnable:
    """The rows that the effect is learned from, or why it cannot be; raises as `effect`."""
    served = {day: versions_on(night, day) for day in night.profiles.days_between(period.first, period.last)}
    _check(night.monitor, first, second, period, served)
    both = [day for day, versions in served.items() if {first, second} <= versions]
    common, immature = _settled(night, both)
    known = VersionEffect(first, second, outcome, immature=len(immature))
    if not common:
        told = (
            f"the labels of the {len(immature)} days on which both served are not complete yet"
            if immature
            else "there is no day on which both served"
        )
        return _nothing(known, told)
    drawn = drawn_rows(night, first, second, common)
    known = _with(known, drawn)
    if drawn.rows is None:
        return _nothing(known, _without_rows(drawn))
    rows = served_rows(drawn.rows, night, outcome)
    second_rows = int(rows.treated.sum())
    known = replace(known, binary=rows.binary, rows=(rows.n - second_rows, second_rows))
    if not rows.n or not second_rows or second_rows == rows.n:
        return _nothing(known, "the rows of one version have no labels")
    one, other = drawn.labelled
    if abs(one - other) > COVERAGE_APART:
        return _nothing(
            known,
            f"{one:.0%} of the rows of version {first} have a label and {other:.0%} of those of version "
            f"{second}: which labels are known depends on who served, so those that are known say little",
        )
    few = too_few(rows)
    return _nothing(known, few) if few else Learnable(rows, known)


def effect_of(given: Learnable) -> VersionEffect:
    """The effect, where there are rows that it can be learned from."""
    rows, known = given.rows, given.known
    if rows is None:
        return known
    found = estimated(rows, given.seed)
    if found.effect is None:
        return replace(known, raw=raw_difference(rows), estimated=found, reason=found.refused)
    ratio = found.ratio if rows.binary else None
    unmeasured = None
    if not found.overlap.at_random and (ratio is not None or found.spread > 0):
        unmeasured = of_ratio(ratio) if ratio else of_difference(found.effect, found.spread)
    return replace(known, raw=found.raw, estimated=found, unmeasured=unmeasured, segments=by_segment(found))


Served = Mapping[dt.date, set[str]]


def _check(monitor: Monitor, first: str, second: str, period: Period, served: Served) -> None:
    if monitor.labels is None:
        raise EffectError(
            f"The monitor of {monitor.model} has no `labels`.", remedy="What came of a row is its label."
        )
    if first == second:
        raise EffectError(
            f"Version {first} has no effect in the place of itself.", remedy="Name another version."
        )
    if why := no_sample(monitor):
        raise EffectError(
            f"There are no rows of {monitor.model}: {why}.",
            remedy="An effect is learned from rows; let a sample leave the warehouse (`engine.sample`), or "
            "compare versions by segments: obs compare.",
        )
    known = {version for versions in served.values() for version in versions}
    for version in (first, second):
        if version not in known:
            raise EffectError(
                f"Version {version} of {monitor.model} has no rows from {period.first} to {period.last}.",
                remedy=f"There are {', '.join(sorted(known)) or 'none'}.",
            )


def versions_on(night: Night, day: dt.date) -> set[str]:
    """The versions that have rows on a day."""
    return {version for version, rows in counted_rows(night, day).items() if rows}


def _settled(night: Night, both: Sequence[dt.date]) -> tuple[list[dt.date], list[dt.date]]:
    """Days on which both served: the latest whose labels are complete, and those whose are not."""
    last, labels = max(night.profiles.days(), default=dt.date.max), night.monitor.labels
    settled = last - dt.timedelta(days=labels.max_delay_days if labels else 0)
    return [day for day in both if day <= settled][-MOST_DAYS:], [day for day in both if day > settled]


def _with(known: VersionEffect, drawn: Drawn) -> VersionEffect:
    return replace(
        known, days=drawn.days, shadow=len(drawn.shadow), served=drawn.served, labelled=drawn.labelled
    )


def _without_rows(drawn: Drawn) -> str:
    if drawn.shadow:
        return (
            "one version scored the requests of the other: which of them was served the log does not say, "
            "and the label is one. Which one is right more often says obs compare"
        )
    return (
        "the rows of the days on which both served were removed since" if drawn.gone else "there are no rows"
    )


def _nothing(known: VersionEffect, reason: str) -> Learnable:
    return Learnable(None, replace(known, reason=reason))
