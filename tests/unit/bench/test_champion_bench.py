"""A small version of `python -m bench.champion`: a year of nights of equal versions, and a better one."""

import pytest

from bench.champion import TASKS, WORLDS, verdicts_of_a_year

ASKED = [
    ("binary_classification", "recall"),
    ("multiclass_classification", "accuracy"),
    ("regression", "mae"),
    ("regression", "rmse"),
    ("ranking", "ndcg"),
]


def verdicts(world, number, task, metric, **changes):
    days = WORLDS[world].year(number, task=task, **changes)
    return verdicts_of_a_year(days, TASKS[task].compared[metric])


@pytest.mark.parametrize(
    ("name", "task", "metric"),
    [("alike", *ASKED[0]), ("mix", *ASKED[0]), ("mix", *ASKED[1]), ("canary", *ASKED[3]), ("mix", *ASKED[4])],
)
def test_a_year_of_looks_at_equal_versions_is_hardly_ever_wrong(name, task, metric):
    wrong = sum(verdicts(name, number, task, metric)[0] > 0 for number in range(6))
    assert wrong <= 1


@pytest.mark.parametrize(("task", "metric"), ASKED)
def test_a_better_version_is_seen(task, metric):
    first, usual = verdicts("alike", 0, task, metric, nights=60, better=0.3)
    assert 0 < first < 40
    assert usual
