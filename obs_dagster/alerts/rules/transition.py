"""From one state of a stored alert to the next."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace

from obs_dagster.alerts.rules import flapping, unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import Episode, State
from obs_dagster.alerts.rules.judging import threshold
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.history.names import storable_text
from obs_dagster.monitor import Rule

QUIET_AFTER_DAYS = 7
"""Days without a night that can be judged after which a firing alert says so."""

UNDONE = "Data that came later shows that it was no breach."


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation knows beside the records.

    Attributes:
        as_of: the night up to which it looks.
        now: when it runs (UTC).
        run_id: the run that it is a part of.
    """

    model: str
    owner: str
    as_of: dt.date
    now: dt.datetime
    run_id: str


def advance(
    evaluation: Evaluation, rule: Rule, subject: Subject, before: Alert | None, episode: Episode | None
) -> Alert | None:
    """The alert as its episode has it.

    Args:
        evaluation: the evaluation.
        rule: the rule.
        subject: the subject.
        before: the stored alert; None if the episode is new.
        episode: the episode; None if late data took it away.

    Returns:
        The alert to store, None for none.
    """
    if episode is None:
        return None if before is None else _undone(evaluation, rule, before)
    last = episode.last
    spoken = last.part or rule
    after = Alert(
        id=secrets.token_hex(5) if before is None else before.id,
        model=evaluation.model,
        rule=rule.name,
        version=subject.version,
        segment=subject.segment,
        column=subject.column,
        metric=spoken.metric,
        window=spoken.window,
        severity=episode.severity or rule.severity,
        owner=storable_text(rule.owner or evaluation.owner),
        summary=storable_text(rule.summary),
        labels={storable_text(name): storable_text(value) for name, value in rule.labels.items()},
        runbook=storable_text(rule.runbook),
        direction=spoken.direction,
        threshold=_held(spoken, last, before),
        state=episode.state,
        since=episode.since,
        fired_day=episode.fired_day,
        last_day=last.day,
        resolved_day=episode.resolved_day,
        value=last.value,
        low=last.low,
        high=last.high,
        n=last.n,
        nights=episode.nights,
        note=_note(rule, episode, evaluation.as_of),
        announced=before is not None and before.announced,
        firings=0 if before is None else before.firings,
        updated_at=evaluation.now,
        run_id=evaluation.run_id,
        flaps=episode.flaps,
    )
    if before is None:
        return after
    after = replace(
        after,
        silenced_until=before.silenced_until,
        silenced_by=before.silenced_by,
        told_severity=before.told_severity,
        held_by=before.held_by,
        incident_id=before.incident_id,
    )
    if before.state is not State.RESOLVED or episode.state is State.RESOLVED:
        # to whom acknowledged or resolved an alert it is news that it fires again
        after = replace(
            after,
            acknowledged_at=before.acknowledged_at,
            acknowledged_by=before.acknowledged_by,
            closed_at=before.closed_at,
            closed_by=before.closed_by,
        )
    return unless_same(before, after)


def unless_same(before: Alert | None, after: Alert) -> Alert:
    """The later state, or the earlier one if nothing has changed but when it was looked at."""
    if before is not None and replace(after, updated_at=before.updated_at, run_id=before.run_id) == before:
        return before
    return after


def _held(rule: Rule, night: Observation, before: Alert | None) -> float:
    """What the last value was held against; of a night that could not be judged, what earlier ones were."""
    held = threshold(rule, night)
    if held is not None:
        return held
    return rule.threshold.number if before is None else before.threshold


def end(evaluation: Evaluation, before: Alert, reason: str) -> Alert | None:
    """An open alert that ends for another reason than its metric; one that never fired leaves nothing."""
    if before.fired_day is None and before.firings == 0 and before.acknowledged_at is None:
        return None
    return replace(
        before,
        state=State.RESOLVED,
        resolved_day=evaluation.as_of,
        note=reason,
        updated_at=evaluation.now,
        run_id=evaluation.run_id,
    )


def undone(rule: Rule) -> str:
    """Why an alert ends whose episode late data took away."""
    return unevaluated.EVALUATED_LATER if rule.name == unevaluated.NAME else UNDONE


def _undone(evaluation: Evaluation, rule: Rule, before: Alert) -> Alert | None:
    """What people saw resolved stays as it was; what is open ends."""
    if before.state is State.RESOLVED:
        return replace(before, lasts=False)
    return end(evaluation, before, undone(rule))


def _note(rule: Rule, episode: Episode, as_of: dt.date) -> str:
    if episode.state is State.RESOLVED:
        return episode.reason
    if episode.flaps:
        return flapping.told(episode)
    quiet = (as_of - episode.last.day).days
    if quiet >= QUIET_AFTER_DAYS:
        return f"It could not be judged for {quiet} days."
    if episode.last.reason:
        return storable_text(episode.last.reason)
    origin = (episode.last.part or rule).threshold.origin
    told = [f"The threshold is {origin}." if origin else "", episode.last.beside]
    return storable_text(" ".join(filter(None, told)))
