"""A subject's nights as a rule judges them: what each is held against, and which cannot be judged yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from obs_dagster.alerts.rules.fold import Observation, Reference
from obs_dagster.monitor.alerting import Rule

_WEEKS = 4
"""Weeks of whose same weekday the median is what is usual; two of them are needed."""

NOT_FULL = "its window of {} days is not full yet"
"""Why a night is not judged that has a value."""


def reach(rule: Rule) -> int:
    """How many days before a night the rule looks, beside the night's own record."""
    usual = 7 * _WEEKS if rule.threshold.of == "usual" else 0
    return max(usual, rule.window if rule.full_window else 0)


def as_judged(
    rule: Rule, nights: Sequence[Observation], baseline: Mapping[dt.date, Reference]
) -> list[Observation]:
    """Nights with what the rule holds each against; those whose window is not full have no value.

    Args:
        rule: the rule.
        nights: a subject's nights, ascending by day; of the first ones as many days as `reach` says are there
            for the later ones.
        baseline: what the metric is on the baseline of each night, as far as it is known.
    """
    judged = _full(rule, nights) if rule.full_window else list(nights)
    if rule.threshold.of == "baseline":
        return [replace(night, baseline=baseline.get(night.day)) for night in judged]
    if rule.threshold.of == "usual":
        known = {night.day: night for night in judged if night.value is not None}
        return [replace(night, baseline=_usual(known, night.day)) for night in judged]
    return judged


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


def _usual(known: Mapping[dt.date, Observation], day: dt.date) -> Reference | None:
    """What the metric was on the same weekday of the weeks before a night; None if of fewer than two."""
    weeks = (day - dt.timedelta(weeks=back) for back in range(1, _WEEKS + 1))
    found = [known[each] for each in weeks if each in known]
    if len(found) < 2:  # noqa: PLR2004 - one day is no custom
        return None
    value = median(night.value for night in found if night.value is not None)
    return Reference(value, value, value, min(night.n for night in found))
