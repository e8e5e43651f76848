"""How many days of a baseline that moves along were in breach of a rule themselves."""

from __future__ import annotations

import datetime as dt

from obs_dagster.alerts.rules.breaches import COMPARED, rules_of
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Verdict
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.champion import good_news
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.judged import watched
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import listing

_NAMED = 3
"""Rules that are named; the rest is counted."""


def days_in_breach(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> str:
    """Says how many days before a night were in breach, and whether it is compared with them.

    Returns:
        A part of a sentence; empty if there were none, or if the baseline is not one of days before.
    """
    baseline = baseline_of(monitor)
    window = baseline.nights(day)
    if not window:
        return ""
    days, names = set[dt.date](), list[str]()
    for rule in _rules(monitor):
        found = {
            night.day
            for subject, nights in watched(rule, index, version, since=min(window))
            for night in nights
            if subject.version == version
            and subject.segment == WHOLE
            and judge(rule, night) is Verdict.BREACH
        }.intersection(window)
        if found:
            days |= found
            names.append(rule.name)
    if not days:
        return ""
    more = len(names) - _NAMED
    told = listing([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])
    were = f"{'was' if len(days) == 1 else 'were'} in breach of {told}"
    count = f"{len(days)} of the {len(window)} days before"
    if baseline.leaves_out:
        return f"{count} {were}, and left out of the baseline of what was"
    return f"{count}, which it is compared with, {were}"


def _rules(monitor: Monitor) -> list[Rule]:
    """The rules that say of a day that something was wrong with what later days are compared with."""
    if baseline_of(monitor).leaves_out:
        return [rule for family in COMPARED for rule in rules_of(monitor, family)]
    return [
        rule
        for rule in monitor.alerts
        if not all(good_news(part.metric, part.direction) for part in rule.parts)
    ]
