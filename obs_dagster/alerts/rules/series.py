"""The metric records that rules watch, read at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from obs_dagster.alerts.rules.fold import Observation, Reference
from obs_dagster.alerts.rules.subject import Subject, watches
from obs_dagster.history.tables import METRICS
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE

Series = Mapping[Subject, Sequence[Observation]]
"""Per subject, its nights by day."""


def read_series(
    connection: Connection, model: str, rules: Sequence[Rule], first: dt.date, last: dt.date
) -> dict[str, Series]:
    """Per rule, what it watches between two days, both included; one query for all rules."""
    columns = METRICS.c
    query = (
        select(
            columns.metric,
            columns.window,
            columns.version,
            columns.segment,
            columns.column,
            columns.day,
            columns.value,
            columns.low,
            columns.high,
            columns.n,
            columns.reason,
        )
        .where(columns.model == model, columns.day.between(first, last), or_(false(), *map(_watched, rules)))
        .order_by(columns.day)
    )
    found: dict[tuple[str, int], dict[Subject, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    for metric, window, version, segment, column, *night in connection.execute(query):
        found[metric, window][Subject(version, segment, column)].append(Observation(*night))
    return {
        rule.name: {
            subject: _beside(nights, found[rule.metric, BASELINE].get(subject, ()), rule)
            for subject, nights in found[rule.metric, rule.window].items()
            if watches(rule, subject)
        }
        for rule in rules
    }


def _beside(
    nights: Sequence[Observation], baseline: Sequence[Observation], rule: Rule
) -> Sequence[Observation]:
    """Nights with what the metric is on the baseline of each, where the rule asks for it."""
    if not rule.threshold.of_baseline:
        return nights
    known = {
        night.day: Reference(night.value, night.low, night.high, night.n)
        for night in baseline
        if night.value is not None
    }
    return [replace(night, baseline=known.get(night.day)) for night in nights]


def _watched(rule: Rule) -> ColumnElement[bool]:
    """At least what a rule watches; `watches` decides exactly."""
    columns = METRICS.c
    windows = (rule.window, BASELINE) if rule.threshold.of_baseline else (rule.window,)
    terms = [columns.metric == rule.metric, columns.window.in_(windows)]
    if rule.versions is not None:
        terms.append(columns.version.in_(rule.versions))
    if rule.columns is not None:
        terms.append(columns.column.in_(rule.columns))
    return and_(*terms, or_(*(_cells(segment) for segment in rule.segments)))


def _cells(segment: str) -> ColumnElement[bool]:
    if segment == WHOLE or "=" in segment:
        return METRICS.c.segment == segment
    return METRICS.c.segment.startswith(f"{segment.partition(',')[0]}=", autoescape=True)
