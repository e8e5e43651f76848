"""An alert's state as a fold over the nights of one subject.

Nothing is remembered between evaluations: the state follows from the metric records alone, so that labels
that come late and nights that run again lead to the state that they would have led to in time.

A streak of `for` breaches among the judged nights fires (see `judging`); an ok or unsure night ends a streak
that hasn't fired yet. A firing alert is resolved by the first ok night after `keep_firing_for` others in a
row: an unsure one doesn't prove that all is well. It gets graver as its rule says, and stays so until it
ends. A subject without any row for 28 days is gone (a version that was switched off), and its alert ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.monitor import Rule
from obs_dagster.monitor.escalation import Escalation, Severity, gravest

GONE_AFTER_DAYS = 28
"""Days without any row after which a subject counts as gone."""

GONE = f"There were no rows of it for {GONE_AFTER_DAYS} days."


class State(StrEnum):
    """Where an alert is in its life."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of trouble of one subject.

    Attributes:
        since: the first night of the streak that led to it.
        nights: breaching nights so far.
        last: the latest judged night; of a resolved episode, the one that resolved it.
        fired_day: the night on which the streak was long enough; None while pending.
        resolved_day: the night on which it ended; None while it lasts.
        reason: why it ended, where it wasn't by a good value.
        good: ok nights since the last breach, of which an unsure one is none.
        since_fired: breaching nights after the one on which it fired.
        severity: how bad it has become; None while it is as bad as its rule says at first.
        flaps: how often it fired, if it comes and goes (see `flapping`); else 0.
    """

    since: dt.date
    nights: int
    last: Observation
    fired_day: dt.date | None = None
    resolved_day: dt.date | None = None
    reason: str = ""
    good: int = 0
    since_fired: int = 0
    severity: Severity | None = None
    flaps: int = 0

    @property
    def state(self) -> State:
        """Where it is in its life."""
        if self.resolved_day is not None:
            return State.RESOLVED
        return State.PENDING if self.fired_day is None else State.FIRING

    @property
    def end(self) -> dt.date:
        """The last day that is known to belong to it."""
        return self.resolved_day or self.last.day


def fold(rule: Rule, series: Iterable[Observation], until: dt.date) -> list[Episode]:
    """The episodes of one subject up to and including the night `until`, oldest first.

    Args:
        rule: the rule.
        series: the subject's nights, ascending by day, at most one per day, gaps allowed.
        until: the night as of which the state is asked for.

    Returns:
        Every episode that fired; the last one may be firing still, or pending. A streak that ended
        before it fired leaves nothing.
    """
    episodes: list[Episode] = []
    current: Episode | None = None
    seen = dt.date.min
    for observation in series:
        if observation.day > until:
            break
        if observation.absent:
            continue
        if current is not None and (observation.day - seen).days > GONE_AFTER_DAYS:
            episodes += _gone(current, seen)
            current = None
        seen = observation.day
        current = _step(rule, current, observation)
        if current is not None and current.state is State.RESOLVED:
            episodes.append(current)
            current = None
    if current is not None and (until - seen).days >= GONE_AFTER_DAYS:
        return episodes + _gone(current, seen)
    return episodes if current is None else [*episodes, current]


def _step(rule: Rule, current: Episode | None, night: Observation) -> Episode | None:
    """The open episode after one more night; a resolved one is closed, None says there is none."""
    verdict = judge(rule, night)
    if verdict is Verdict.UNKNOWN:
        return current
    if verdict is Verdict.BREACH:
        return _escalated(rule, _longer(rule, current, night))
    if current is None or current.fired_day is None:
        return None
    good = current.good + 1 if verdict is Verdict.OK else 0
    over = good > rule.keep_firing_for
    return replace(current, last=night, good=good, resolved_day=night.day if over else None)


def _longer(rule: Rule, current: Episode | None, night: Observation) -> Episode:
    """The episode after one more breach."""
    if current is None:
        longer = Episode(since=night.day, nights=1, last=night)
    else:
        longer = replace(current, nights=current.nights + 1, last=night, good=0)
    if longer.fired_day is not None:
        return replace(longer, since_fired=longer.since_fired + 1)
    return replace(longer, fired_day=night.day) if longer.nights >= rule.for_nights else longer


def _escalated(rule: Rule, episode: Episode) -> Episode:
    """The episode, graver if its rule says so of one that fires."""
    if episode.fired_day is None or not rule.escalate:
        return episode
    reached = [each.to for each in rule.escalate if _reached(rule, each, episode)]
    return replace(episode, severity=gravest(rule.severity, episode.severity or rule.severity, *reached))


def _reached(rule: Rule, escalation: Escalation, episode: Episode) -> bool:
    if escalation.after is not None:
        return episode.since_fired >= escalation.after
    own = episode.last.part or rule
    farther = own.model_copy(update={own.direction: escalation.beyond})
    return judge(farther, replace(episode.last, verdict=None, part=None)) is Verdict.BREACH


def _gone(episode: Episode, seen: dt.date) -> list[Episode]:
    """The episode of a subject that was last seen on a day, ended; nothing if it never fired."""
    if episode.fired_day is None:
        return []
    return [replace(episode, resolved_day=seen + dt.timedelta(days=GONE_AFTER_DAYS), reason=GONE)]
