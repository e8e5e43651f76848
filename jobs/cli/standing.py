"""How a model stands after a night: a line per version, and what fires and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import rich.text
from rich.padding import Padding

from jobs.cli.alert_table import print_alerts
from jobs.cli.console import OUTPUT, cell

if TYPE_CHECKING:
    from rich.console import Console

    from obs_dagster.changes.change import Change
    from obs_dagster.history import NightRecord
    from obs_dagster.reports.health import HealthInput

_NAMED_DAYS = 5
"""Days that are told of one by one; the last line has all."""

_NAMED_COLUMNS = 5
"""Columns that are told of one by one; the health page has all."""

_STYLES = {"sound": "bold green", "moved": "bold yellow", "failing": "bold red", "unknown": "bold magenta"}


def print_standing(page: HealthInput) -> bool:
    """Print the verdict of every version, and the alerts that fire.

    Returns:
        Whether something is firing.
    """
    from obs_dagster.reports.health.firing import about_day
    from obs_dagster.verdict.comparison import different_days

    judged = page.verdicts
    night = next((line for line in page.nights if line.day == page.day), None)
    refused = night is not None and not night.evaluated
    for verdict in judged:
        line = rich.text.Text.assemble(
            "Version ", cell(verdict.version), " ", (verdict.status, _STYLES[verdict.status]), ": "
        )
        if refused and verdict.status == "unknown":
            # why is said last, of the day
            OUTPUT.print(line.append("nothing is known of the day"))
            continue
        OUTPUT.print(line.append_text(cell(verdict.reasons[0])))
        for reason in verdict.reasons[1:]:
            OUTPUT.print(Padding(cell(reason), (0, 0, 0, 2)))
        print_moved(verdict.moved)
        if verdict.rest:
            OUTPUT.print(Padding(cell(f"{verdict.rest}, see below"), (0, 0, 0, 2)))
    if note := different_days(judged):
        OUTPUT.print(cell(note, "italic"))
    firing = [alert for alert in page.alerts if alert.state == "firing"]
    shown = [alert for alert in firing if alert is not about_day(page.alerts, page.day)]
    if not firing and not refused:
        OUTPUT.print(f"Nothing is firing after {page.day}.", highlight=False)
    if shown:
        OUTPUT.print(f"\n{len(shown)} firing after {page.day}:", highlight=False)
        print_alerts(shown)
    return bool(firing)


STANDING = ("model", "version", "day", "verdict", "why", "moved", "firing")
"""The fields of what is told of a version as data."""


def standing_records(page: HealthInput) -> list[dict[str, Any]]:
    """How every version stands, as data."""
    from obs_dagster.changes.words import between, told

    firing = Counter(alert.version for alert in page.alerts if alert.state == "firing")
    return [
        {
            "model": page.monitor.model,
            "version": verdict.version,
            "day": page.day,
            "verdict": verdict.status,
            "why": verdict.sentence,
            "moved": "; ".join(
                f"{change.column}: {told(change)} ({between(change)})" for change in verdict.moved
            ),
            "firing": firing[verdict.version],
        }
        for verdict in page.verdicts
    ]


def print_moved(moved: Sequence[Change]) -> None:
    """Print which columns moved, before and after, and what explains it; days of both sides stand above."""
    from obs_dagster.changes.words import between, told

    shown = moved if len(moved) == _NAMED_COLUMNS + 1 else moved[:_NAMED_COLUMNS]
    together: dict[str, list[Change]] = {}
    for change in shown:
        together.setdefault(between(change), []).append(change)
    for days, columns in together.items():
        OUTPUT.print(Padding(cell(f"What moved, {days}:"), (0, 0, 0, 2)))
        for change in columns:
            line = rich.text.Text.assemble(cell(change.subject, "bold"), ": ", cell(told(change)))
            OUTPUT.print(Padding(line, (0, 0, 0, 4)))
    if len(moved) > len(shown):
        OUTPUT.print(Padding(cell(f"{len(moved) - len(shown)} more columns moved", "dim"), (0, 0, 0, 2)))


def print_refused(
    refused: Sequence[NightRecord], *, quiet: Sequence[dt.date], days: int, console: Console = OUTPUT
) -> None:
    """Print which days were not evaluated and why; the last line has them all.

    Args:
        refused: the days that should have been.
        quiet: days without rows on which none are expected.
        days: how many days ran.
        console: where to; standard output may be for data.
    """
    from obs_dagster.quality.refusal import cause, fact

    for day in quiet[:_NAMED_DAYS]:
        console.print(f"{day} has no rows, and none are expected on it.", highlight=False)
    for night in refused[-_NAMED_DAYS:]:
        line = rich.text.Text.assemble(
            "\n", str(night.day), " was ", ("NOT EVALUATED", _STYLES["failing"]), ": "
        )
        console.print(line.append_text(cell(fact(night.reason))))
        if why := cause(night.reason):
            console.print(Padding(cell(why), (0, 0, 0, 2)))
    if len(refused) > 1:
        line = rich.text.Text(f"\n{len(refused)} of {days} days were NOT EVALUATED: ")
        console.print(line.append_text(cell("; ".join(_spans(refused)))))


def _spans(refused: Sequence[NightRecord]) -> Iterator[str]:
    """The days that were refused for the same rule and column, those in a row together, with these."""
    from obs_dagster.quality.refusal import broken
    from obs_dagster.verdict.wording import day_spans

    found: dict[str, list[dt.date]] = {}
    for night in refused:
        found.setdefault(broken(night.reason), []).append(night.day)
    return (f"{', '.join(day_spans(days))} ({why})" for why, days in found.items())
