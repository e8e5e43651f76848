"""What nights say of edges: beside all graphs by hand, and of worlds that are known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from bench.causes.world import World, as_nights
from obs_dagster.causes.chances import draw
from obs_dagster.causes.network import learn
from obs_dagster.causes.order import Possible, possible_among
from obs_dagster.causes.score import k2, log_prior


@pytest.fixture
def states():
    random = np.random.default_rng(3)
    first, second = random.random((2, 80)) < 0.3
    third = (first & (random.random(80) < 0.6)) | (random.random(80) < 0.1)
    return np.stack([first, second, third], axis=1).astype(np.int8)


def within(*orders):
    size = len(orders[0])
    return Possible(~np.eye(size, dtype=bool), np.zeros((size, size), dtype=bool), orders)


def by_hand(states, chosen):
    """The marginal likelihood of one graph, its sets of causes given by component."""
    total = 0.0
    for child, causes in chosen.items():
        counts = np.zeros((2 ** len(causes), 2))
        for row in states:
            counts[sum(row[each] << place for place, each in enumerate(causes)), row[child]] += 1
        total += k2(counts)
    return total


def test_edges_are_as_likely_as_all_graphs_of_both_orders_make_them(states):
    weights = {}
    for order in ((0, 1, 2), (1, 0, 2)):
        sets = {
            child: [
                tuple(each for each, taken in zip(order[:place], bits, strict=True) if taken)
                for bits in product((0, 1), repeat=place)
            ]
            for place, child in enumerate(order)
        }
        for causes in product(*(sets[child] for child in order)):
            graph = dict(zip(order, causes, strict=True))
            prior = sum(log_prior(each, order.index(child), 0) for child, each in graph.items())
            weights[order, causes] = (by_hand(states, graph) + prior, graph)
    highest = max(score for score, _ in weights.values())
    expected, total = np.zeros((3, 3)), 0.0
    for score, graph in weights.values():
        weight = np.exp(score - highest)
        total += weight
        for child, causes in graph.items():
            for cause in causes:
                expected[cause, child] += weight
    network = learn(states, within((0, 1, 2), (1, 0, 2)))
    assert network.edges == pytest.approx(expected / total, abs=1e-9)
    assert sum(each.weight for each in network.orders) == pytest.approx(1.0)


def test_which_of_two_came_first_is_left_open_where_nights_cannot_tell():
    random = np.random.default_rng(4)
    first = random.random(500) < 0.2
    second = np.where(random.random(500) < 0.05, ~first, first)
    edges = learn(np.stack([first, second], axis=1).astype(np.int8), within((0, 1), (1, 0))).edges
    assert edges[0, 1] == pytest.approx(0.5, abs=0.1)
    assert edges[1, 0] == pytest.approx(1 - edges[0, 1], abs=0.001)


def test_nights_without_the_states_of_all_that_may_be_causes_do_not_count(states):
    gaps = np.concatenate([states, states])
    gaps[len(states) :, 0] = -1
    only = learn(gaps, within((0, 1, 2))).orders[0].families[2]
    assert np.array_equal(only.counts, learn(states, within((0, 1, 2))).orders[0].families[2].counts)


def test_what_is_declared_is_certain(states):
    possible = within((0, 1, 2))
    declared = possible.declared.copy()
    declared[1, 2] = True
    assert learn(states, Possible(possible.may, declared, possible.orders)).edges[1, 2] == pytest.approx(1.0)


def test_edges_of_worlds_are_found():
    random = np.random.default_rng(5)
    found, there = [], []
    for _ in range(4):
        world = World.draw(random)
        nights = as_nights(world.nights(random, 1_500).states)
        possible = possible_among(nights.components)
        edges = learn(nights.states, possible).edges
        found += list(edges[possible.may])
        there += list((world.weight > 0)[possible.may])
    found, there = np.array(found), np.array(there)
    assert (found[there] > 0.5).mean() > 0.8
    assert there[found > 0.5].mean() > 0.85


def test_drawn_chances_are_where_the_nights_are(states):
    network = learn(states, within((0, 1, 2)))
    [chances] = draw(network, seed=1, draws=4_000)
    for off in (0, 1):
        rows = states[states[:, 0] == off, 2]
        drawn = chances.chance(2, {0: off, 1: 0})
        assert drawn.mean() == pytest.approx(rows.mean(), abs=0.06)
    again = next(draw(network, seed=1, draws=4_000))
    assert np.array_equal(again.tables[2], chances.tables[2])


def test_causes_that_were_never_seen_together_are_taken_to_act_by_themselves():
    random = np.random.default_rng(6)
    first = random.random(4_000) < 0.2
    second = (random.random(4_000) < 0.2) & ~first
    chance = 1 - (1 - 0.05) * np.where(first, 0.4, 1.0) * np.where(second, 0.5, 1.0)
    third = random.random(4_000) < chance
    states = np.stack([first, second, third], axis=1).astype(np.int8)
    [chances] = draw(learn(states, within((0, 1, 2))), seed=2, draws=4_000)
    assert chances.chance(2, {0: 1, 1: 1}).mean() == pytest.approx(1 - 0.95 * 0.4 * 0.5, abs=0.05)
