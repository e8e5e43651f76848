"""On which days something was in breach of a rule: a baseline that moves along may leave these out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from obs_dagster.alerts.rules.held import reach
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import read_nights, series_of
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.history import History
from obs_dagster.metrics.definition import Family
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family as metrics_of
from obs_dagster.monitor import Monitor, Rule
from obs_dagster.monitor.whole import WHOLE

COMPARED: tuple[Family, ...] = ("drift", "performance", "service")
"""The families whose metrics are held against a baseline of days before."""


class Breaches:
    """The days in breach of rules on the metrics of one stage, which grow as the stage evaluates days.

    A day counts from its first breach on, whatever `for` says: what may be a fault is no measure of others.

    Args:
        rules: the rules.
        nights: what is known of days that the stage does not evaluate now, by metric, window and subject.
    """

    def __init__(
        self, rules: Sequence[Rule], nights: dict[tuple[str, int], dict[Subject, list[Observation]]]
    ) -> None:
        self._rules, self._nights = rules, nights
        self._found: dict[tuple[str, str], set[dt.date]] | None = None

    def __call__(self, version: str, column: str) -> Collection[dt.date]:
        """The days on which a column of a version was in breach; the version as a whole, if it is empty."""
        if self._found is None:
            self._found = {}
            for rule in self._rules:
                for subject, nights in series_of(rule, self._nights).items():
                    if subject.segment == WHOLE:
                        days = (night.day for night in nights if judge(rule, night) is Verdict.BREACH)
                        self._found.setdefault((subject.version, subject.column), set()).update(days)
        return self._found.get((version, column), ())

    def add(self, records: Iterable[MetricRecord]) -> None:
        """Take the records of a day that was just evaluated, later than all that are known."""
        watched = {part.metric for rule in self._rules for part in rule.parts}
        for record in records:
            if record.segment == WHOLE and record.metric in watched:
                subject = Subject(record.version, record.segment, record.column)
                night = Observation(
                    record.day, record.value, record.low, record.high, record.n, record.reason
                )
                of_metric = self._nights.setdefault((record.metric, record.window), {})
                of_metric.setdefault(subject, []).append(night)
        self._found = None


def breaches(
    monitor: Monitor, history: History, family: Family, days: Collection[dt.date]
) -> Breaches | None:
    """What a stage that evaluates days has to leave out of their baselines; None if nothing.

    Args:
        monitor: the monitor.
        history: the store.
        family: whose metrics the stage evaluates.
        days: those that it evaluates, in their order.
    """
    baseline, rules = baseline_of(monitor), rules_of(monitor, family)
    if not (rules and days and baseline.leaves_out):
        return None
    first = min(days)
    # as far back as a window may reach that leaves out all of its days
    earliest = min(baseline.nights(first) or (first,))
    earliest -= first - earliest + dt.timedelta(days=max(map(reach, rules)))
    with history.reading() as connection:
        stored = read_nights(connection, monitor.model, rules, earliest, max(days))
    again = set(days)
    nights = {
        key: {
            subject: [night for night in found if night.day not in again]
            for subject, found in subjects.items()
        }
        for key, subjects in stored.items()
    }
    return Breaches(rules, nights)


def rules_of(monitor: Monitor, family: Family) -> list[Rule]:
    """The rules whose days in breach the baseline of a family's metrics may leave out.

    Args:
        monitor: the monitor.
        family: one of `COMPARED`.
    """
    known = metrics_of(family, monitor.task)
    rules = [rule for rule in monitor.alerts if all(part.metric in known for part in rule.parts)]
    compared = family == "drift" or any(part.threshold.of_baseline for rule in rules for part in rule.parts)
    return rules if compared else []
