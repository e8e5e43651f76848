"""One alert for people: what, since when, how bad, night by night, and who was told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding

from jobs.cli.alert_table import SEVERITIES, handled
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.example_traces import named_lines

if TYPE_CHECKING:
    from obs_dagster.alerts import Alert
    from obs_dagster.alerts.outbox.sent import Sent
    from obs_dagster.alerts.rules.lately import JudgedNight
    from obs_dagster.monitor import Rule

_STATES = {"firing": "bold red", "pending": "yellow", "resolved": "green"}
_VERDICTS = {"breach": "red", "unsure": "yellow", "ok": "green", "unknown": "magenta"}
_NEWS = {
    "firing": "that it fires",
    "acknowledged": "that it is looked after",
    "explained": "what may be behind it",
}
_BARS = "▁▂▃▄▅▆▇█"


def print_alert(
    alert: Alert,
    *,
    moved: str,
    rule: Rule | None,
    nights: Sequence[JudgedNight],
    sent: Sequence[Sent],
    trace: str = "",
    examples: Sequence[str] = (),
) -> None:
    """Print an alert.

    Args:
        alert: the alert.
        moved: what is told of the values of its column; empty if nothing.
        rule: its rule; None if the monitor has it no more, or cannot be read.
        nights: its last nights.
        sent: what people were told of it.
        trace: the trace of the night of its last day; empty if there is none.
        examples: requests that show what it is about, a line each.
    """
    from obs_dagster.alerts.rules import unevaluated

    head = cell(f"{alert.model}: {alert.rule} ", "bold")
    head.append(alert.severity, SEVERITIES[alert.severity]).append(", ").append(
        alert.state.upper(), _STATES[alert.state]
    )
    OUTPUT.print(head)
    rows = table("", "", show_header=False)
    rows.columns[0].no_wrap = True
    told = _days(alert) if alert.rule == unevaluated.NAME else _value(alert, rule, moved)
    for name, text in (
        *told,
        *_around(alert),
        ("trace", _trace(trace, alert.model)),
        *named_lines(examples),
    ):
        if text:
            rows.add_row(cell(name, "dim"), cell(text))
    OUTPUT.print(Padding(rows, (0, 0, 0, 2)))
    if nights:
        _print_nights(alert, nights)
    _print_sent(sent)


def _value(alert: Alert, rule: Rule | None, moved: str) -> Iterator[tuple[str, str]]:
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.verdict.wording import limit, measured, noun, period

    yield "about", f"{alert.subject.told(alert.metric)}{', all rows' if alert.segment == WHOLE else ''}"
    value = measured(alert.metric, alert.value, alert.low, alert.high, threshold=alert.threshold)
    days = period(alert.window, alert.last_day)
    yield "value", f"{noun(alert.metric)} {value} {days} {alert.last_day.year}, {alert.n:,} rows"
    yield "moved", moved
    if rule is not None:
        yield "rule", rule.condition
    else:
        held = f"{noun(alert.metric)} {alert.direction} {limit(alert.metric, alert.threshold)}"
        yield "rule", f"{held}; the monitor does not have it any more"


def _days(alert: Alert) -> Iterator[tuple[str, str]]:
    one = alert.since == alert.last_day
    yield "about", f"{alert.last_day} was not evaluated" if one else f"{alert.nights} days were not evaluated"
    yield ("why" if one else f"why {alert.last_day}"), alert.note
    yield "rows", f"{alert.n:,}"


def _around(alert: Alert) -> Iterator[tuple[str, str]]:
    from obs_dagster.alerts.rules import unevaluated
    from obs_dagster.settings import Settings
    from obs_dagster.verdict.wording import night_count

    since = f"{alert.since}, {night_count(alert.nights)} in breach"
    if alert.fired_day is not None:
        since += f"; fires since {alert.fired_day}"
    yield "since", since
    yield "over", str(alert.resolved_day or "")
    yield "people", handled(alert)
    if alert.rule != unevaluated.NAME:
        yield "note", alert.note
    yield "what to do", alert.summary
    yield "runbook", alert.runbook
    yield "owner", alert.owner
    yield "incident", f"obs incidents show {alert.incident_id}" if alert.incident_id else ""
    yield "labels", ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
    yield "seen", _moment(alert.acknowledged_at) if alert.acknowledged_at else ""
    yield "silent until", _moment(alert.silenced_until) if alert.silenced_until else ""
    page = f"obs report {alert.model} --day {alert.last_day}"
    yield "look", Settings().links.report(alert.model, alert.last_day) or page


def _trace(trace: str, model: str) -> str:
    from obs_dagster.mlflow_reach.experiment import links_to_traces
    from obs_dagster.settings import Settings

    return links_to_traces(Settings()).night_trace(trace, model) or trace


def _print_nights(alert: Alert, nights: Sequence[JudgedNight]) -> None:
    from obs_dagster.verdict.wording import measured

    highest = max((abs(each.night.value) for each in nights if each.night.value is not None), default=0.0)
    rows = table("day", "value", "", "rows", "")
    rows.columns[3].justify = "right"
    for each in nights:
        night = each.night
        rows.add_row(
            str(night.day),
            cell(measured(alert.metric, night.value, night.low, night.high, threshold=alert.threshold)),
            _bar(night.value, highest),
            f"{night.n:,}",
            cell(_said_of(each), _VERDICTS[each.verdict.value]),
        )
    OUTPUT.print()
    OUTPUT.print(Padding(rows, (0, 0, 0, 2)))


def _said_of(each: JudgedNight) -> str:
    if each.night.value is None:
        return each.night.reason
    # the interval alone would clear the threshold
    of_many = each.verdict == "unsure" and each.night.among > 1
    return f"unsure, as one of {each.night.among}" if of_many else each.verdict.value


def _bar(value: float | None, highest: float) -> str:
    if value is None or not highest:
        return ""
    return _BARS[min(int(abs(value) / highest * len(_BARS)), len(_BARS) - 1)]


def _print_sent(sent: Sequence[Sent]) -> None:
    OUTPUT.print()
    if not sent:
        OUTPUT.print("  Nobody was told of it.", highlight=False)
    for each in sent:
        OUTPUT.print(Padding(cell(_said(each)), (0, 0, 0, 2)))


def _said(sent: Sent) -> str:
    news = _NEWS.get(sent.event, "that it is over")
    if not sent.label:
        sender = "`obs dev`, or your Dagster daemon, sends it"
        return f"{_moment(sent.created_at)}: a notification waits {news}; {sender}"
    if sent.delivered_at is not None:
        return f"{_moment(sent.delivered_at)}: told {news}, through {sent.label}"
    again = f", again {_moment(sent.next_attempt_at)}" if sent.next_attempt_at else ""
    tries = "1 attempt" if sent.attempts == 1 else f"{sent.attempts} attempts"
    failed = f"{sent.label} failed, {tries}{again}: {sent.last_error or 'not confirmed'}"
    return f"{_moment(sent.created_at)}: NOT DELIVERED {news}: {failed}"


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
