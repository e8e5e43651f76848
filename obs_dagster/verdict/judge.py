"""Judges the versions of a model: from alerts, numbers and nights to a verdict on each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from obs_dagster.alerts.rules import unevaluated
from obs_dagster.changes.change import NOTHING, Changes
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor.champion import good_news, of_version
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.refusal import fact, not_evaluated
from obs_dagster.verdict.baseline_days import days_in_breach
from obs_dagster.verdict.clauses import by_days, missing, most, of_days, within
from obs_dagster.verdict.estimated import Estimates, estimates_of
from obs_dagster.verdict.evidence import Evidence, evidence_of
from obs_dagster.verdict.headline import (
    headline_window,
    needs_labels,
    of_champion,
    settled_through,
    tells_movement,
)
from obs_dagster.verdict.inputs import AlertLine, NightLine
from obs_dagster.verdict.judged import Judged, judged
from obs_dagster.verdict.moved import moved_columns
from obs_dagster.verdict.movement import Movement, movement
from obs_dagster.verdict.record_index import RecordIndex, natural
from obs_dagster.verdict.verdict import Status, Verdict, urgency
from obs_dagster.verdict.wording import (
    day_month,
    limit,
    night_count,
    noun,
)

ACTIVE_DAYS = 7
"""A version without rows for longer, and without a firing alert, has left production."""

NAMED_VERSIONS = 12
"""Of a day that was not evaluated so many versions are named; more are no versions, but what is wrong."""


def verdicts(
    monitor: Monitor,
    index: RecordIndex,
    alerts: Sequence[AlertLine],
    nights: Sequence[NightLine],
    day: dt.date,
    *,
    changes: Changes = NOTHING,
) -> list[Verdict]:
    """Judges every version that is in production on `day`.

    Args:
        monitor: the monitor of the model.
        index: records up to `day`, at least those of the last `ACTIVE_DAYS` days and of the label wait
            before them.
        alerts: alerts as they stand after the night of `day`.
        nights: what became of the days.
        day: the last day that was evaluated.
        changes: which columns moved that night.

    Returns:
        One verdict per version that had rows in the last `ACTIVE_DAYS` days or has a firing alert. If the
        day was not evaluated, also per version in its log.
    """
    # that days were not evaluated is said of the day, and says nothing about a version
    alerts = [alert for alert in alerts if alert.rule != unevaluated.NAME]
    night = next((line for line in nights if line.day == day), None)
    active = {alert.version for alert in alerts if alert.state == "firing"} - {WHOLE}
    for back in range(ACTIVE_DAYS):
        active |= index.versions_by_day.get(day - dt.timedelta(days=back), set())
    if night is not None and not night.evaluated and len(night.versions) <= NAMED_VERSIONS:
        active |= set(night.versions)
    judged = []
    for version in sorted(active, key=natural):
        about_it = [alert for alert in alerts if alert.version in (version, WHOLE)]
        verdict = _Judge(monitor, index, about_it, night, day, version).verdict()
        moved = moved_columns(changes, monitor, sorted(about_it, key=urgency), version)
        judged.append(replace(verdict, moved=moved))
    return judged


@dataclass(frozen=True)
class _Judge:
    monitor: Monitor
    index: RecordIndex
    alerts: Sequence[AlertLine]
    night: NightLine | None
    day: dt.date
    version: str

    def verdict(self) -> Verdict:
        # that it is better than its champion is nothing to be alarmed at
        firing = [alert for alert in self._firing() if alert not in self._better()]
        if firing:
            return self._alarmed(firing)
        shown = self._performance()
        evidence = (*shown, *self._estimates.known, *map(self._evidence, self._movement.moved))
        doubt = self._doubt(shown)
        if doubt:
            return Verdict(self.version, "unknown", tuple(doubt), evidence)
        return Verdict(self.version, "sound", tuple(self._calm(shown)), evidence)

    def _firing(self) -> list[AlertLine]:
        return sorted((alert for alert in self.alerts if alert.state == "firing"), key=urgency)

    def _better(self) -> list[AlertLine]:
        """The alerts that say of it that it is better than its champion."""
        return [each for each in self._firing() if good_news(each.metric, each.direction)]

    def _alarmed(self, firing: Sequence[AlertLine]) -> Verdict:
        grave = [
            alert for alert in firing if not tells_movement(alert.metric) or alert.severity == "critical"
        ]
        first = (grave or list(firing))[0]
        evidence = tuple(self._evidence(alert) for alert in (grave or list(firing))[:3])
        moved = [self._evidence(record) for record in self._movement.moved]
        parts = [f"{self._breach(first)}, in breach for {night_count(first.nights)}", *self._complete(first)]
        parts += [first.handled] if first.handled else []
        parts += [within(first.why)] if first.why else []
        columns = [item for item in moved[:2] if item.column != first.column]
        if columns:
            parts.append(most(columns))
        parts += [*map(self._breach, self._better()), *self._baseline(), *self._estimates.told]
        if self.night is not None and not self.night.evaluated:
            parts.append(not_evaluated(day_month(self.day), fact(self.night.reason)))
        # a value that may still change does not stand for the one with complete labels
        named = {(item.metric, item.column, item.segment) for item in evidence if item.settled}
        rest = [
            item
            for item in (*self._performance(), *self._estimates.known, *moved)
            if (item.metric, item.column, item.segment) not in named
        ]
        status: Status = "failing" if grave else "moved"
        return Verdict(self.version, status, tuple(parts), (*evidence, *rest), others=len(firing) - 1)

    def _breach(self, alert: AlertLine) -> str:
        item = self._evidence(alert)
        if of_champion(alert.metric) and item.told:
            return f"its {noun(of_version(alert.metric))} is {item.told}"
        told = f"{item.name} {'fell' if alert.direction == 'below' else 'rose'} to {item.value_text}"
        if item.remark:
            told += f", {item.remark},"
        parts = (part for rule in self.monitor.alerts if rule.name == alert.rule for part in rule.parts)
        rule = next((part for part in parts if part.metric == alert.metric), None)
        held = f"threshold {limit(alert.metric, alert.threshold)}"
        if rule is not None and rule.threshold.origin:
            held += f", {rule.threshold.origin}"
        return f"{told} {item.when} ({'; '.join(filter(None, (held, item.caveat)))})"

    def _complete(self, alert: AlertLine) -> list[str]:
        """The latest value with complete labels, beside an alert's that lacks some."""
        settled = settled_through(self.monitor, self.day)
        if settled is None or self._evidence(alert).settled:
            return []
        series = self.index.series(
            alert.metric, alert.version, alert.window, segment=alert.segment, column=alert.column
        )
        known = [record for day, record in series.items() if day <= settled and record.value is not None]
        return [
            f"{item.value_text} {item.when}, whose labels are complete"
            for item in map(self._evidence, known[-1:])
        ]

    def _doubt(self, shown: Sequence[Evidence]) -> list[str]:
        """Why the version cannot be judged; empty if it can."""
        if self.night is not None and not self.night.evaluated:
            return [not_evaluated(day_month(self.day), self.night.reason)]
        if self.version not in self.index.versions_by_day.get(self.day, set()):
            return [f"it made no predictions on {day_month(self.day)}"]
        if not self.monitor.alerts:
            return ["the monitor has no alert rules to judge it by", self._inputs()]
        lacking = self._lack_of_labels(shown) if self.monitor.labels is not None else []
        return lacking or self._lack_of_numbers(shown)

    def _lack_of_numbers(self, shown: Sequence[Evidence]) -> list[str]:
        """What there are no values for, and what is known beside."""
        if not self._movement.known:
            return [self._inputs(), *self._calm(shown, inputs=False)]
        rules = self._judged
        if rules.rules and len(rules.not_judged) == rules.rules:
            return [rules.gap, *self._right(shown), self._inputs()]
        return []

    def _lack_of_labels(self, shown: Sequence[Evidence]) -> list[str]:
        if not shown:
            unknown = "no labels have come yet, so whether it is right is not known"
            return [unknown, *self._estimates.told, self._inputs()]
        parts = [part for rule in self.monitor.alerts for part in rule.parts]
        needed = min((part.min_rows for part in parts if needs_labels(part.metric)), default=1)
        rows = max(item.n for item in shown)
        if rows < needed:
            return [f"too few labelled rows to judge it ({rows:,} of the {needed:,} that its rules ask for)"]
        rules = self._judged
        quality = {
            rule.name for rule in self.monitor.alerts if any(needs_labels(part.metric) for part in rule.parts)
        }
        if quality <= rules.not_judged.keys() and quality.intersection(rules.early):
            return ["whether it is right cannot be judged yet", *self._calm(shown)]
        return []

    def _calm(self, shown: Sequence[Evidence], *, inputs: bool = True) -> list[str]:
        parts = self._right(shown)
        if inputs:
            parts.append(self._inputs())
        pending = sorted((alert for alert in self.alerts if alert.state == "pending"), key=urgency)
        resolved = (alert for alert in self.alerts if alert.state == "resolved" and alert.handled)
        by_hand = sorted(resolved, key=urgency)
        rules = self._judged
        if pending:
            parts.append(f"{self._breach(pending[0])}, not long enough to fire")
        elif by_hand:
            parts.append(f"{self._breach(by_hand[0])}, {by_hand[0].handled}")
        elif len(rules.not_judged) < rules.rules:
            parts.append("no rule that could be judged is in breach" if rules.gap else "no rule is in breach")
        parts += map(self._breach, self._better())
        return [*parts, *self._baseline(), *filter(None, [rules.gap])]

    def _baseline(self) -> list[str]:
        """That days which it may be compared with were in breach."""
        told = days_in_breach(self.monitor, self.index, self.version, self.day)
        return [told] if told else []

    def _right(self, shown: Sequence[Evidence]) -> list[str]:
        """What is known of its performance."""
        if shown:
            guessed = self._estimates.told
            told = "; ".join(of_days(items) for items in by_days(shown[:2]))
            return [f"{'measured ' if guessed else ''}{told}", *guessed]
        if self.monitor.labels is None:
            return ["whether it is right is not known, for the monitor has no labels"]
        return []

    def _inputs(self) -> str:
        """What is known of its inputs: that they have not moved only if all of them were compared."""
        found = self._movement
        parts = [most([self._evidence(record) for record in found.moved[:2]])] if found.moved else []
        if found.missing:
            parts.append(missing(found))
        if found.gap:
            parts.append(found.gap)
        parts = parts or [f"its inputs have not moved {found.covers}"]
        return "; ".join([*parts, *([found.watched] if found.watched else [])])

    @cached_property
    def _movement(self) -> Movement:
        return movement(self.monitor, self.index, self.version, self.day)

    @cached_property
    def _judged(self) -> Judged:
        return judged(self.monitor, self.index, self.version, self.day)

    def _performance(self) -> list[Evidence]:
        """The shown metrics on the last day with complete labels, or on the last day with any."""
        window, settled = headline_window(self.monitor), settled_through(self.monitor, self.day)
        found: list[Evidence] = []
        for definition in shown_in("verdict", self.monitor.task):
            known = [
                record
                for record in self.index.series(definition.name, self.version, window).values()
                if record.value is not None
            ]
            complete = [record for record in known if settled is not None and record.day <= settled]
            if known:
                found.append(self._evidence((complete or known)[-1]))
        return found

    @cached_property
    def _estimates(self) -> Estimates:
        return estimates_of(self.monitor, self.index, self.version, self.day)

    def _evidence(self, found: MetricRecord | AlertLine) -> Evidence:
        return evidence_of(found, self.monitor, self.index, self.day)
