"""How well the nights speak for a set of causes: the marginal likelihood of counts, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

MOST_CAUSES = 3
"""So many components cause another one directly at most, beside those that the monitor declares."""

Counts = NDArray[np.float64]

Score = Callable[[Counts], float]
"""How well counts speak for their causes; the larger, the better."""


def k2(counts: Counts) -> float:
    """The logarithm of the marginal likelihood of a component given its causes.

    Before any night every chance is as likely as every other: Cooper and Herskovits 1992, theorem 1;
    `pgmpy.structure_score.K2.local_score`. BDeu would prefer causes of what hardly ever happens.

    Args:
        counts: nights by the states of the causes and the component's own (normal, off), shape (2^k, 2).
    """
    return float(gammaln(1 + counts).sum() - gammaln(counts.shape[1] + counts.sum(axis=1)).sum())


def marginal(counts: Counts, chosen: Sequence[int]) -> Counts:
    """The counts by the states of some of the causes alone.

    Args:
        counts: nights by the states of all possible causes, the first in the lowest bit, shape (2^m, 2).
        chosen: the places of those that are kept, ascending.
    """
    possible = len(counts).bit_length() - 1
    # the first axis is the highest bit
    cube = counts.reshape((2,) * possible + (2,))
    kept = {possible - 1 - place for place in chosen}
    dropped = tuple(axis for axis in range(possible) if axis not in kept)
    return np.asarray(cube.sum(axis=dropped)).reshape(-1, 2)


def sets_of_causes(possible: int, declared: Sequence[int]) -> list[tuple[int, ...]]:
    """Every set of causes that is tried: those that are declared, and up to `MOST_CAUSES` of the others.

    Args:
        possible: how many components may be causes.
        declared: the places of those that are causes for sure.
    """
    others = [place for place in range(possible) if place not in declared]
    room = max(MOST_CAUSES - len(declared), 0)
    return [
        tuple(sorted((*declared, *more)))
        for size in range(min(room, len(others)) + 1)
        for more in combinations(others, size)
    ]


def log_prior(chosen: Sequence[int], possible: int, declared: int) -> float:
    """Before any night: every number of causes is as likely, and every set of that number (Koivisto 2004)."""
    others = possible - declared
    sizes = min(max(MOST_CAUSES - declared, 0), others) + 1
    return -log(sizes) - log(comb(others, len(chosen) - declared))
