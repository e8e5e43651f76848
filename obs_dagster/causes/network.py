"""What the nights say of how components depend on each other: every graph in the order, by its likelihood.

A Bayesian network over components that are normal or off. Within an order of the components, the causes of
each are a question of its own; so all sets of causes are weighed exactly (Friedman and Koller 2003, Koivisto
and Sood 2004), and no single graph is believed. Where the order itself is open, orders are weighed too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.order import Order, Possible
from obs_dagster.causes.score import Counts, Score, k2, log_prior, marginal, sets_of_causes

States = NDArray[np.int8]
"""Nights by components: 1 is off, 0 normal, -1 not known."""


@dataclass(frozen=True, slots=True)
class Family:
    """A component and what may cause it.

    Attributes:
        child: the component.
        candidates: those that may cause it, by number.
        counts: nights by the states of the candidates, the first in the lowest bit, and of the child.
        sets: the sets of causes, as places among the candidates.
        weights: how likely each of them is, which add up to 1.
        score: the logarithm of what all of them together make likely.
    """

    child: int
    candidates: tuple[int, ...]
    counts: Counts
    sets: Sequence[tuple[int, ...]]
    weights: NDArray[np.float64]
    score: float

    def probability(self, cause: int) -> float:
        """How likely another component is among its causes."""
        if cause not in self.candidates:
            return 0.0
        place = self.candidates.index(cause)
        return float(sum(w for w, each in zip(self.weights, self.sets, strict=True) if place in each))


@dataclass(frozen=True)
class Ordered:
    """What is known of a network within one order.

    Attributes:
        order: the components, causes before effects.
        weight: how likely the order is.
        families: by component.
    """

    order: Order
    weight: float
    families: Mapping[int, Family]


@dataclass(frozen=True)
class Network:
    """What the nights say.

    Attributes:
        size: how many components there are.
        orders: the orders of them, each with what is known within it.
    """

    size: int
    orders: Sequence[Ordered]

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """How likely each component is a direct cause of each other one, shape (causes, effects)."""
        found = np.zeros((self.size, self.size))
        for each in self.orders:
            for child, family in each.families.items():
                for cause in family.candidates:
                    found[cause, child] += each.weight * family.probability(cause)
        return found


def learn(states: States, possible: Possible, score: Score = k2) -> Network:
    """Weigh all graphs that are possible by the nights.

    A night counts for a component where its own state and those of all its possible causes are known.

    Args:
        states: the nights.
        possible: what may cause what, and in which orders.
        score: of the counts of a component and a set of causes.
    """
    known: dict[tuple[int, frozenset[int]], Family] = {}
    found: list[tuple[Order, float, dict[int, Family]]] = []
    for order in possible.orders:
        families = {}
        for place, child in enumerate(order):
            candidates = tuple(each for each in order[:place] if possible.may[each, child])
            key = child, frozenset(candidates)
            if key not in known:
                known[key] = _family(states, child, tuple(sorted(candidates)), possible, score)
            families[child] = known[key]
        found.append((order, sum(each.score for each in families.values()), families))
    scores = np.array([score for _, score, _ in found])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    return Network(
        states.shape[1],
        [
            Ordered(order, float(weight), families)
            for (order, _, families), weight in zip(found, weights, strict=True)
        ],
    )


def _family(
    states: States, child: int, candidates: tuple[int, ...], possible: Possible, score: Score
) -> Family:
    counts = count(states, child, candidates)
    declared = [place for place, each in enumerate(candidates) if possible.declared[each, child]]
    sets = sets_of_causes(len(candidates), declared)
    scores = np.array(
        [
            score(marginal(counts, chosen)) + log_prior(chosen, len(candidates), len(declared))
            for chosen in sets
        ]
    )
    highest = scores.max()
    weights = np.exp(scores - highest)
    total = weights.sum()
    return Family(child, candidates, counts, sets, weights / total, float(highest + np.log(total)))


def count(states: States, child: int, candidates: Sequence[int]) -> Counts:
    """Nights by the states of some components, the first in the lowest bit, and of one more."""
    columns = states[:, [*candidates, child]]
    whole = columns[(columns >= 0).all(axis=1)].astype(np.int64)
    codes = whole[:, :-1] @ (1 << np.arange(len(candidates), dtype=np.int64))
    counts = np.zeros((1 << len(candidates), 2))
    np.add.at(counts, (codes, whole[:, -1]), 1)
    return counts
