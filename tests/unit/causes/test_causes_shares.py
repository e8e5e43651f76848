"""Where it began: shares that add up, and that are how often it did in a world that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.causes.chances import Chances, completions, likelihood
from obs_dagster.causes.shares import divided, trace
from tests.unit.causes.conftest import known

NIGHTS = 120_000


@pytest.fixture(scope="session")
def drawn(chain):
    return chain.nights(np.random.default_rng(7), NIGHTS)


@pytest.mark.parametrize("states", [(1, 1, 1, 1), (1, 0, 1, 1), (0, 1, 1, 1), (0, 1, 0, 1)])
def test_it_began_there_as_often_as_it_did(chain, drawn, states):
    nights = np.flatnonzero((drawn.states == states).all(axis=1))[:4_000]
    random = np.random.default_rng(8)
    origins = [chain.origin(drawn, int(night), 3, random) for night in nights]
    expected = np.bincount(origins, minlength=4) / len(nights)
    told = trace(known(chain), dict(enumerate(states)), 3)
    assert told.origins[0] == pytest.approx(expected, abs=3.5 * np.sqrt(0.25 / len(nights)))


def test_what_is_not_known_is_as_likely_as_the_rest_makes_it(chain, drawn):
    chances = known(chain)
    ways = list(completions([1, -1, 0, 1], 3))
    weights = np.array([likelihood(chances, way)[0] for way in ways])
    weights /= weights.sum()
    told = sum(weight for weight, way in zip(weights, ways, strict=True) if way[1])
    like = (drawn.states[:, [0, 2, 3]] == [1, 0, 1]).all(axis=1)
    assert told == pytest.approx(drawn.states[like, 1].mean(), abs=0.02)


@given(
    st.lists(st.floats(0.001, 0.999), min_size=16, max_size=16),
    st.lists(st.integers(0, 1), min_size=4, max_size=4),
)
def test_shares_are_no_more_and_no_less_than_all(table, states):
    chances = Chances((0, 1, 2, 3, 4), {4: (0, 1, 2, 3)}, {4: np.array([table])}, 1)
    shares, own = divided(chances, dict(enumerate([*states, 1])), 4)
    assert set(shares) == {place for place, state in enumerate(states) if state}
    assert all(0 <= share[0] <= 1 for share in [*shares.values(), own])
    assert sum(share[0] for share in shares.values()) + own[0] == pytest.approx(1.0)


def test_a_cause_that_makes_it_less_likely_has_no_share():
    chances = Chances((0, 1), {1: (0,)}, {1: np.array([[0.5, 0.1]])}, 1)
    shares, own = divided(chances, {0: 1, 1: 1}, 1)
    assert (shares[0][0], own[0]) == (0.0, 1.0)
