"""A small version of `python -m bench.causes`: what began something, in worlds whose graph is known."""

import pytest

from bench.causes.found import brier, look, miscalibration, unsharp


@pytest.fixture(scope="module")
def found():
    return look(range(16), nights=365, questions=6)


def test_where_it_began_is_found(found):
    assert found.asked - found.refused >= 60
    assert found.within(1) >= 0.8
    assert found.within(3) >= 0.95


def test_probabilities_are_what_they_say(found):
    assert brier(found.began) < 0.6 * unsharp(found.began)
    assert miscalibration(found.began) < 0.07
    assert brier(found.same) < unsharp(found.same)
    assert miscalibration(found.same) < 0.1


def test_chances_and_edges_are_near_the_true_ones(found):
    assert found.away() < 0.1
    assert found.recall() > 0.6
    assert found.precision() > 0.8
