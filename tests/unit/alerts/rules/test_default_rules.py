"""Default rules that hold a night against what is usual, on made nights of three weeks."""

from __future__ import annotations

import pytest

from obs_dagster.alerts import State, list_alerts
from obs_dagster.metrics.default_rules import default_rules

DAYS = 21
#: By rule, the metric, the column, what it is on most nights, and what is surely something else.
CHANGES = {
    "categories_changed": ("psi", "origin", 0.01, 1.5),
    "feature_changed": ("psi", "dep_delay", 0.01, 1.5),
    "values_stuck": ("mode_share", "dep_delay", 0.1, 0.98),
    "scores_stuck": ("mode_share", "score", 0.02, 0.98),
}


@pytest.fixture
def fires(store, evaluate, monitor, write):
    """Whether a default rule fires after some nights of its metric."""

    def fires(name, values):
        metric, column, *_ = CHANGES[name]
        write([(value, value * 0.9, value * 1.1) for value in values], metric=metric, column=column)
        rule = next(rule for rule in default_rules(monitor()) if rule.name == name)
        evaluate(
            len(values),
            rule.model_dump(by_alias=True, exclude={"metric", "window", "above", "min_rows", "columns"}),
        )
        return [alert.column for alert in list_alerts(store, states=[State.FIRING])]

    return fires


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_from_one_day_to_the_next_fires(fires, name):
    _, column, usual, odd = CHANGES[name]
    assert fires(name, [usual] * DAYS + [odd] * 2) == [column]


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_far_from_the_baseline_by_nature_does_not(fires, name):
    """As the weekday on any day, or no rain: it is so on other such days."""
    *_, odd = CHANGES[name]
    assert fires(name, [odd] * DAYS + [odd * 1.02] * 2) == []


@pytest.mark.parametrize("name", CHANGES)
def test_before_two_weeks_nobody_knows_what_is_usual(fires, name):
    _, _, usual, odd = CHANGES[name]
    assert fires(name, [usual] * 5 + [odd] * 2) == []


def test_one_odd_day_of_a_number_is_weather(fires):
    assert fires("feature_changed", [0.01] * DAYS + [1.5]) == []
