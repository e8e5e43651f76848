"""Alerts for reading: grouped by rule, legible in 80 columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import rich.text
from rich.padding import Padding
from rich.table import Table

from jobs.cli.console import OUTPUT, cell

if TYPE_CHECKING:
    from obs_dagster.alerts import Alert
    from obs_dagster.verdict.inputs import AlertLine

    Listed = Alert | AlertLine

SEVERITIES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def print_alerts(alerts: Sequence[Listed]) -> None:
    """Print alerts under a heading for each rule, the gravest first; the remedy stands below the heading."""
    from obs_dagster.verdict.verdict import urgency
    from obs_dagster.verdict.wording import OFF_THE_SCALE, ceiling, noun, off_the_scale

    ordered = sorted(alerts, key=urgency)
    places = {rule: place for place, rule in reversed(list(enumerate(map(_rule, ordered))))}
    ordered.sort(key=lambda alert: places[_rule(alert)])
    rows = {alert.id: _row(alert) for alert in ordered}
    widths = [max(len(row[column]) for row in rows.values()) for column in range(len(_WIDEST))]
    for _, group in groupby(ordered, key=_rule):
        of_rule = list(group)
        OUTPUT.print()
        OUTPUT.print(_heading(of_rule[0]))
        if of_rule[0].summary:
            OUTPUT.print(Padding(cell(of_rule[0].summary, "dim"), (0, 0, 0, 2)))
        grid = Table.grid(padding=(0, 2, 0, 0))
        for width, most in zip(widths, _WIDEST, strict=True):
            # columns are aligned between the rules, unless the terminal has no room for that
            aligned = min(width, most) if OUTPUT.width >= _ROOM else None
            grid.add_column(min_width=aligned, overflow="fold")
        for alert in of_rule:
            grid.add_row(*(cell(text) for text in rows[alert.id]))
        OUTPUT.print(Padding(grid, (0, 0, 0, 2)))
        for alert in of_rule:
            if told := handled(alert):
                OUTPUT.print(Padding(cell(f"{alert.id}  {told}", "cyan"), (0, 0, 0, 2)))
    for metric in sorted({alert.metric for alert in alerts if off_the_scale(alert.metric, alert.value)}):
        told = f"{noun(metric)} above {ceiling(metric):g}: {OFF_THE_SCALE}; it hardly grows any further."
        OUTPUT.print(f"\n{told}", style="dim")


def handled(alert: Listed) -> str:
    """What people do about an alert, in words; empty if nothing is known."""
    return alert.handled if isinstance(alert.handled, str) else alert.handled(dt.datetime.now(dt.UTC))


_WIDEST = (10, 20, 22, 18)
"""Characters that id, subject, value and duration have at least if they need them; together they fit 80."""

_ROOM = 80


def _rule(alert: Listed) -> tuple[str, str, str, int, str, float]:
    return (alert.rule, alert.severity, alert.metric, alert.window, alert.direction, alert.threshold)


def _heading(alert: Listed) -> rich.text.Text:
    from obs_dagster.monitor.champion import of_version
    from obs_dagster.verdict.wording import limit, noun

    days = "each day" if alert.window == 1 else f"over {alert.window} days"
    told = f"{noun(alert.metric)} {days} {alert.direction} {limit(alert.metric, alert.threshold)}"
    if alert.metric != of_version(alert.metric) and not alert.threshold:
        known = "better" if alert.direction == "above" else "worse"
        told = f"{noun(of_version(alert.metric))} {known} than the champion's"
    if _about_days(alert):
        told = alert.note
    return rich.text.Text.assemble(
        cell(alert.rule, "bold"), " ", (alert.severity, SEVERITIES[alert.severity]), "  ", cell(told)
    )


def _about_days(alert: Listed) -> bool:
    from obs_dagster.alerts.rules import unevaluated

    return alert.rule == unevaluated.NAME


def _row(alert: Listed) -> tuple[str, str, str, str]:
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.verdict.wording import measured, night_count

    subject = ["all versions" if alert.version == WHOLE else f"version {alert.version}"]
    subject += [part for part in (alert.column, alert.segment) if part not in ("", WHOLE)]
    lasting = night_count(alert.nights)
    return (
        alert.id,
        ", ".join(subject),
        f"since {alert.since}"
        if _about_days(alert)
        else measured(alert.metric, alert.value, alert.low, alert.high, threshold=alert.threshold),
        lasting if alert.state == "firing" else f"{alert.state}, {lasting}",
    )
