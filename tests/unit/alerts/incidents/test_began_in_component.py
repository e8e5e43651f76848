"""In which component something began: the first that was not as usual, by its own time and failures."""

import datetime as dt

import numpy as np
import pytest

from obs_dagster.alerts.incidents.components import began
from obs_dagster.alerts.incidents.evidence import Evidence

SINCE = dt.date(2024, 3, 20)


def evidence(*series, nights=20):
    """Quiet nights of components by metric, and what their last three were."""
    rng, found = np.random.default_rng(0), {}
    for metric, component, usual, last in series:
        values = [*(usual * rng.normal(1, 0.02, nights)), *last]
        days = [SINCE - dt.timedelta(nights - number) for number in range(len(values))]
        found[metric, "*", "*", component] = [
            (day, float(value), 200) for day, value in zip(days, values, strict=True)
        ]
    return Evidence(SINCE, SINCE + dt.timedelta(2), found)


def test_quiet_components_are_none():
    assert began(evidence(("component_own_time", "llm", 400.0, [401, 399, 402]))) == []


def test_of_one_day_what_explains_most_comes_first():
    found = began(
        evidence(
            ("component_own_time", "llm", 400.0, [520, 520, 520]),
            ("component_own_time", "reranker", 80.0, [480, 480, 480]),
        )
    )
    assert [(each.component, each.day) for each in found] == [("reranker", SINCE), ("llm", SINCE)]
    assert found[0].part == pytest.approx(400 / 520, abs=0.02)
    assert "requests wait 480 ms for it, usually 80 ms" in found[0].told


def test_what_was_first_comes_first():
    found = began(
        evidence(
            ("component_failure_share", "tool", 0.01, [0.01, 0.5, 0.5]),
            ("component_use_share", "retriever", 0.9, [0.4, 0.4, 0.4]),
        )
    )
    assert [each.component for each in found] == ["retriever", "tool"]


@pytest.mark.parametrize(
    ("metric", "usual", "better"),
    [
        ("component_own_time", 100.0, 40.0),
        ("component_failure_share", 0.3, 0.01),
        ("component_tokens", 900.0, 300.0),
        ("component_use_share", 0.4, 0.9),
    ],
)
def test_what_got_better_began_nothing(metric, usual, better):
    assert began(evidence((metric, "x", usual, [better] * 3))) == []


def test_few_nights_know_nothing():
    assert began(evidence(("component_own_time", "llm", 400.0, [900, 900, 900]), nights=2)) == []
