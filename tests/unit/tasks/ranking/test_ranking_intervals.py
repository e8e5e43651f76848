"""How often the intervals hold the true value, by simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest

from obs_dagster.metrics.intervals import bounded_mean
from obs_dagster.tasks.ranking.counts import Items
from obs_dagster.tasks.ranking.metrics.catalogue import gini, popularity_lift

DRAWS = 2000


@pytest.fixture(scope="module")
def population():
    """The values of many requests, of which samples are drawn."""
    rng = np.random.default_rng(1)
    place = rng.geometric(0.15, 20_000)
    clicked = rng.random(20_000) < 0.4
    return {
        "mrr": np.where(clicked, 1 / place, 0.0),
        "hit": np.where(clicked & (place <= 5), 1.0, 0.0),
        "ndcg": np.where(clicked & (place <= 10), 1 / np.log2(place + 1), 0.0),
        "precision": rng.binomial(5, rng.beta(1, 6, 20_000)) / 5,
        "near one": 1 - rng.beta(0.3, 9, 20_000),
    }


@pytest.mark.parametrize("n", [15, 50, 200, 1000])
def test_intervals_of_means_over_requests_hold_the_truth(population, n):
    rng = np.random.default_rng(n)
    for name, values in population.items():
        drawn = values[rng.integers(len(values), size=(DRAWS, n))]
        ends = np.array([bounded_mean(each.sum(), (each * each).sum(), n) for each in drawn])
        held = np.mean((ends[:, 0] <= values.mean()) & (values.mean() <= ends[:, 1]))
        # of few requests they are cautious
        least, most = (0.92, 1.0) if n < 30 or name == "near one" else (0.93, 0.97)
        assert least <= held <= most, (name, held)
        assert ((ends >= 0) & (ends <= 1)).all()


def test_the_interval_of_a_share_is_nearly_that_of_wilson():
    for k in (0, 1, 130, 500):
        expected = binomtest(k, 500).proportion_ci(method="wilson")
        found = bounded_mean(float(k), float(k), 500)
        assert found == pytest.approx((expected.low, expected.high), rel=0.01, abs=1e-12)
    assert bounded_mean(0.0, 0.0, 0) == (0.0, 1.0)


def test_equal_numbers_do_not_make_it_certain():
    low, high = bounded_mean(40 * 0.2, 40 * 0.04, 40)
    assert low < 0.15
    assert high > 0.25


def drawn_items(rng, requests, items=200, listed=10, k=5):
    """Lists of items by popularity, of which some rows are relevant, more so the more popular."""
    popular = 1 / np.arange(1, items + 1) ** 0.7
    # Gumbel noise: items without replacement, in the order of a score that likes what is popular
    order = np.argsort(-(np.log(popular) + rng.gumbel(size=(requests, items))), axis=1)[:, :listed]
    relevant = rng.random(order.shape) < 0.25 * popular[order] ** 0.3
    counts = [
        np.bincount(chosen, minlength=items)
        for chosen in (
            order.ravel(),
            order[relevant],
            order[:, :k].ravel(),
            order[:, :k][relevant[:, :k]],
        )
    ]
    return Items(*counts, level=0)


@pytest.mark.parametrize("requests", [60, 300])
def test_intervals_of_popularity_lift_hold_the_truth(requests):
    rng = np.random.default_rng(requests)
    truth, _ = popularity_lift(drawn_items(rng, 200_000))
    held = biased = 0.0
    for _ in range(400):
        ratio, error = popularity_lift(drawn_items(rng, requests))
        held += abs(np.log(ratio / truth)) <= 1.96 * error
        biased += (ratio - truth) / 400
    assert 0.93 <= held / 400 <= 0.995
    assert abs(biased) < 0.05 * truth


def test_the_gini_index_is_half_the_mean_difference():
    counts = np.random.default_rng(3).poisson(3.0, 50)
    pairs = np.abs(counts[:, None] - counts).sum() / (50 * 49)
    assert gini(counts) == pytest.approx(pairs / (2 * counts.mean()))
    assert gini(np.array([4, 4, 4])) == 0
    assert gini(np.array([0, 0, 9])) == 1
