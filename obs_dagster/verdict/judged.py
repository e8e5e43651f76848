"""Which rules could be judged at all: that none is in breach says something only of those."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from obs_dagster.alerts.rules.held import NOT_FULL
from obs_dagster.alerts.rules.judging import judge, why_no_threshold
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import series_of
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.metrics.record import BASELINE, NO_BASELINE, MetricRecord
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import needs_labels
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import listing

AWAITED = "the labels of no day are complete yet"

_NAMED = 3
"""Rules that are named for a reason; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The rules that watch a version.

    Attributes:
        rules: how many there are.
        not_judged: why not, by name of the rules of which no subject could be judged.
        early: those of them that only need more days, of the log or of labels.
    """

    rules: int
    not_judged: Mapping[str, str]
    early: Collection[str] = ()

    @property
    def gap(self) -> str:
        """Which rules could not be judged, and why; empty if all could."""
        if not self.not_judged:
            return ""
        told = "; ".join(_named(names, reason) for reason, names in self._by_reason().items())
        if len(self.not_judged) == self.rules:
            return (
                f"none of its {self.rules} rules could be judged: {told}"
                if self.rules > 1
                else (f"its only rule could not be judged: {told}")
            )
        return f"{len(self.not_judged)} of {self.rules} rules could not be judged: {told}"

    def _by_reason(self) -> dict[str, list[str]]:
        """The names of the rules with the same reason."""
        found: dict[str, list[str]] = {}
        for name, reason in self.not_judged.items():
            found.setdefault(reason, []).append(name)
        return found


def _named(names: Sequence[str], reason: str) -> str:
    """Some rules with the reason that they share.

    >>> _named(["slow", "traffic_lost"], "not measured")
    'slow and traffic_lost (not measured)'
    """
    more = len(names) - _NAMED
    return f"{listing([*names[:_NAMED], *([f'{more} more'] if more > 0 else [])])} ({reason})"


def judged(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> Judged:
    """Which of the rules that watch a version could be judged on the night of `day`.

    A rule about labels is judged by the days whose labels are waited for, or by the last one before if it
    waits for them; others by the day itself.
    """
    rules = [rule for rule in monitor.alerts if rule.watches_version(version)]
    wait = monitor.labels.max_delay_days if monitor.labels else 0
    found = {}
    for rule in rules:
        settled = day - dt.timedelta(days=wait)
        first = settled if any(needs_labels(part.metric) for part in rule.parts) else day
        last = settled if rule.settled else day
        every = (night for _, nights in watched(rule, index, version, since=first) for night in nights)
        reason = _why_not(rule, [night for night in every if night.day <= last])
        if reason:
            found[rule.name] = reason
    early = {AWAITED, *(NOT_FULL.format(part.window) for rule in rules for part in rule.parts)}
    return Judged(len(rules), found, [name for name, reason in found.items() if reason in early])


def watched(
    rule: Rule, index: RecordIndex, version: str, *, since: dt.date
) -> Iterator[tuple[Subject, list[Observation]]]:
    """Every subject of a version that a rule watches, with its nights since a day as the rule judges them."""
    nights: dict[tuple[str, int], dict[Subject, list[Observation]]] = {}
    for part in rule.parts:
        held = part.threshold
        for window in (part.window, BASELINE) if held.of_baseline else (part.window,):
            found = nights.setdefault((part.metric, window), {})
            for about in filter(None, (version, WHOLE, held.version)):
                for segment, column in index.subjects(part.metric, about, window):
                    series = index.series(part.metric, about, window, segment=segment, column=column)
                    found[Subject(about, segment, column)] = [_observed(each) for each in series.values()]
    for subject, judged_nights in series_of(rule, nights, since=since).items():
        if subject.version in {version, WHOLE}:
            yield subject, list(judged_nights)


def _observed(record: MetricRecord) -> Observation:
    return Observation(record.day, record.value, record.low, record.high, record.n, record.reason)


def _why_not(rule: Rule, nights: Sequence[Observation]) -> str:
    """Why none of the nights can be judged; empty if one can."""
    if not nights:
        return AWAITED if rule.settled else "not measured"
    if any(judge(rule, night) is not Verdict.UNKNOWN for night in nights):
        return ""
    return Counter(_reason(rule, night) for night in nights).most_common(1)[0][0] or "no value"


def _reason(rule: Rule, night: Observation) -> str:
    """Why a night cannot be judged."""
    if night.value is None:
        return _short(night.reason)
    return why_no_threshold(rule, night) or f"fewer than {rule.min_rows:,} rows"


def _short(reason: str) -> str:
    """The reason without why a version has no baseline, which is said of its inputs."""
    return NO_BASELINE if reason.startswith(NO_BASELINE) else reason
