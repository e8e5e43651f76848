"""Records of how versions do beside their champion, from the stored outcomes of days; no row is read.

What a night says must not depend on where somebody begins to look, or the interval would hold no longer: so
evidence begins where a version began to serve, and again after it paused for `PAUSE` days, not a fixed number
of days before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from obs_dagster.evaluation.champion_kept import keep_champion, kept_champion
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.pairs_kept import Kept, kept_pairs
from obs_dagster.evaluation.same_day import Judged, SameDay, compared_on, judged_on, same_day
from obs_dagster.evaluation.versus import comparisons, metrics_to_compare
from obs_dagster.figures import decimal, percent
from obs_dagster.metrics.champion import Challenge
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import definition
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.versus.champion import Champion
from obs_dagster.versus.sequence import LEAST_DAYS, Look, looks
from obs_dagster.versus.told import told

ACTIVE, PAUSE = 7, 28
"""Days without labelled rows after which a version is told of no more, and its evidence begins anew."""


def champion_records(
    night: Night, days: Collection[dt.date], now: Champion
) -> Iterator[tuple[dt.date, list[MetricRecord]]]:
    """Of each day how its versions do beside the champion, or why that is not known.

    Args:
        night: what it is evaluated with.
        days: those that are evaluated.
        now: the champion of the days of which none is kept.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    if not days:
        return
    champions = {day: kept_champion(night, day) or now for day in sorted(days)}
    story = _Story(night, _stored(night, min(days), max(days), {each.version for each in champions.values()}))
    for day, champion in champions.items():
        keep_champion(night, day, champion)
        yield day, [record for each in story.on(day, champion) for record in each]


def evidence_begins(night: Night, version: str, champion: str, day: dt.date) -> dt.date:
    """From which day on a version is compared with its champion, on a day.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    return _Story(night, _stored(night, day, day, {champion})).begun(version, day)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Two versions on the days that both have: when, how they differ, and what is known then."""

    days: Sequence[dt.date]
    same: Sequence[SameDay]
    looks: Sequence[Look]


@dataclass(frozen=True)
class _Story:
    """The labelled rows of days in order, and what was made of them already."""

    night: Night
    judged: Mapping[dt.date, Judged]
    found: dict[tuple[str, str, str, dt.date], _Compared] = field(default_factory=dict)
    pairs: dict[dt.date, Kept] = field(default_factory=dict)

    def on(self, day: dt.date, champion: Champion) -> Iterator[Iterator[MetricRecord]]:
        """The records of the versions that are told of on a day."""
        since = day - dt.timedelta(days=ACTIVE - 1)
        active = {name for each, found in self.judged.items() if since <= each <= day for name in found}
        challengers = sorted(active - {champion.version})
        for version in challengers or sorted(active):
            challenge = self._challenge(version, champion, day, alone=not challengers)
            estimates = evaluate("champion", challenge, task=self.night.monitor.task)
            yield self.night.recorder.records(estimates, version=version, day=day, window=1)

    def _challenge(self, version: str, champion: Champion, day: dt.date, *, alone: bool) -> Challenge:
        if champion.reason:
            return Challenge(reason=champion.reason)
        if alone:
            return Challenge(reason="no version but the champion has labels of these days")
        begun = self.begun(version, day)
        common = [each for each in self._of(version, begun, day) if champion.version in self.judged[each]]
        if not common:
            told = f"version {version} has no day with labels in common with version {champion.version}, "
            return Challenge(reason=f"{told}its champion")
        known = {}
        for metric in metrics_to_compare(self.night.monitor):
            compared = self._compared(version, champion.version, metric, begun)
            known[metric] = self._estimate(metric, compared, day, champion)
        return Challenge(known)

    def _of(self, version: str, first: dt.date, last: dt.date) -> list[dt.date]:
        """The days between two on which a version has labelled rows."""
        return [each for each, found in self.judged.items() if first <= each <= last and version in found]

    def begun(self, version: str, day: dt.date) -> dt.date:
        """Where the evidence of a version begins."""
        begun = day
        for each in reversed(self._of(version, dt.date.min, day)):
            if (begun - each).days > PAUSE:
                break
            begun = each
        return begun

    def _compared(self, version: str, champion: str, metric: str, begun: dt.date) -> _Compared:
        """All days from one on; what is known after one of them is at its place."""
        key = version, champion, metric, begun
        comparison = comparisons(self.night.monitor)[metric]
        if key not in self.found:
            both = {
                each: same
                for each in self._of(version, begun, dt.date.max)
                if champion in self.judged[each]
                and (same := self._same(each, (version, champion, metric), comparison)) is not None
            }
            differences = [same.difference for same in both.values()]
            self.found[key] = _Compared(list(both), list(both.values()), list(looks(differences)))
        return self.found[key]

    def _same(self, day: dt.date, about: tuple[str, str, str], comparison: Comparison) -> SameDay | None:
        """A day of two versions; on the same requests where one was in the shadow of the other."""
        if day not in self.pairs:
            self.pairs[day] = kept_pairs(self.night, day)
        return same_day(self.judged[day], about[0], about[1], comparison, self.pairs[day].get(about))

    def _estimate(self, metric: str, compared: _Compared, day: dt.date, champion: Champion) -> Estimate:
        count = sum(each <= day for each in compared.days)
        same = compared.same[:count]
        if not count:
            return Estimate.missing("no day has enough rows of both")
        if count < LEAST_DAYS:
            plural = "s" * (count > 1)
            few = f"{count} day{plural} in common with version {champion.version}, its champion"
            rows = int(sum(each.difference.weight for each in same))
            return Estimate.missing(f"{few}; {LEAST_DAYS} are needed", rows)
        known = told(
            [each.difference for each in same],
            compared.looks[count - 1],
            comparisons(self.night.monitor)[metric],
        )
        about = definition(metric, self.night.monitor.task)
        look = known.look if about.better == "higher" else known.look.turned
        figure = percent if about.written == "percent" else decimal
        word = {1: "better than", -1: "worse than", 0: "not told apart from"}[look.decided]
        said = (
            f"{word} version {champion.version}, its champion: {figure(known.first)} and "
            f"{figure(known.second)} {compared_on(same)}, after {look.days} days"
        )
        return Estimate(look.difference, look.low, look.high, known.rows, reason=said)


def _stored(night: Night, first: dt.date, last: dt.date, champions: Collection[str]) -> dict[dt.date, Judged]:
    """The labelled rows of all days that what is told of some days may rest on, in order.

    A champion that serves for years is compared with nobody on most of its days, and these are not read.
    """
    since = first - dt.timedelta(days=ACTIVE - 1)
    stored = sorted(night.outcomes.days())
    found = {day: judged_on(night, day) for day in stored if since <= day <= last}
    aside = champions if len(champions) == 1 else ()
    seen = dict.fromkeys((name for each in found.values() for name in each if name not in aside), since)
    for day in (each for each in reversed(stored) if each < since):
        going = {version for version, begun in seen.items() if (begun - day).days <= PAUSE}
        if not going:
            break
        found[day] = judged_on(night, day)
        seen |= dict.fromkeys(going & found[day].keys(), day)
    return dict(sorted(found.items()))
