"""What the networks say of one night, with each component that is not known in both of its states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.answer import Effect, Probability
from obs_dagster.causes.chances import Chances, completions, draw, likelihood
from obs_dagster.causes.counterfactual import Without, without
from obs_dagster.causes.network import Network
from obs_dagster.causes.shares import trace

Draws = NDArray[np.float64]
Pair = tuple[int, int]


class Found:
    """What is found of a night.

    Args:
        network: what the nights before say.
        now: the states of the components: 1 off, 0 normal, -1 not known.
        last: the component that is asked about, which is off.
        seed: of the draws.

    Attributes:
        origins: by draw, the share of each component as the beginning, shape (draws, components).
        links: by effect and cause that are off, the share of the cause in the effect, by draw.
        effects: by component that is off and comes before, what would be had it been as usual.
    """

    def __init__(self, network: Network, now: NDArray[np.int8], last: int, seed: int) -> None:
        off = [each for each in range(len(now)) if now[each] == 1 and each != last]
        parts = [_Mixed(chances, now, last, off) for chances in draw(network, seed)]
        self.origins = np.concatenate([each.origins for each in parts])
        pairs = sorted({pair for each in parts for pair in each.links})
        self.links: Mapping[Pair, Draws] = {
            pair: np.concatenate([each.link(pair) for each in parts]) for pair in pairs
        }
        self.effects: Mapping[int, Effect] = {
            cause: _effect(drawn)
            for cause in off
            if (drawn := [each.effects[cause] for each in parts if cause in each.effects])
        }


class _Mixed:
    """The same within one order: every way in which the night may have been, by its likelihood."""

    def __init__(self, chances: Chances, now: NDArray[np.int8], last: int, off: Sequence[int]) -> None:
        ways = list(completions(now.tolist(), last))
        weights = np.array([likelihood(chances, states) for states in ways])
        weights /= weights.sum(axis=0)
        self._draws = chances.draws
        self.origins = np.zeros((chances.draws, len(now)))
        self.links: dict[Pair, Draws] = {}
        self.effects: dict[int, Draws] = {}
        before = chances.order[: chances.order.index(last)]
        for weight, states in zip(weights, ways, strict=True):
            traced = trace(chances, states, last)
            self.origins += weight[:, None] * traced.origins
            for pair, share in traced.links.items():
                # nobody is told how something led to another that is not known to be off
                if now[pair[0]] == 1 and now[pair[1]] == 1:
                    self.links[pair] = self.link(pair) + weight * share
            for cause in off:
                if cause in before:
                    part = weight * np.array(_parts(without(chances, states, cause, last)))
                    self.effects[cause] = self.effects.get(cause, np.zeros_like(part)) + part

    def link(self, pair: Pair) -> Draws:
        """A share; nothing in an order in which the one cannot cause the other."""
        return self.links.get(pair, np.zeros(self._draws))


def _parts(found: Without) -> tuple[Draws, ...]:
    return (found.chance, found.otherwise, found.all_the_same, *found.necessity)


def _effect(parts: Sequence[Draws]) -> Effect:
    chance, otherwise, same, low, high = np.concatenate(parts, axis=1)
    return Effect(
        Probability.of(chance),
        Probability.of(otherwise),
        Probability.of(same),
        (float(low.mean()), float(high.mean())),
    )
