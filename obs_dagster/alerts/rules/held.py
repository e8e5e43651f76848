"""A subject's nights as a rule judges them: what each is held against, and which cannot be judged yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.budget import EVIDENCE_DAYS
from obs_dagster.alerts.rules.observation import Observation, Reference
from obs_dagster.alerts.rules.quality_odds import days_of_quality
from obs_dagster.alerts.rules.usual import USUAL_DAYS, band, usual
from obs_dagster.metrics.registry import definitions
from obs_dagster.metrics.usual import BAND_DAYS
from obs_dagster.monitor.alerting import Rule

NOT_FULL = "its window of {} days is not full yet"
LACKS = "its window lacks {}"
"""Why a night is not judged that has a value."""

_WEEK = dt.timedelta(days=7)


def reach(rule: Rule) -> int:
    """How many days before a night the rule looks, beside the night's own record."""
    return max(_reach(part) for part in rule.parts)


def _reach(rule: Rule) -> int:
    held = rule.threshold
    past = {"usual": USUAL_DAYS, "band": BAND_DAYS, "ago": held.days, "budget": EVIDENCE_DAYS}.get(
        held.of or "", 0
    )
    full = rule.window if rule.full_window else 0
    return max(past, full + _WEEK.days if asks_for_days(rule) else full, days_of_quality(rule))


def asks_for_days(rule: Rule) -> bool:
    """Whether it matters to a rule which days of a window have rows: the days of a week differ."""
    known = definitions().get(rule.metric)
    return rule.full_window and rule.window > 1 and known is not None and known.family == "drift"


def as_judged(
    rule: Rule,
    nights: Sequence[Observation],
    beside: Mapping[dt.date, Reference],
    rows: Mapping[dt.date, float] | None = None,
) -> list[Observation]:
    """Nights with what the rule holds each against; those whose window is not full have no value.

    Args:
        rule: the rule.
        nights: a subject's nights, ascending by day; of the first ones as many days as `reach` says are there
            for the later ones.
        beside: what the metric is on the baseline of each night, or for the version that others are held
            against, as far as it is known and the rule asks for it.
        rows: rows of the version by day, where the rule asks for days and they are known.
    """
    judged = _full(rule, nights) if rule.full_window else list(nights)
    if rows:
        judged = [_whole(rule, night, rows) for night in judged]
    held = rule.threshold
    if held.of in (None, "budget"):
        return judged
    known = {night.day: night for night in judged if night.value is not None}
    ago = dt.timedelta(days=held.days)
    found: list[Observation] = []
    for night in judged:
        without = ""
        match held.of:
            case "usual":
                reference, without = usual(known, night.day)
            case "band":
                reference, without = band(known, night.day)
            case "ago":
                reference = Reference.of(known.get(night.day - ago))
            case _:
                reference = beside.get(night.day)
        found.append(replace(night, baseline=reference, without=without))
    return found


def _whole(rule: Rule, night: Observation, rows: Mapping[dt.date, float]) -> Observation:
    """The night, without a value if its window lacks a day that the week before had."""
    if night.value is None:
        return night
    window = (night.day - dt.timedelta(days=back) for back in reversed(range(rule.window)))
    lacking = next((day for day in window if not rows.get(day) and rows.get(day - _WEEK)), None)
    if lacking is None:
        return night
    return replace(night, value=None, low=None, high=None, reason=LACKS.format(lacking))


def _full(rule: Rule, nights: Sequence[Observation]) -> list[Observation]:
    first = next((night.day for night in nights if not night.absent), None)
    if first is None:
        return list(nights)
    full = first + dt.timedelta(days=rule.window - 1)
    reason = NOT_FULL.format(rule.window)
    return [
        replace(night, value=None, low=None, high=None, reason=reason)
        if night.day < full and not night.absent
        else night
        for night in nights
    ]
