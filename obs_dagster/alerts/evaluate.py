"""Evaluate a monitor's rules on the stored metrics and keep the alerts in step."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from obs_dagster.alerts import alert as alerts
from obs_dagster.alerts import outbox
from obs_dagster.alerts.alert import Alert, Event
from obs_dagster.alerts.fold import GONE_AFTER_DAYS, Episode, State, fold
from obs_dagster.alerts.reconcile import reconcile
from obs_dagster.alerts.series import Series, read_series
from obs_dagster.alerts.subject import Subject, watches
from obs_dagster.alerts.summary import AlertSummary, RuleSummary, subject_status, summarise
from obs_dagster.alerts.transition import UNDONE, Evaluation, advance, end
from obs_dagster.history import History, nights
from obs_dagster.monitor import Monitor, Rule

LOOK_BACK_DAYS = 120
"""Episodes that ended earlier are left as they are stored."""

RULE_REMOVED = "The rule is no longer in the monitor."
UNWATCHED = "The rule no longer watches it."


def evaluate_rules(
    monitor: Monitor, history: History, *, as_of: dt.date, now: dt.datetime, run_id: str
) -> AlertSummary:
    """Bring the model's alerts in step with its metrics, in one transaction.

    Each subject's state is computed anew from its records (see `fold`), so that evaluating twice changes
    nothing, and evaluations that run at once follow one another. Where an alert begins to fire, or ends
    after people were told of it, a notification goes to the outbox in the same transaction.

    Args:
        monitor: the monitor, with its rules.
        history: the store.
        as_of: the latest evaluated night. If the store knows a later one, that counts: an old night that
            is run again must not set the alerts back.
        now: the present (UTC).
        run_id: the run that evaluates.

    Raises:
        HistoryError: the store cannot be used; nothing has changed then.
    """
    with history.writing(monitor.model) as connection:
        as_of = max(as_of, nights.latest_evaluated(connection, monitor.model) or as_of)
        evaluation = Evaluation(monitor.model, monitor.owner, as_of, now, run_id)
        return _Evaluator(connection, evaluation).run(monitor.alerts)


class _Evaluator:
    """One evaluation inside its transaction."""

    def __init__(self, connection: Connection, evaluation: Evaluation) -> None:
        self._connection = connection
        self._evaluation = evaluation
        self._horizon = evaluation.as_of - dt.timedelta(days=LOOK_BACK_DAYS - 1)
        self._told: dict[Event, list[str]] = {"firing": [], "resolved": []}

    def run(self, rules: Sequence[Rule]) -> AlertSummary:
        """Evaluate all rules."""
        stored: dict[str, dict[Subject, list[Alert]]] = defaultdict(lambda: defaultdict(list))
        # Records from the beginning of each alert on, for its episode to be the same every night.
        first = self._horizon
        for alert in alerts.read_since(self._connection, self._evaluation.model, self._horizon):
            stored[alert.rule][alert.subject].append(alert)
            first = min(first, alert.since)
        series = read_series(self._connection, self._evaluation.model, rules, first, self._evaluation.as_of)
        summaries = tuple(self._rule(rule, series[rule.name], stored.pop(rule.name, {})) for rule in rules)
        for subjects in stored.values():
            for left in subjects.values():
                self._end(left, RULE_REMOVED)
        evaluation = self._evaluation
        fired, resolved = (tuple(sorted(self._told[event])) for event in ("firing", "resolved"))
        return AlertSummary(evaluation.model, evaluation.as_of, summaries, fired, resolved)

    def _rule(self, rule: Rule, series: Series, stored: Mapping[Subject, list[Alert]]) -> RuleSummary:
        as_of = self._evaluation.as_of
        found = []
        for subject, observations in series.items():
            episodes = [one for one in fold(rule, observations, as_of) if self._counts(one)]
            outcomes = [
                (before, *advance(self._evaluation, rule, subject, before, episode))
                for before, episode in reconcile(stored.get(subject, ()), episodes)
            ]
            # What ends goes first, because the store holds one open alert of a subject at any time.
            for before, after, event in sorted(outcomes, key=lambda outcome: _is_open(outcome[1])):
                self._keep(before, after, event)
            lasting = episodes[-1] if episodes and episodes[-1].state is not State.RESOLVED else None
            seen = max((night.day for night in observations if not night.absent), default=dt.date.min)
            if (as_of - seen).days < GONE_AFTER_DAYS:
                found.append(subject_status(rule, subject, observations, lasting, as_of))
        for subject in stored.keys() - series.keys():
            self._end(stored[subject], UNDONE if watches(rule, subject) else UNWATCHED)
        return summarise(rule, found)

    def _counts(self, episode: Episode) -> bool:
        return episode.state is not State.RESOLVED or episode.end >= self._horizon

    def _end(self, stored: Iterable[Alert], reason: str) -> None:
        for alert in stored:
            if _is_open(alert):
                self._keep(alert, *end(self._evaluation, alert, reason))

    def _keep(self, before: Alert | None, after: Alert | None, event: Event | None) -> None:
        alerts.write(self._connection, before, after)
        if after is not None and event is not None:
            outbox.enqueue(self._connection, after, event, self._evaluation.now)
            self._told[event].append(after.id)


def _is_open(alert: Alert | None) -> bool:
    return alert is not None and alert.state is not State.RESOLVED
