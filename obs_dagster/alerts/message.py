"""What people read when an alert begins to fire or ends, and what machines get with it.

Versions, segments and columns come out of logs and may hold anything: control characters that would forge
lines or headers are taken out, and what chats read as a mention, a link or markup is written so that they
don't.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.alert import Event as Change
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.figures import given, told_apart
from obs_dagster.monitor import Severity
from obs_dagster.monitor.champion import of_version
from obs_dagster.monitor.escalation import gravest
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.telemetry.traces import kept_trace

Event = Literal["firing", "acknowledged", "updated", "resolved"]
"""What happens to what a thread is about."""

TRACE_ID = "trace_id"
"""The detail that names the trace of the night which a notification is of; only where there are traces."""

_DEFUSED = {"<": "(", ">": ")", "[": "(", "]": ")", "`": "'", "@": "(at)", "://": ":/ /"}
_NAME_LENGTH = 120
_REASON_LENGTH = 600
_TITLE_REASON = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One notification, ready for any channel.

    Attributes:
        key: the same for every attempt and channel; receivers that see it again may drop it.
        event: what happens.
        severity: how bad it is.
        title: one line.
        body: plain text, several lines.
        details: what it is about, for receivers that are programs; names as they are in the store.
        thread: what notifications that belong together have in common, stays for life: the key of one chat
            thread, one issue, one page. Left out: the notification's own key.
        facts: what the body says, by name, for receivers that lay it out themselves.
        labels: what its owner has put on it, for routes and for receivers that have labels.
        links: addresses by what is seen there.
        ends: whether its end will be told too, in the same thread.
    """

    key: str
    event: Event
    severity: Severity
    title: str
    body: str
    details: Mapping[str, str]
    thread: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    ends: bool = True

    def __post_init__(self) -> None:
        if not self.thread:
            object.__setattr__(self, "thread", self.key)


def compose(
    alert: Alert,
    event: Change,
    moved: str = "",
    beside: Sequence[Alert] = (),
    *,
    why: str = "",
    number: int | None = None,
) -> Message:
    """The message about an alert that has just begun to fire, was acknowledged, or has just ended.

    That another suspect has come to the front of its incident is told in its name, too.

    Args:
        alert: the alert.
        event: which of these.
        moved: what is told of the values of its column; empty if nothing.
        beside: the other alerts of its incident that people think fire. As long as there are any, the thread
            does not end with the alert, and it is as grave as the gravest.
        why: what may be behind it, ready to be read; empty if nobody has looked.
        number: tells messages of one kind apart; left out: how often people were told that it fires.
    """
    key = f"{alert.id}:{event}:{alert.firings if number is None else number}"
    head, facts = _told(alert, event, moved, why)
    return Message(
        key=key,
        event=_event(event, beside),
        severity=gravest(alert.severity, *(other.severity for other in beside)),
        title=_title(alert, event, moved, why, beside),
        body=laid_out(head, {**facts, "key": key}),
        thread=alert.incident_id or alert.id,
        facts=facts,
        labels=alert.labels,
        details={
            "alert_id": alert.id,
            **({"incident_id": alert.incident_id} if alert.incident_id else {}),
            "event": event,
            "severity": alert.severity,
            "model": alert.model,
            "rule": alert.rule,
            "metric": alert.metric,
            "model_version": alert.version,
            "segment": alert.segment,
            "column": alert.column,
            "owner": alert.owner,
            "since": alert.since.isoformat(),
            "day": alert.last_day.isoformat(),
            **({"moved": moved} if moved else {}),
            **traced_by(alert.run_id),
            **({"why": why} if why else {}),
        },
    )


def _event(event: Change, beside: Sequence[Alert]) -> Event:
    """What it is for the thread: that others fire is no end, and that more is known is news of it."""
    return "updated" if event == "explained" or (event == "resolved" and beside) else event


def traced_by(run_id: str) -> dict[str, str]:
    """The details that lead to a run's trace; none where there is none."""
    found = kept_trace(run_id)
    return {TRACE_ID: found} if found else {}


