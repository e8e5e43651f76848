"""What is firing, grouped as a reader takes it in: one block per rule and version, its subjects inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from obs_dagster.alerts.rules import unevaluated
from obs_dagster.monitor.escalation import Severity
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.evidence import Evidence, evidence_of
from obs_dagster.verdict.inputs import AlertLine
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.verdict import urgency
from obs_dagster.verdict.wording import day_month, limit, night_count, noun, period

SUBJECTS = 6
"""Subjects of one rule that are listed with their numbers; the rest are named."""

NOBODY = "nobody is named (owner in the monitor)"


@dataclass(frozen=True, slots=True)
class Subject:
    """One alert of a block; `remark` says how far the value is, where it does not say so itself.

    `handled` is what people do about it.
    """

    name: str
    value: str
    remark: str
    n: int
    lasting: str
    handled: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The alerts of one rule on one version.

    Attributes:
        condition: what the rule asks for, in words.
        caveat: why the values may still change; empty if they will not.
        others: names of the subjects that are not listed.
    """

    rule: str
    severity: Severity
    who: str
    version: str
    summary: str
    condition: str
    caveat: str
    subjects: Sequence[Subject]
    others: Sequence[str]


def firing_blocks(
    monitor: Monitor, index: RecordIndex, alerts: Sequence[AlertLine], day: dt.date
) -> list[Block]:
    """The firing alerts, the gravest first; that `day` was not evaluated stands at the top of the page."""
    firing = sorted(
        (alert for alert in alerts if alert.state == "firing" and alert is not about_day(alerts, day)),
        key=_together,
    )
    groups = [list(group) for _, group in groupby(firing, key=_together)]
    groups.sort(key=lambda group: min(urgency(alert) for alert in group))
    return [
        _block(
            monitor, [(alert, evidence_of(alert, monitor, index, day)) for alert in sorted(group, key=_worst)]
        )
        for group in groups
    ]


def about_day(alerts: Sequence[AlertLine], day: dt.date) -> AlertLine | None:
    """The firing alert that a day was not evaluated; None if there is none."""
    found = (alert for alert in alerts if alert.rule == unevaluated.NAME and alert.state == "firing")
    return next((alert for alert in found if alert.day == day), None)


def pending_count(alerts: Sequence[AlertLine]) -> int:
    """How many alerts are in breach, but not long enough to fire."""
    return sum(alert.state == "pending" for alert in alerts)


def closed_lines(alerts: Sequence[AlertLine]) -> list[str]:
    """The alerts that were resolved by hand and are still in breach, in words."""
    closed = sorted((alert for alert in alerts if alert.state == "resolved"), key=urgency)
    return [f"{alert.rule}, version {alert.version}, {_name(alert)}: {alert.handled}" for alert in closed]


def _together(alert: AlertLine) -> tuple[str, str, str, int]:
    return (alert.rule, alert.version, alert.metric, alert.window)


def _worst(alert: AlertLine) -> float:
    """Sort key: how far beyond the threshold, the farthest first."""
    if alert.value is None:
        return 0.0
    return -abs(alert.value - alert.threshold)


def _block(monitor: Monitor, alerts: Sequence[tuple[AlertLine, Evidence]]) -> Block:
    first, evidence = alerts[0]
    if first.rule == unevaluated.NAME:
        return _days(monitor, first)
    version = "all versions" if first.version == WHOLE else f"version {first.version}"
    return Block(
        rule=first.rule,
        severity=first.severity,
        who=first.owner or monitor.owner or NOBODY,
        version=version,
        summary=first.summary,
        condition=f"{noun(first.metric)} {period(first.window, evidence.day)} "
        f"{first.direction} {limit(first.metric, first.threshold)}",
        caveat=evidence.caveat,
        subjects=[_subject(alert, item) for alert, item in alerts[:SUBJECTS]],
        others=[_name(alert) for alert, _ in alerts[SUBJECTS:]],
    )


def _days(monitor: Monitor, alert: AlertLine) -> Block:
    """The block of days that were not evaluated."""
    last = alert.day or alert.since
    name = day_month(last) if last == alert.since else f"{day_month(alert.since)} to {day_month(last)}"
    return Block(
        rule=alert.rule,
        severity=alert.severity,
        who=alert.owner or monitor.owner or NOBODY,
        version="all versions",
        summary=alert.summary,
        condition=f"{night_count(alert.nights)} NOT EVALUATED",
        caveat="",
        subjects=[Subject(name, alert.note, "", alert.n, f"since {day_month(alert.since)}", alert.handled)],
        others=(),
    )


def _subject(alert: AlertLine, evidence: Evidence) -> Subject:
    fired = f", fired {day_month(alert.fired_day)}" if alert.fired_day else ""
    return Subject(
        name=_name(alert),
        value=evidence.value_text,
        remark=evidence.remark,
        n=alert.n,
        lasting=f"{night_count(alert.nights)} since {day_month(alert.since)}{fired}",
        handled=alert.handled,
    )


def _name(alert: AlertLine) -> str:
    parts = [alert.column, "" if alert.segment == WHOLE else alert.segment]
    return " at ".join(part for part in parts if part) or "all rows"
