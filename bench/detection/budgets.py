"""What fires at other budgets of false alarms, by the evidence that nights are kept with."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from obs_dagster.alerts.rules.budget import as_budgeted
from obs_dagster.alerts.rules.flapping import episodes_of
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.replay import Replayed
from obs_dagster.alerts.rules.series import read_nights
from obs_dagster.alerts.rules.subject import Subject, watches
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Rule

if TYPE_CHECKING:
    from obs_dagster.history import History
    from obs_dagster.monitor import Monitor

BUDGETS = tuple(2 ** (half / 2) for half in range(-12, 12))
"""Alarms a year that are tried, from 1/64 to 45.

With one a week quiet nights are soon enough evidence, and what is always on finds nothing.
"""

Nights = Sequence[Mapping[str, Any]]
"""Nights as they are kept: `day`, what is `on`, and the `evidence` of rules: subjects, values, rows."""


@cache
def _rules() -> Mapping[str, Rule]:
    """The default rules that have a budget, by name."""
    return {
        watched.name: Rule.model_validate(
            {
                "name": watched.name,
                "metric": definition.name,
                "above": watched.above,
                "for": watched.for_nights,
                "min_rows": watched.min_rows,
            }
        )
        for definition in definitions().values()
        for watched in definition.watched
        if watched.above == "budget"
    }


def budgeted(signals: Iterable[str], *, has: bool) -> list[str]:
    """The signals whose rule has a budget, or has none."""
    return [each for each in signals if (each.partition("|")[0] in _rules()) == has]


def evidence_of(history: History, monitor: Monitor, day: dt.date) -> dict[str, list[list[Any]]]:
    """What a night says to the rules with a budget: of each subject its names, the value and its rows."""
    rules = [rule for rule in monitor.alerts if rule.name in _rules()]
    with history.reading() as connection:
        found = read_nights(connection, monitor.model, rules, day, day)
    return {
        rule.name: [
            [*subject, night.value, night.n]
            for subject, nights in found.get((rule.metric, rule.window), {}).items()
            if watches(rule, subject)
            for night in nights
        ]
        for rule in rules
    }


def at_budget(before: Nights, nights: Nights, alarms_a_year: float) -> list[list[str]]:
    """What is on after each night if rules have another budget.

    Args:
        before: nights that lead up to them.
        nights: those that are asked for.
        alarms_a_year: the budget.
    """
    found = [set(budgeted(night["on"], has=False)) for night in nights]
    days = [dt.date.fromisoformat(night["day"]) for night in nights]
    for name, rule in _rules().items():
        other = rule.model_copy(update={"above": f"budget of {alarms_a_year:.6f} per year"})
        series: dict[Subject, list[Observation]] = defaultdict(list)
        for night in (*before, *nights):
            day = dt.date.fromisoformat(night["day"])
            for version, segment, column, value, n in night["evidence"].get(name, ()):
                series[Subject(version, segment, column)].append(Observation(day, value, None, None, n))
        for subject, judged in as_budgeted(other, series).items():
            fired = [each for each in episodes_of(other, judged, days[-1]) if each.fired_day is not None]
            replayed = Replayed(subject, (), fired)
            for on, day in zip(found, days, strict=True):
                if replayed.fires_on(day):
                    on.add(f"{name}|{subject.column}")
    return [sorted(each) for each in found]