def one_line(text: str) -> str:
    r"""The text without control and formatting characters, its white space collapsed.

    >>> one_line("a\r\nBcc: b\u202e\x1b[31m")
    'a Bcc: b [31m'
    """
    kept = (" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join("".join(kept).split())


def laid_out(head: str, facts: Mapping[str, str]) -> str:
    """Facts below a heading, a line each; those without words are left out."""
    shown = _said(facts)
    width = max(map(len, shown))
    return "\n".join([head, "", *(f"{name:{width}}  {text}" for name, text in shown.items())])


def harmless(name: str, length: int = _NAME_LENGTH) -> str:
    """A name out of data for people to read: one line, not too long, nothing that a chat would act on.

    >>> harmless("<!channel> @all https://x.example")
    '(!channel) (at)all https:/ /x.example'
    """
    text = one_line(name)
    for risky, plain in _DEFUSED.items():
        text = text.replace(risky, plain)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _title(alert: Alert, event: Change, moved: str, why: str, beside: Sequence[Alert]) -> str:
    if event == "explained":
        return (
            f"[{alert.severity}] {alert.model}: likely why {alert.rule} fires: {harmless(why, _TITLE_REASON)}"
        )
    if event == "acknowledged":
        # of a whole incident it is said once
        others = sum(other.acknowledged_at == alert.acknowledged_at for other in beside)
        more = f" and {others} more" if others else ""
        return (
            f"[acknowledged] {alert.model}: {harmless(alert.acknowledged_by)} looks after {alert.rule}{more}"
        )
    if alert.rule == unevaluated.NAME:
        return _title_of_days(alert, event)
    subject = Subject(*map(harmless, alert.subject)).told(alert.metric)
    if event == "resolved":
        return f"[resolved] {alert.model}: {alert.rule} no longer fires for {subject}"
    if moved and alert.metric != of_version(alert.metric):
        # a difference from the champion says less than what it means
        about = f"[{alert.severity}] {alert.model}: {alert.rule} fires for {subject}"
        return f"{about}: {harmless(moved, length=_TITLE_REASON)}"
    values = f"; {harmless(moved, length=_TITLE_REASON)}" if moved else ""
    return (
        f"[{alert.severity}] {alert.model}: {alert.rule} fires for {subject}: "
        f"{alert.metric} {_number(alert, alert.value)} is {alert.direction} {given(alert.threshold)}{values}"
    )


def _title_of_days(alert: Alert, event: Change) -> str:
    """About days that were not evaluated."""
    if event == "firing":
        why = harmless(alert.note, length=_TITLE_REASON)
        # what is known is why the last one was not
        told = "" if alert.since == alert.last_day else f"; {alert.last_day}"
        return f"[{alert.severity}] {alert.model}: {_days(alert)} NOT EVALUATED{told}: {why}"
    if alert.note:
        return f"[resolved] {alert.model}: {alert.last_day} is evaluated now"
    return f"[resolved] {alert.model}: {alert.last_day} was evaluated, after {_nights(alert)}"


def _days(alert: Alert) -> str:
    if alert.since == alert.last_day:
        return f"{alert.last_day} was"
    return f"{alert.nights} days, {alert.since} to {alert.last_day}, were"


def _told(alert: Alert, event: Change, moved: str, why: str) -> tuple[str, dict[str, str]]:
    """A heading, and what there is to say by name."""
    if alert.rule == unevaluated.NAME:
        return _told_of_days(alert, event, why)
    days = "1 day" if alert.window == 1 else f"{alert.window} days"
    lines = {
        "model": alert.model,
        "version": harmless(alert.version),
        "segment": "all rows" if alert.segment == WHOLE else harmless(alert.segment),
        "column": harmless(alert.column),
        "value": f"{_value(alert)}, {alert.n:,} rows, {days} up to {alert.last_day}",
        "moved": harmless(moved, length=_REASON_LENGTH),
        "rule": f"{alert.rule}: {alert.metric} {alert.direction} {given(alert.threshold)}",
        "since": f"{alert.since}, {alert.nights} breaching night{'s' if alert.nights != 1 else ''}",
        "over": f"{alert.resolved_day}" if event == "resolved" else "",
        "acknowledged": harmless(alert.acknowledged_by) if event == "acknowledged" else "",
        # what is told already is not told twice
        "note": "" if alert.note and moved.endswith(alert.note) else one_line(alert.note),
        "likely why": why,
        "what to do": one_line(alert.summary) if event == "firing" else "",
        "runbook": one_line(alert.runbook) if event == "firing" else "",
        "owner": one_line(alert.owner),
        "look": f"obs alerts show {alert.id}",
        "incident": f"obs incidents show {alert.incident_id}" if alert.incident_id else "",
        "report": f"obs report {alert.model} --day {alert.last_day}",
    }
    return f"{event.upper()} ({alert.severity})", _said(lines)


def _told_of_days(alert: Alert, event: Change, why: str) -> tuple[str, dict[str, str]]:
    """About days that were not evaluated."""
    firing = event != "resolved"
    one_day = alert.since == alert.last_day
    again = (
        f"obs run {alert.model} --day {alert.last_day}"
        if one_day
        else f"obs backfill {alert.model} --from {alert.since} --to {alert.last_day}"
    )
    lines = {
        "model": alert.model,
        "day" if one_day or not firing else "days": f"{alert.last_day}"
        if one_day or not firing
        else f"{alert.nights}, {alert.since} to {alert.last_day}",
        "why" if one_day or not firing else f"why {alert.last_day}": harmless(
            alert.note, length=_REASON_LENGTH
        ),
        "likely why": why,
        "rows": f"{alert.n:,}{'' if one_day else f' on {alert.last_day}'}" if firing else "",
        "since": "" if firing else f"{alert.since}, {_nights(alert)} not evaluated",
        "what to do": one_line(alert.summary) if firing else "",
        "owner": one_line(alert.owner),
        "acknowledged": harmless(alert.acknowledged_by) if event == "acknowledged" else "",
        "again": again if firing else "",
        "look": f"obs alerts show {alert.id}",
        "report": f"obs report {alert.model} --day {alert.last_day}",
    }
    return f"{'NOT EVALUATED' if firing else 'RESOLVED'} ({alert.severity})", _said(lines)


def _said(lines: Mapping[str, str]) -> dict[str, str]:
    """The lines that say something."""
    return {name: text for name, text in lines.items() if text}


def _nights(alert: Alert) -> str:
    """How many nights the alert is about."""
    return f"{alert.nights} night{'s' if alert.nights != 1 else ''}"


def _value(alert: Alert) -> str:
    value = f"{alert.metric} {_number(alert, alert.value)}"
    if alert.low is None or alert.high is None:
        return value
    return f"{value} (95 % interval {_number(alert, alert.low)} to {_number(alert, alert.high)})"


def _number(alert: Alert, number: float | None) -> str:
    """A number as it is told from the alert's threshold."""
    if number is None:
        return "unknown"
    short = f"{number:.4g}"
    text = short if "e" not in short else given(float(short))
    return told_apart(number, alert.threshold, text)
