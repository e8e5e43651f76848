"""A subject's nights as a rule judges them: what each is held against, and which cannot be judged yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.observation import Observation, Reference
from obs_dagster.alerts.rules.usual import USUAL_DAYS, band, usual
from obs_dagster.metrics.usual import BAND_DAYS
from obs_dagster.monitor.alerting import Rule

NOT_FULL = "its window of {} days is not full yet"
"""Why a night is not judged that has a value."""


def reach(rule: Rule) -> int:
    """How many days before a night the rule looks, beside the night's own record."""
    return max(_reach(part) for part in rule.parts)


def _reach(rule: Rule) -> int:
    held = rule.threshold
    past = {"usual": USUAL_DAYS, "band": BAND_DAYS, "ago": held.days}.get(held.of or "", 0)
    return max(past, rule.window if rule.full_window else 0)


def as_judged(
    rule: Rule, nights: Sequence[Observation], beside: Mapping[dt.date, Reference]
) -> list[Observation]:
    """Nights with what the rule holds each against; those whose window is not full have no value.

    Args:
        rule: the rule.
        nights: a subject's nights, ascending by day; of the first ones as many days as `reach` says are there
            for the later ones.
        beside: what the metric is on the baseline of each night, or for the version that others are held
            against, as far as it is known and the rule asks for it.
    """
    judged = _full(rule, nights) if rule.full_window else list(nights)
    held = rule.threshold
    if held.of is None:
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
