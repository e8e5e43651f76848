"""What would have been: beside a world whose noise is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.causes.chances import Chances
from obs_dagster.causes.counterfactual import without
from tests.unit.causes.conftest import known


@pytest.mark.parametrize("cause", [0, 1, 2])
@pytest.mark.parametrize("states", [(1, 1, 1, 1), (1, 0, 1, 1)])
def test_chances_are_those_of_the_world(chain, cause, states):
    found = without(known(chain), dict(enumerate(states)), cause, 3)
    assert found.chance[0] == pytest.approx(chain.chance(states, cause, 3, 1))
    assert found.otherwise[0] == pytest.approx(chain.chance(states, cause, 3, 0))


@pytest.mark.parametrize("cause", [0, 1, 2])
def test_it_would_be_off_all_the_same_as_often_as_it_would(chain, cause):
    drawn = chain.nights(np.random.default_rng(9), 150_000)
    nights = np.flatnonzero((drawn.states == 1).all(axis=1))[:3_000]
    would = np.mean([chain.all_the_same(drawn, int(night), cause, 3) for night in nights])
    found = without(known(chain), dict.fromkeys(range(4), 1), cause, 3)
    assert found.all_the_same[0] == pytest.approx(would, abs=0.035)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_bounds_of_necessity_hold_what_the_noise_may_be(with_it, without_it):
    """Any share of nights that are off both ways, as far as the two chances leave it open, lies within."""
    chances = Chances(
        (0, 1), {0: (), 1: (0,)}, {0: np.array([[0.3]]), 1: np.array([[without_it, with_it]])}, 1
    )
    found = without(chances, {0: 1, 1: 1}, 0, 1)
    low, high = (float(each[0]) for each in found.necessity)
    both = [max(0.0, with_it + without_it - 1), min(with_it, without_it)]
    possible = [1 - share / with_it for share in both]
    assert min(possible) == pytest.approx(low, abs=1e-9)
    assert max(possible) == pytest.approx(high, abs=1e-9)
    # what never prevents anything makes it as little necessary as the chances leave it
    assert 1 - found.all_the_same[0] == pytest.approx(low, abs=1e-9)


def test_what_lies_beside_the_path_stays_as_it_was(chain):
    """1 is off by itself: whether 2 would have been is no matter of its."""
    found = without(known(chain), {0: 0, 1: 1, 2: 0, 3: 1}, 1, 3)
    assert found.otherwise[0] == pytest.approx(chain.chance((0, 1, 0, 1), 1, 3, 0))
    # with neither 1 nor 2 it is off by itself alone, whose part of its chance that is
    assert found.all_the_same[0] == pytest.approx(0.05 / (1 - 0.95 * 0.3))


@pytest.mark.parametrize("state", [0, 1])
def test_chances_are_those_of_pgmpys_inference(chain, state):
    """Its network of the same chances, with what is set cut off from its causes."""
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.inference import VariableElimination
    from pgmpy.models import DiscreteBayesianNetwork

    chances = known(chain)
    model = DiscreteBayesianNetwork(
        [(cause, child) for child, causes in chances.candidates.items() for cause in causes]
    )
    for child, causes in chances.candidates.items():
        # its columns count up with the last cause, ours with the first
        off = (
            chances.tables[child][0].reshape((2,) * len(causes)).T.reshape(-1)
            if causes
            else chances.tables[child][0]
        )
        model.add_cpds(
            TabularCPD(child, 2, [1 - off, off], evidence=list(causes), evidence_card=[2] * len(causes))
        )
    cut = model.do([1])
    query = VariableElimination(cut).query([3], evidence={0: 1, 1: state}, show_progress=False)
    found = without(chances, {0: 1, 1: 1, 2: 1, 3: 1}, 1, 3)
    told = found.chance if state else found.otherwise
    assert told[0] == pytest.approx(query.values[1])
