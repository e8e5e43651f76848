"""What would have been had a component been as usual: chances, and how necessary it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.chances import Chances

Chance = NDArray[np.float64]


@dataclass(frozen=True)
class Without:
    """What a component's being off does to another one; by draw.

    Attributes:
        chance: of the other one to be off, with this one off and all that comes before it as it is.
        otherwise: the same, with this one as usual.
        all_the_same: the chance that the other one, which is off, would be so all the same.
    """

    chance: Chance
    otherwise: Chance
    all_the_same: Chance

    @property
    def necessity(self) -> tuple[Chance, Chance]:
        """Bounds of the probability of necessity by the two chances alone (Tian and Pearl 2000, eq. 22)."""
        low = np.maximum(0.0, (self.chance - self.otherwise) / self.chance)
        high = np.minimum(1.0, (1 - self.otherwise) / self.chance)
        return low, np.maximum(low, high)


def without(chances: Chances, states: Mapping[int, int], cause: int, last: int) -> Without:
    """What it does to a component that another one is off.

    Args:
        chances: the networks.
        states: of all components; those of both are off.
        cause: the one that is set to be as usual.
        last: the one that is asked about.
    """
    return Without(
        _intervened(chances, states, cause, last, state=1),
        _intervened(chances, states, cause, last, state=0),
        _all_the_same(chances, states, cause, last),
    )


class _Paths:
    """Chances of the states of the components between a cause and an effect, each in all ways."""

    def __init__(self, chances: Chances, states: Mapping[int, int], cause: int, state: int) -> None:
        self._chances = chances
        self._fixed = dict(states) | {cause: state}
        self.between: list[int] = []
        self.weights = np.ones((chances.draws, 1))

    def chance(self, child: int) -> NDArray[np.float64]:
        """The chance of a component to be off along every path, shape (draws, paths)."""
        paths = np.arange(self.weights.shape[1])
        codes = np.zeros(len(paths), dtype=np.int64)
        for place, each in enumerate(self._chances.candidates[child]):
            open_ = each in self.between
            state = paths >> self.between.index(each) & 1 if open_ else self._fixed[each]
            codes |= state << place
        return self._chances.tables[child][:, codes]

    def follow(self, child: int, off: NDArray[np.float64]) -> None:
        """Divide every path by the state of a component, whose chances to be off are given."""
        self.between.append(child)
        self.weights = np.concatenate([self.weights * (1 - off), self.weights * off], axis=1)


def _after(chances: Chances, cause: int, last: int) -> list[int]:
    """The components behind a cause, up to the one that is asked about."""
    order = chances.order
    return list(order[order.index(cause) + 1 : order.index(last)])


def _intervened(chances: Chances, states: Mapping[int, int], cause: int, last: int, *, state: int) -> Chance:
    """The chance of the last to be off if the cause is set; what comes before it is as it is."""
    paths = _Paths(chances, states, cause, state)
    for child in _after(chances, cause, last):
        paths.follow(child, paths.chance(child))
    return np.asarray((paths.weights * paths.chance(last)).sum(axis=1))


def _all_the_same(chances: Chances, states: Mapping[int, int], cause: int, last: int) -> Chance:
    """Abduction, action, prediction: what is not the cause's doing stays as it was (Pearl 2009, 7.1).

    A component is off where its noise, uniform between 0 and 1, lies below its chance: so no component that
    was normal gets off because a cause of it becomes less likely to make it so, and the other way round.
    """
    paths = _Paths(chances, states, cause, 0)
    for child in [*_after(chances, cause, last), last]:
        was = chances.chance(child, states)[:, None]
        would = paths.chance(child)
        if states[child]:
            off = np.minimum(1.0, would / was)
        else:
            off = np.maximum(0.0, (would - was) / np.maximum(1 - was, 1e-12))
        if child == last:
            return np.asarray((paths.weights * off).sum(axis=1))
        paths.follow(child, off)
    raise ValueError("the component that is asked about comes before its cause")
