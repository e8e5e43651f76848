"""What is said beside drift: how likely days are to differ so anyway, where that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Rule

P_VALUE, DAYS = "drift_p_value", "design_effect"
"""The metric that says it; and the one that has a value, of single days, if enough are known to say so."""

_LEAST = 1e-6


def asks_for_odds(rule: Rule) -> bool:
    """Whether a rule is about how a column has moved."""
    known = definitions().get(rule.metric)
    return known is not None and known.family == "drift" and not known.adds_up and rule.metric != P_VALUE


def with_odds(
    series: Mapping[Subject, Sequence[Observation]],
    likely: Mapping[Subject, Sequence[Observation]],
    days: Mapping[Subject, Sequence[Observation]],
) -> Mapping[Subject, Sequence[Observation]]:
    """The nights with the odds, in words too.

    Args:
        series: per subject its nights.
        likely: their p-values, of the same window.
        days: their design effects.
    """
    return {
        subject: _with_odds(nights, likely[subject], days.get(subject, ())) if subject in likely else nights
        for subject, nights in series.items()
    }


def _with_odds(
    nights: Sequence[Observation], likely: Sequence[Observation], days: Sequence[Observation]
) -> list[Observation]:
    calibrated = {night.day for night in days if night.value is not None}
    odds = {night.day: night.value for night in likely if night.value is not None and night.day in calibrated}
    return [told(night, odds.get(night.day)) for night in nights]


def told(night: Observation, p: float | None, by: str = "") -> Observation:
    """The night with a p-value, and by what it is known; as it is, if none is known."""
    return night if p is None else replace(night, likely=p, beside=_told(p, by))


def _told(p: float, by: str = "") -> str:
    """The odds as a sentence.

    >>> _told(0.0312)
    'Days differ so anyway with p 0.031.'
    >>> _told(1e-9, "34 days to 2013-07-23")
    'Days differ so anyway with p below 0.000001, by 34 days to 2013-07-23.'
    """
    known = f", by {by}" if by else ""
    return f"Days differ so anyway with p {f'below {_LEAST:f}' if p < _LEAST else f'{p:.2g}'}{known}."
