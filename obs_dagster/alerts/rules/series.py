"""The metric records that rules watch, read at once."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from obs_dagster.alerts.rules.budget import as_budgeted
from obs_dagster.alerts.rules.combined import Series, combined
from obs_dagster.alerts.rules.day_odds import DAYS, P_VALUE, asks_for_odds, with_odds
from obs_dagster.alerts.rules.family import as_family
from obs_dagster.alerts.rules.held import as_judged, asks_for_days, reach
from obs_dagster.alerts.rules.observation import Observation, Reference
from obs_dagster.alerts.rules.quality_odds import asks_for_days_of_quality, with_odds_of_quality
from obs_dagster.alerts.rules.subject import Subject, watches
from obs_dagster.history.tables import METRICS
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE

_VOLUME = "volume"
"""The metric that counts the rows of a version."""

Nights = Mapping[tuple[str, int], Mapping[Subject, Sequence[Observation]]]
"""Per metric and window, the nights of each subject by day."""


def read_series(
    connection: Connection, model: str, rules: Sequence[Rule], first: dt.date, last: dt.date
) -> dict[str, Series]:
    """Per rule, what it watches between two days, both included; one query for all rules.

    What a night is held against may follow from nights before `first`, which are read too.
    """
    earliest = first - dt.timedelta(days=max(map(reach, rules), default=0))
    found = read_nights(connection, model, rules, earliest, last)
    return {rule.name: series_of(rule, found, since=first) for rule in rules}


def read_nights(
    connection: Connection, model: str, rules: Sequence[Rule], first: dt.date, last: dt.date
) -> Nights:
    """At least what rules watch between two days, both included, and what that is on the baseline."""
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
        .where(columns.model == model, columns.day.between(first, last))
        .where(or_(false(), *_watched_by(rules)))
        .order_by(columns.day)
    )
    found: dict[tuple[str, int], dict[Subject, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    for metric, window, version, segment, column, *night in connection.execute(query):
        found[metric, window][Subject(version, segment, column)].append(Observation(*night))
    return found


def series_of(rule: Rule, nights: Nights, *, since: dt.date = dt.date.min) -> Series:
    """The nights of each subject that a rule watches, as it judges them.

    Args:
        rule: the rule.
        nights: what is known, as far back as the rule looks.
        since: the first night that is asked for; those before are only looked back at.
    """
    if rule.parts != (rule,):
        return combined(rule, [(part, series_of(part, nights, since=since)) for part in rule.parts])
    judged: Series = {
        subject: as_judged(
            rule, found, _known(_beside(rule, subject, nights)), _rows(rule, subject.version, nights)
        )
        for subject, found in nights.get((rule.metric, rule.window), {}).items()
        if watches(rule, subject)
    }
    if rule.threshold.of == "budget":
        return _from(since, as_budgeted(rule, judged))
    judged = _from(since, judged)
    if asks_for_odds(rule):
        judged = with_odds(judged, nights.get((P_VALUE, rule.window), {}), nights.get((DAYS, 1), {}))
    if asks_for_days_of_quality(rule):
        judged = with_odds_of_quality(rule, judged, nights.get((rule.metric, 1), {}))
    return as_family(rule, judged)


def _from(first: dt.date, series: Series) -> Series:
    return {subject: [night for night in nights if night.day >= first] for subject, nights in series.items()}


def _rows(rule: Rule, version: str, nights: Nights) -> Mapping[dt.date, float]:
    """The rows of a version by day, where a rule asks for them."""
    if not asks_for_days(rule):
        return {}
    daily = nights.get((_VOLUME, 1), {}).get(Subject(version, WHOLE, ""), ())
    return {night.day: night.value for night in daily if night.value is not None}


def _beside(rule: Rule, subject: Subject, nights: Nights) -> Sequence[Observation]:
    """The nights of what a subject is held against, where that is not its own past."""
    match rule.threshold.of:
        case "baseline":
            return nights.get((rule.metric, BASELINE), {}).get(subject, ())
        case "version":
            other = subject._replace(version=rule.threshold.version)
            return nights.get((rule.metric, rule.window), {}).get(other, ())
        case _:
            return ()


def _known(beside: Sequence[Observation]) -> dict[dt.date, Reference]:
    """What the metric is on each night there, as far as it is known."""
    return {night.day: reference for night in beside if (reference := Reference.of(night))}


def _watched_by(rules: Sequence[Rule]) -> Iterator[ColumnElement[bool]]:
    parts = [part for rule in rules for part in rule.parts]
    yield from map(_watched, parts)
    for part in filter(asks_for_odds, parts):
        yield _watched(part.model_copy(update={"metric": P_VALUE}))
        yield _watched(part.model_copy(update={"metric": DAYS, "window": 1}))
    for part in filter(asks_for_days_of_quality, parts):
        yield _watched(part.model_copy(update={"window": 1}))
    if any(map(asks_for_days, parts)):
        columns = METRICS.c
        yield and_(columns.metric == _VOLUME, columns.window == 1, columns.segment == WHOLE)


def _watched(rule: Rule) -> ColumnElement[bool]:
    """At least what a rule watches; `watches` decides exactly."""
    columns = METRICS.c
    windows = (rule.window, BASELINE) if rule.threshold.of_baseline else (rule.window,)
    terms = [columns.metric == rule.metric, columns.window.in_(windows)]
    if rule.versions is not None:
        others = [rule.threshold.version] if rule.threshold.version else []
        terms.append(or_(*(_like(columns.version, name) for name in (*rule.versions, *others))))
    if rule.columns is not None:
        terms.append(or_(*(_like(columns.column, name) for name in rule.columns)))
    return and_(*terms, or_(*(_cells(segment) for segment in rule.segments)))


def _like(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """At least what a name or pattern means: up to where a pattern begins."""
    plain = re.split(r"[*?[]", name, maxsplit=1)[0]
    return column == name if plain == name else column.startswith(plain, autoescape=True)


def _cells(segment: str) -> ColumnElement[bool]:
    if segment == WHOLE or ("=" in segment and not set("*?[").intersection(segment)):
        return METRICS.c.segment == segment
    first = segment.partition(",")[0].partition("=")[0]
    plain = re.split(r"[*?[]", first, maxsplit=1)[0]
    return METRICS.c.segment.startswith(f"{first}=" if plain == first else plain, autoescape=True)
