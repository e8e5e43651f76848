"""Scores of sets of causes, beside sums over all sequences of nights and beside pgmpy."""

from __future__ import annotations

import numpy as np
import pytest

from bench.causes.scores import bdeu, bic
from obs_dagster.causes.network import count
from obs_dagster.causes.score import MOST_CAUSES, k2, log_prior, marginal, sets_of_causes


@pytest.fixture
def counts():
    """Nights by three possible causes and a component, the states all drawn."""
    states = (np.random.default_rng(1).random((300, 4)) < [0.2, 0.4, 0.3, 0.35]).astype(np.int8)
    return count(states, 3, (0, 1, 2)), states


def test_marginal_counts_are_those_of_the_chosen_causes_alone(counts):
    whole, states = counts
    for chosen in [(), (0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)]:
        assert np.array_equal(marginal(whole, chosen), count(states, 3, chosen))


def test_a_score_is_the_chance_of_the_nights_one_after_the_other(counts):
    """The marginal likelihood is the product of what each night is expected to be by those before it."""
    _, states = counts
    chosen = (0, 2)
    expected, seen = 0.0, np.zeros((4, 2))
    for row in states:
        code, own = int(row[0] + 2 * row[2]), int(row[3])
        expected += np.log((seen[code, own] + 1) / (seen[code].sum() + 2))
        seen[code, own] += 1
    assert k2(count(states, 3, chosen)) == pytest.approx(expected, abs=1e-9)


def test_scores_are_those_of_pgmpy(counts):
    import pandas as pd
    from pgmpy import structure_score as scores

    whole, states = counts
    frame = pd.DataFrame(states, columns=["a", "b", "c", "d"])
    for chosen, parents in (((), ()), ((1,), ("b",)), ((0, 2), ("a", "c")), ((0, 1, 2), ("a", "b", "c"))):
        given = marginal(whole, chosen)
        assert k2(given) == pytest.approx(scores.K2(frame).local_score("d", parents), abs=1e-8)
        assert bdeu(given, 3.0) == pytest.approx(
            scores.BDeu(frame, equivalent_sample_size=3).local_score("d", parents), abs=1e-8
        )
        assert bic(given) == pytest.approx(scores.BIC(frame).local_score("d", parents), abs=1e-8)


def test_a_cause_that_is_one_scores_better_and_one_that_is_none_does_not():
    random = np.random.default_rng(2)
    cause, other = random.random((2, 2_000)) < 0.1
    effect = (cause & (random.random(2_000) < 0.8)) | (random.random(2_000) < 0.03)
    states = np.stack([cause, other, effect], axis=1).astype(np.int8)
    with_cause, with_other, alone = (k2(count(states, 2, each)) for each in ((0,), (1,), ()))
    assert with_cause > alone + 10
    assert with_other < alone


def test_sets_hold_what_is_declared_and_few_others():
    sets = sets_of_causes(6, [4])
    assert all(4 in each and len(each) <= MOST_CAUSES for each in sets)
    assert len(sets) == len(set(sets)) == 1 + 5 + 10
    assert np.isclose(sum(np.exp(log_prior(each, 6, 1)) for each in sets), 1.0)


def test_more_declared_causes_than_others_may_be_are_kept():
    assert sets_of_causes(5, [0, 1, 2, 3]) == [(0, 1, 2, 3)]
    assert log_prior((0, 1, 2, 3), 5, 4) == 0.0


def test_no_nights_say_nothing():
    assert k2(np.zeros((4, 2))) == 0.0
