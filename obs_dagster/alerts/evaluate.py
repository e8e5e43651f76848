"""Evaluate a monitor's rules on the stored metrics and keep the alerts in step."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from obs_dagster.alerts.incidents import grouping
from obs_dagster.alerts.incidents.across import Across, unasked
from obs_dagster.alerts.incidents.likely import Likely
from obs_dagster.alerts.life import acts, inhibit, tell, trail
from obs_dagster.alerts.life.told import log_told
from obs_dagster.alerts.life.trail import Kind
from obs_dagster.alerts.moved import Told, silent
from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.alert import Event as Change
from obs_dagster.alerts.rules.combined import Series
from obs_dagster.alerts.rules.flapping import episodes_of
from obs_dagster.alerts.rules.fold import GONE_AFTER_DAYS, Episode, State
from obs_dagster.alerts.rules.reconcile import reconcile
from obs_dagster.alerts.rules.series import read_series
from obs_dagster.alerts.rules.subject import Subject, watches
from obs_dagster.alerts.rules.summary import (
    AlertSummary,
    RuleSummary,
    SubjectStatus,
    subject_status,
    summarise,
)
from obs_dagster.alerts.rules.transition import Evaluation, advance, end, undone, unless_same
from obs_dagster.history import History, nights
from obs_dagster.monitor import Monitor, Rule
from obs_dagster.monitor.task import outputs
from obs_dagster.telemetry.traces import span

LOOK_BACK_DAYS = 120
"""Episodes that ended earlier are left as they are stored."""

RULE_REMOVED = "The rule is no longer in the monitor."
UNWATCHED = "The rule no longer watches it."


def evaluate_rules(
    monitor: Monitor,
    history: History,
    *,
    as_of: dt.date,
    now: dt.datetime,
    run_id: str,
    moved: Told = silent,
    across: Across = unasked,
) -> AlertSummary:
    """Bring the model's alerts in step with its metrics, in one transaction.

    Each subject's state is computed anew from its records (see `fold`), so that evaluating twice changes
    nothing, and evaluations that run at once follow one another. Where an alert begins to fire, or ends
    after people were told of it, a notification goes to the outbox in the same transaction.

    Args:
        monitor: the monitor, with its rules.
        history: the store.
        as_of: the latest night. If the store knows a later one, that counts: an old night that is run again
            must not set the alerts back.
        now: the present (UTC).
        run_id: the run that evaluates.
        moved: what a notification says of the values of its column.
        across: what it says of where its incident began.

    Raises:
        HistoryError: the store cannot be used; nothing has changed then.
    """
    with span("rules", day=str(as_of)) as about:
        with history.writing(monitor.model) as connection:
            evaluator = _evaluator(connection, monitor, as_of, now, run_id, moved=moved, across=across)
            summary = evaluator.run()
        about.set(fired=len(summary.fired), resolved=len(summary.resolved))
        log_told(evaluator.told)
    return summary


def evaluate_nights(
    monitor: Monitor, history: History, *, as_of: dt.date, now: dt.datetime, run_id: str
) -> AlertSummary:
    """Bring only the alert of days that were not evaluated in step, for the arguments of `evaluate_rules`.

    What later stages of a night do, or fail to do, has no part in it.

    Raises:
        HistoryError: the store cannot be used; nothing has changed then.
    """
    with history.writing(monitor.model) as connection:
        evaluator = _evaluator(connection, monitor, as_of, now, run_id)
        summary = evaluator.run_nights()
    log_told(evaluator.told)
    return summary


def _evaluator(
    connection: Connection,
    monitor: Monitor,
    as_of: dt.date,
    now: dt.datetime,
    run_id: str,
    *,
    moved: Told = silent,
    across: Across = unasked,
) -> _Evaluator:
    as_of = max(as_of, nights.latest(connection, monitor.model) or as_of)
    evaluation = Evaluation(monitor.model, monitor.owner, as_of, now, run_id)
    return _Evaluator(connection, evaluation, monitor, moved, across)


class _Evaluator:
    """One evaluation inside its transaction."""

    def __init__(
        self,
        connection: Connection,
        evaluation: Evaluation,
        monitor: Monitor,
        moved: Told,
        across: Across,
    ) -> None:
        self.told: Sequence[tuple[Alert, Change | None]] = ()
        self._connection = connection
        self._moved = moved
        self._across = across
        self._evaluation = evaluation
        self._monitor = monitor
        self._outputs = [each.column for each in outputs(monitor)]
        wait = monitor.labels.max_delay_days if monitor.labels else 0
        self._settled = replace(evaluation, as_of=evaluation.as_of - dt.timedelta(days=wait))
        self._horizon = evaluation.as_of - dt.timedelta(days=LOOK_BACK_DAYS - 1)
        self._stored: dict[str, dict[Subject, list[Alert]]] = defaultdict(lambda: defaultdict(list))
        # Records from the beginning of each alert on, for its episode to be the same every night.
        self._first = self._horizon
        for alert in alerts.read_since(connection, evaluation.model, self._horizon):
            self._stored[alert.rule][alert.subject].append(alert)
            self._first = min(self._first, alert.since)
        self._closed = grouping.closed_ids(connection, evaluation.model)
        self._closings = trail.closings(connection, evaluation.model, self._first)

    def run(self) -> AlertSummary:
        """Evaluate all rules, and what became of the days."""
        rules = self._monitor.alerts
        series = read_series(
            self._connection, self._evaluation.model, rules, self._first, self._evaluation.as_of
        )
        days = self._days()
        found = [(rule, self._rule(rule, series[rule.name])) for rule in rules]
        for subjects in self._stored.values():
            for left in subjects.values():
                self._end(left, RULE_REMOVED)
        return self._summary(found, days)

    def run_nights(self) -> AlertSummary:
        """Evaluate what became of the days, and no rule."""
        return self._summary([], self._days())

    def _days(self) -> list[SubjectStatus]:
        evaluation = self._evaluation
        known = nights.read(self._connection, evaluation.model, self._first, evaluation.as_of)
        seen = unevaluated.observations(self._monitor, known)
        return self._rule(unevaluated.RULE, {unevaluated.SUBJECT: seen} if seen else {})

    def _summary(
        self, rules: Sequence[tuple[Rule, list[SubjectStatus]]], days: list[SubjectStatus]
    ) -> AlertSummary:
        """What was found, after people were told of it."""
        model, now = self._evaluation.model, self._evaluation.now
        unfinished = {alert.id: alert for alert in alerts.read_unfinished(self._connection, model)}
        for alert in inhibit.held(unfinished.values(), self._monitor.alerts):
            alerts.write(self._connection, unfinished[alert.id], alert)
        grouping.assign(self._connection, model, now)
        why = Likely(self._moved, lambda _: self._outputs, self._across)
        told = tell.tell(self._connection, model, now, self._moved, why)
        self.told = told
        why.follow(self._connection, model, [alert for alert, event in told if event == "firing"], now)
        handled = {
            (alert.rule, alert.subject): text
            for alert in alerts.read_since(self._connection, model, self._horizon)
            if (text := alert.handled(now))
        }

        def summary(rule: Rule, found: Iterable[SubjectStatus]) -> RuleSummary:
            known = (replace(each, handled=handled.get((rule.name, each.subject), "")) for each in found)
            return summarise(rule, list(known))

        return AlertSummary(
            model,
            self._evaluation.as_of,
            tuple(summary(rule, found) for rule, found in rules),
            summary(unevaluated.RULE, days),
            fired=tell.heard(told, "firing"),
            resolved=tell.heard(told, "resolved"),
        )

    def _rule(self, rule: Rule, series: Series) -> list[SubjectStatus]:
        stored = self._stored.pop(rule.name, {})
        evaluation = self._evaluation if not rule.settled else self._settled
        as_of = evaluation.as_of
        found = []
        for subject, nights_read in series.items():
            observations = [night for night in nights_read if night.day <= as_of]
            episodes = [one for one in episodes_of(rule, observations, as_of) if self._counts(one)]
            outcomes = [
                (before, self._advance(evaluation, rule, subject, before, episode))
                for before, episode in reconcile(stored.get(subject, ()), episodes)
            ]
            # What ends goes first, because the store holds one open alert of a subject at any time.
            for before, after in sorted(outcomes, key=lambda outcome: _is_open(outcome[1])):
                self._keep(before, after)
            lasting = episodes[-1] if episodes and episodes[-1].state is not State.RESOLVED else None
            by_hand = any(after is not None and after.lasts for _, after in outcomes)
            seen = max((night.day for night in observations if not night.absent), default=dt.date.min)
            if (as_of - seen).days < GONE_AFTER_DAYS:
                status = subject_status(rule, subject, observations, lasting, as_of)
                found.append(replace(status, status="closed") if by_hand else status)
        for subject in stored.keys() - series.keys():
            self._end(stored[subject], undone(rule) if watches(rule, subject) else UNWATCHED)
        return found

    def _advance(
        self,
        evaluation: Evaluation,
        rule: Rule,
        subject: Subject,
        before: Alert | None,
        episode: Episode | None,
    ) -> Alert | None:
        """The alert as its episode has it, unless somebody has resolved that by hand."""
        after = advance(evaluation, rule, subject, before, episode)
        if episode is None or after is None or episode.fired_day is None:
            return after
        known = self._closings.get((rule.name, subject), ())
        closing = next((line for line in known if trail.closes(line, episode)), None)
        if closing is None:
            return replace(after, lasts=False) if after.lasts else after
        after = acts.closed(
            after,
            at=closing.at,
            by=closing.by,
            reason=closing.comment,
            day=closing.day,
            lasts=episode.state is State.FIRING,
        )
        return unless_same(before, after)

    def _counts(self, episode: Episode) -> bool:
        return episode.state is not State.RESOLVED or episode.end >= self._horizon

    def _end(self, stored: Iterable[Alert], reason: str) -> None:
        for alert in stored:
            if _is_open(alert):
                self._keep(alert, end(self._evaluation, alert, reason))
            elif alert.lasts:
                self._keep(alert, replace(alert, lasts=False))

    def _keep(self, before: Alert | None, after: Alert | None) -> None:
        again = before is not None and not _is_open(before) and _is_open(after)
        if again and after is not None and after.incident_id in self._closed:
            after = replace(after, incident_id="")
        alerts.write(self._connection, before, after)
        if after is not None and (before is None or before.state is not after.state):
            trail.add(
                self._connection, after, Kind(after.state.value), self._evaluation.now, comment=after.note
            )


def _is_open(alert: Alert | None) -> bool:
    return alert is not None and alert.state is not State.RESOLVED
