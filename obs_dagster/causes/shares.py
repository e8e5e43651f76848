"""Whose doing it is that a component is off, and where that began: shares that add up to one.

The chance that a component is off is divided among its causes that are off and itself, by Shapley's value.
What the chance would be if it never went off by itself follows from that with all causes normal, as if both
were independent. Where all causes act independently (a noisy or), a share is the chance that this is what
made the component go off, with what acts at once drawn with equal chance. Handed on from component to cause,
shares say where it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.chances import Chances

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Traced:
    """Where it began, and what led to what; by draw.

    Attributes:
        origins: the share of each component as the beginning, shape (draws, components).
        links: by effect that is off and cause that is off, the cause's share of the effect.
        own: by component that is off, the share that is nobody else's.
    """

    origins: Shares
    links: Mapping[tuple[int, int], Shares]
    own: Mapping[int, Shares]


def trace(chances: Chances, states: Mapping[int, int], last: int) -> Traced:
    """Where it began that a component is off.

    Args:
        chances: the networks.
        states: of all components; that of `last` is off.
        last: the component that is asked about.
    """
    size = len(chances.order)
    held = np.zeros((chances.draws, size))
    held[:, last] = 1.0
    origins = np.zeros_like(held)
    links: dict[tuple[int, int], Shares] = {}
    alone: dict[int, Shares] = {}
    for child in reversed(chances.order[: chances.order.index(last) + 1]):
        if not states[child]:
            continue
        of_causes, own = divided(chances, states, child)
        alone[child] = own
        origins[:, child] = held[:, child] * own
        for cause, share in of_causes.items():
            links[child, cause] = share
            held[:, cause] += held[:, child] * share
    return Traced(origins, links, alone)


def divided(chances: Chances, states: Mapping[int, int], child: int) -> tuple[dict[int, Shares], Shares]:
    """The share of each cause that is off, and the component's own; by draw, they add up to one.

    A cause that makes being off less likely has no share.
    """
    places = {each: place for place, each in enumerate(chances.candidates[child]) if states[each]}
    causes, table = list(places), chances.tables[child]
    size = len(causes) + 1
    weights = [factorial(others) * factorial(size - others - 1) / factorial(size) for others in range(size)]
    found = {cause: np.zeros(chances.draws) for cause in causes}
    own = np.zeros(chances.draws)
    for subset in range(1 << len(causes)):
        taken = [cause for at, cause in enumerate(causes) if subset >> at & 1]
        code = sum(1 << places[cause] for cause in taken)
        with_own, without_own = _by_itself(table, code)
        own += weights[len(taken)] * (with_own - without_own)
        for cause in causes:
            if cause not in taken:
                more, caused = _by_itself(table, code | 1 << places[cause])
                found[cause] += weights[len(taken)] * (caused - without_own)
                found[cause] += weights[len(taken) + 1] * (more - with_own)
    parts = {cause: np.maximum(part, 0.0) for cause, part in found.items()}
    own = np.maximum(own, 0.0)
    total = own + sum(parts.values(), np.zeros(chances.draws))
    return {cause: part / total for cause, part in parts.items()}, own / total


def _by_itself(table: Shares, code: int) -> tuple[Shares, Shares]:
    """The chance with some causes off, and what is left of it if the component never went off by itself."""
    alone, chance = table[:, 0], table[:, code]
    return chance, np.maximum(chance - alone, 0.0) / (1 - alone)
