"""Chances of being off, drawn from what the nights leave open: graphs, and numbers within each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.network import Family, Network
from obs_dagster.causes.order import Order
from obs_dagster.causes.score import Counts, marginal

DRAWS = 1_000
"""So many networks are drawn."""

_PRIOR = 0.5
"""Nights off and nights normal that Jeffreys' prior of a chance is worth, each."""

_APART = 1e-3
_LEAST = 1e-6
"""Nothing is impossible, and nothing certain."""

Table = NDArray[np.float64]
"""Chances of a component to be off, by draw and by the states of its candidates, shape (draws, 2^m)."""


@dataclass(frozen=True)
class Chances:
    """Networks that were drawn within one order.

    Attributes:
        order: the components, causes before effects.
        candidates: by component, those that may cause it.
        tables: by component, its chances.
        draws: how many networks it is.
    """

    order: Order
    candidates: Mapping[int, tuple[int, ...]]
    tables: Mapping[int, Table]
    draws: int

    def chance(self, child: int, states: Mapping[int, int]) -> NDArray[np.float64]:
        """The chance of a component to be off, given the states of all before it; by draw."""
        code = sum(states[each] << place for place, each in enumerate(self.candidates[child]))
        return self.tables[child][:, code]


def draw(network: Network, seed: int, draws: int = DRAWS) -> Iterator[Chances]:
    """Networks as likely as the nights make them, by order.

    A graph is drawn by its weight; then the chance of each component with none or one of its causes off, from
    its beta posterior (Jeffreys' prior). Several causes that are off together are mostly seen on few nights:
    their chance has the prior that each of them acts by itself (a noisy or), worth one night.

    Args:
        network: what the nights say.
        seed: of the draws.
        draws: how many.
    """
    random = np.random.default_rng(seed)
    parts = random.multinomial(draws, [each.weight for each in network.orders])
    for ordered, part in zip(network.orders, parts, strict=True):
        if part:
            families = ordered.families
            yield Chances(
                ordered.order,
                {child: family.candidates for child, family in families.items()},
                {child: _table(family, int(part), random) for child, family in families.items()},
                int(part),
            )


def _table(family: Family, draws: int, random: np.random.Generator) -> Table:
    """The chances of one component, by draw and by the states of its candidates."""
    codes = np.arange(len(family.counts))
    tables = []
    for chosen, part in zip(family.sets, random.multinomial(draws, family.weights), strict=True):
        if part:
            drawn = _drawn(marginal(family.counts, chosen), int(part), random)
            own = sum(((codes >> place) & 1) << at for at, place in enumerate(chosen))
            tables.append(drawn[:, np.broadcast_to(own, codes.shape)])
    # so that what was drawn of one component says nothing of another
    return np.asarray(random.permutation(np.concatenate(tables)))


def _drawn(counts: Counts, draws: int, random: np.random.Generator) -> Table:
    """Chances by the states of the causes, shape (draws, 2^k)."""
    found = np.empty((draws, len(counts)))
    for code in sorted(range(len(counts)), key=int.bit_count):
        normal, off = counts[code]
        if code.bit_count() <= 1:
            drawn = random.beta(off + _PRIOR, normal + _PRIOR, draws)
        else:
            expected = np.clip(_noisy_or(found, code), _APART, 1 - _APART)
            drawn = random.beta(off + expected, normal + 1 - expected)
        found[:, code] = np.clip(drawn, _LEAST, 1 - _LEAST)
    return found


def _noisy_or(found: Table, code: int) -> NDArray[np.float64]:
    """The chance if each cause that is off acts by itself."""
    spared = 1 - found[:, 0]
    left = spared.copy()
    for place in range(code.bit_length()):
        if code >> place & 1:
            left *= np.minimum((1 - found[:, 1 << place]) / np.maximum(spared, _APART), 1.0)
    return np.asarray(1 - left)


def completions(known: Sequence[int], last: int) -> Iterator[dict[int, int]]:
    """The states of all components, in every way in which those that are not known may be.

    Args:
        known: 1 off, 0 normal, -1 not known.
        last: the component that is asked about, which is off.
    """
    unknown = [each for each, state in enumerate(known) if state < 0 and each != last]
    for code in range(1 << len(unknown)):
        states = {each: int(state) for each, state in enumerate(known)} | {last: 1}
        yield states | {each: code >> place & 1 for place, each in enumerate(unknown)}


def likelihood(chances: Chances, states: Mapping[int, int]) -> NDArray[np.float64]:
    """How likely the states of all components are together; by draw."""
    found = np.ones(chances.draws)
    for child in chances.order:
        off = chances.chance(child, states)
        found *= off if states[child] else 1 - off
    return found
