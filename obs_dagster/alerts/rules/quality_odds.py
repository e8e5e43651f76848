"""How likely the days' quality is to differ so anyway, by the days of the weeks before.

The interval of a recall is of independent rows. Days differ by more than that, and by how much their own
values say: those of up to 56 days that ended a week before the window, for what has just begun would be in
the others. A window's value is held against what its rule holds it against, with

    t = distance / √(s² a / m + u²),  p = P(T ≥ t), T of Student's law with D - 1 degrees of freedom

s²: the variance of the D days' values; a = (1 + φ) / (1 - φ), with φ the correlation of a day with the one
before it; m: the window's days; u: the standard error of what it is held against, that of the mean of the D
days where that is a plain number.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

import numpy as np

from obs_dagster.alerts.rules.day_odds import told
from obs_dagster.alerts.rules.judging import excess
from obs_dagster.alerts.rules.observation import Observation, Reference
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.evidence.variation import LEAST_DAYS
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Rule

_MOST_DAYS, _LEFT_OUT_DAYS = 56, 7
_MOST_ALIKE = 0.9
_Z = 1.96


def asks_for_days_of_quality(rule: Rule) -> bool:
    """Whether a rule is about how right a model is, in numbers whose days say how days differ."""
    known = definitions().get(rule.metric)
    return known is not None and known.family == "performance" and known.written != "count"


def days_of_quality(rule: Rule) -> int:
    """How many days before a night it takes."""
    return rule.window + _LEFT_OUT_DAYS + _MOST_DAYS if asks_for_days_of_quality(rule) else 0


def with_odds_of_quality(
    rule: Rule,
    series: Mapping[Subject, Sequence[Observation]],
    daily: Mapping[Subject, Sequence[Observation]],
) -> Mapping[Subject, Sequence[Observation]]:
    """The nights with how likely days are to differ so anyway, as far as enough days are known.

    Args:
        rule: the rule.
        series: per subject its nights, with what they are held against.
        daily: per subject the nights of the same metric, of single days.
    """
    return {
        subject: _with_odds(rule, nights, {each.day: each.value for each in days if each.value is not None})
        if (days := daily.get(subject))
        else nights
        for subject, nights in series.items()
    }


def _with_odds(rule: Rule, nights: Sequence[Observation], days: Mapping[dt.date, float]) -> list[Observation]:
    return [_judged(rule, night, days) for night in nights]


def _judged(rule: Rule, night: Observation, days: Mapping[dt.date, float]) -> Observation:
    """The night with its odds; as it is, if too few days are known."""
    window = _values(days, night.day, rule.window)
    last = night.day - dt.timedelta(days=rule.window + _LEFT_OUT_DAYS)
    before = _values(days, last, _MOST_DAYS)
    if night.value is None or len(before) < LEAST_DAYS or not window:
        return night
    variance = float(np.var(before, ddof=1)) * _alike(before)
    of = night.baseline
    unsure = variance / len(before) if of is None else _variance(of)
    distance = excess(rule, night.value, float(np.mean(before)) if of is None else of.value)
    error = math.sqrt(variance / len(window) + unsure)
    if error == 0:
        return night
    from scipy.special import stdtr

    p = float(stdtr(len(before) - 1, -distance / error))
    return told(night, p, f"{len(before)} days to {last}")


def _values(days: Mapping[dt.date, float], last: dt.date, number: int) -> list[float]:
    """The values of so many days, in their order, as far as they are known."""
    every = (last - dt.timedelta(days=back) for back in reversed(range(number)))
    return [days[day] for day in every if day in days]


def _alike(values: Sequence[float]) -> float:
    """How many times as far the mean of days varies that are alike when they follow each other."""
    off = np.asarray(values) - np.mean(values)
    squares = float(off @ off)
    found = float(off[1:] @ off[:-1]) / squares + 1 / len(off) if squares else 0.0
    likeness = min(max(found, 0.0), _MOST_ALIKE)
    return (1 + likeness) / (1 - likeness)


def _variance(of: Reference) -> float:
    """The variance of what a value is held against, by its interval."""
    if of.low is None or of.high is None:
        return 0.0
    return ((of.high - of.low) / 2 / _Z) ** 2
