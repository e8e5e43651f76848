"""A small version of `python -m bench.champion`: a year of nights of equal versions, and a better one."""

import pytest

from bench.champion import WORLDS, verdicts_of_a_year


@pytest.mark.parametrize("name", ["alike", "mix"])
def test_a_year_of_looks_at_equal_versions_is_hardly_ever_wrong(name):
    wrong = sum(verdicts_of_a_year(WORLDS[name].year(number), "recall")[0] > 0 for number in range(8))
    assert wrong <= 1


def test_a_better_version_is_seen():
    first, usual = verdicts_of_a_year(WORLDS["alike"].year(0, 60, better=0.3), "recall")
    assert 0 < first < 40
    assert usual
