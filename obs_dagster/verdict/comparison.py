"""Whether the versions' numbers can be held against each other as they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.evidence import Evidence
from obs_dagster.verdict.headline import needs_labels
from obs_dagster.verdict.verdict import Verdict
from obs_dagster.verdict.wording import days_to, listing, noun, period

Period = tuple[dt.date, int]
"""The last day, and the number of days."""


def different_days(verdicts: Sequence[Verdict]) -> str:
    """Says if the first performance number of the versions is of different days, and gives it of the same.

    Returns:
        One or two sentences; empty if there is nothing to compare, or all is of the same days.
    """
    first = {verdict.version: found[0] for verdict in verdicts if (found := _performance(verdict))}
    metrics = {item.metric for item in first.values()}
    if len(metrics) != 1 or len({_period(item) for item in first.values()}) == 1:
        return ""
    (metric,) = metrics
    days = [f"version {version} ({days_to(item.window, item.day)})" for version, item in first.items()]
    told = f"Not of the same days: {noun(metric)} of {listing(days)}."
    by_period = {
        verdict.version: {_period(item): item for item in _performance(verdict) if item.metric == metric}
        for verdict in verdicts
        if verdict.version in first
    }
    shared = set.intersection(*(set(items) for items in by_period.values()))
    if not shared:
        return told
    day, window = max(shared)
    values = [f"version {version} {items[day, window].value_text}" for version, items in by_period.items()]
    return f"{told} For comparison, {period(window, day)}: {', '.join(values)}."


def _performance(verdict: Verdict) -> list[Evidence]:
    """What the verdict rests on of the version as a whole and its labels."""
    return [item for item in verdict.evidence if needs_labels(item.metric) and item.segment == WHOLE]


def _period(item: Evidence) -> Period:
    return (item.day, item.window)
