"""What fires and ends again and again is one alert, which ends once it has been quiet for long enough.

An episode that fires for the third time within two weeks flaps. It takes all that follows into itself, and
ends on the seventh judged night in a row without a breach, the one that would have ended it included. So
people are told of the first two times and their ends, of the third, and then of nothing until it is quiet,
however often it fires. Like the fold this follows from the records alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.fold import GONE, GONE_AFTER_DAYS, Episode, State, fold
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.monitor import Rule
from obs_dagster.monitor.escalation import gravest

TIMES = 3
"""Firings that make an alert flap."""

WITHIN_DAYS = 14
"""Days within which these have to lie."""

QUIET_NIGHTS = 7
"""Judged nights in a row without a breach after which an alert that flaps is over."""


def episodes_of(rule: Rule, series: Sequence[Observation], until: dt.date) -> list[Episode]:
    """The episodes of one subject as of a night, those that flap as one; for the arguments of `fold`."""
    return damped(rule, fold(rule, series, until), series, until)


def damped(
    rule: Rule, episodes: Iterable[Episode], series: Sequence[Observation], until: dt.date
) -> list[Episode]:
    """The episodes, those that flap as one.

    Args:
        rule: the rule.
        episodes: what `fold` makes of the series.
        series: the subject's nights, ascending by day.
        until: the night as of which the state is asked for.
    """
    found: list[Episode] = []
    fired: list[dt.date] = []
    flapping: Episode | None = None
    for episode in episodes:
        if flapping is not None:
            quiet = _settled(rule, flapping, series, episode.since - dt.timedelta(days=1))
            if quiet.state is not State.RESOLVED:
                flapping = _merged(rule, flapping, episode)
                continue
            found.append(quiet)
            flapping, fired = None, []
        if episode.fired_day is not None:
            recent = [day for day in fired if (episode.since - day).days < WITHIN_DAYS]
            fired = [*recent, episode.fired_day]
        if len(fired) >= TIMES and episode.fired_day is not None:
            flapping = replace(episode, flaps=len(fired))
        else:
            found.append(episode)
    return found if flapping is None else [*found, _settled(rule, flapping, series, until)]


def told(episode: Episode) -> str:
    """That an episode flaps, in words; empty if it does not."""
    if not episode.flaps:
        return ""
    return f"It comes and goes: it fired {episode.flaps} times; it ends after {QUIET_NIGHTS} good nights."


def _settled(rule: Rule, flapping: Episode, series: Sequence[Observation], until: dt.date) -> Episode:
    """An episode that flaps as of a night: it lasts until it was quiet for long enough."""
    if flapping.resolved_day is None or flapping.reason:
        return flapping
    quiet, last = 0, flapping.last
    for night in series:
        if not flapping.resolved_day <= night.day <= until:
            continue
        verdict = judge(rule, night)
        if verdict is Verdict.UNKNOWN:
            continue
        quiet = 0 if verdict is Verdict.BREACH else quiet + 1
        last = night
        if quiet == QUIET_NIGHTS:
            reason = f"It fired {flapping.flaps} times, and was quiet for {QUIET_NIGHTS} nights."
            return replace(flapping, last=last, resolved_day=night.day, reason=reason)
    seen = max((night.day for night in series if not night.absent and night.day <= until), default=until)
    if (until - seen).days >= GONE_AFTER_DAYS:
        gone = seen + dt.timedelta(days=GONE_AFTER_DAYS)
        return replace(flapping, last=last, resolved_day=gone, reason=GONE)
    return replace(flapping, last=last, resolved_day=None)


def _merged(rule: Rule, flapping: Episode, later: Episode) -> Episode:
    """An episode that flaps with a later one in it."""
    graver = {episode.severity or rule.severity for episode in (flapping, later)}
    return replace(
        flapping,
        nights=flapping.nights + later.nights,
        last=later.last,
        resolved_day=later.resolved_day,
        reason=later.reason,
        flaps=flapping.flaps + (later.fired_day is not None),
        severity=None if graver == {rule.severity} else gravest(*graver),
    )
