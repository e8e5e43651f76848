"""Worlds whose components cause each other in a known way, and their nights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.causes.component import Component
from obs_dagster.causes.order import Order, possible_among
from obs_dagster.causes.states import Nights
from obs_dagster.monitor.component import COMPONENTS

FIRST = dt.date(2024, 1, 1)


def observed() -> list[Component]:
    """The components of a night in the order of their stages, but what is made of them."""
    return sorted((each for each in COMPONENTS.all().values() if not each.ends), key=lambda each: each.stage)


@dataclass(frozen=True)
class Drawn:
    """Nights with all that made them.

    Attributes:
        states: 1 where a component is off, shape (nights, components).
        own: whether it went off by itself.
        acts: whether one acts on another if it is off, shape (nights, causes, effects).
    """

    states: np.ndarray
    own: np.ndarray
    acts: np.ndarray


@dataclass(frozen=True)
class World:
    """A world: each component goes off by itself, or because of another one, independently of all others.

    Attributes:
        order: the components, causes before effects.
        leak: the chance of each to go off by itself.
        weight: the chance of each to make another one go off, shape (causes, effects).
        lasts: the chance that what has gone off by itself does so on the next night too.
    """

    order: Order
    leak: np.ndarray
    weight: np.ndarray
    lasts: float = 0.0

    @classmethod
    def draw(cls, random: np.random.Generator, *, edges: float = 1.3, lasts: float = 0.0) -> World:
        """A world within the order of the stages.

        Args:
            random: draws it.
            edges: how many causes a component has on average, as far as there are so many before it.
            lasts: as the world has it.
        """
        possible = possible_among(observed())
        order = possible.orders[random.integers(len(possible.orders))]
        size = len(order)
        weight = np.zeros((size, size))
        for place, effect in enumerate(order):
            causes = [each for each in order[:place] if possible.may[each, effect]]
            for cause in causes:
                if random.random() < edges / len(causes):
                    weight[cause, effect] = random.uniform(0.5, 0.95)
        return cls(order, random.uniform(0.015, 0.06, size), weight, lasts)

    def nights(self, random: np.random.Generator, number: int) -> Drawn:
        """Nights of the world."""
        size = len(self.order)
        own = random.random((number, size)) < self.leak
        for night in range(1, number):
            own[night] |= own[night - 1] & (random.random(size) < self.lasts)
        acts = random.random((number, size, size)) < self.weight
        return Drawn(self.settled(own, acts), own, acts)

    def settled(self, own: np.ndarray, acts: np.ndarray, normal: int | None = None) -> np.ndarray:
        """What goes off, of what goes off by itself and acts on others; one may be kept normal."""
        states = np.zeros(own.shape, dtype=np.int8)
        for child in self.order:
            caused = (states.astype(bool) & acts[:, :, child]).any(axis=1)
            states[:, child] = 0 if child == normal else own[:, child] | caused
        return states

    def origin(self, drawn: Drawn, night: int, last: int, random: np.random.Generator) -> int:
        """Where it began that a component is off: of what acts at once, each is as likely as the others."""
        child = last
        while True:
            acts = drawn.states[night].astype(bool) & drawn.acts[night, :, child]
            acting = [int(each) for each in np.flatnonzero(acts)]
            found = [*acting, *([child] if drawn.own[night, child] else [])]
            chosen = found[random.integers(len(found))]
            if chosen == child:
                return child
            child = chosen

    def all_the_same(self, drawn: Drawn, night: int, cause: int, last: int) -> bool:
        """Whether a component would be off all the same had another one been normal."""
        row = slice(night, night + 1)
        return bool(self.settled(drawn.own[row], drawn.acts[row], normal=cause)[0, last])

    def chance(self, states: Sequence[int], cause: int, last: int, state: int) -> float:
        """The chance of a component to be off if another is set, and what comes before that is as it is."""
        paths = {tuple(int(each) for each in states): 1.0}
        start = self.order.index(cause)
        paths = {_with(path, cause, state): weight for path, weight in paths.items()}
        for child in self.order[start + 1 : self.order.index(last) + 1]:
            following: dict[tuple[int, ...], float] = {}
            for path, weight in paths.items():
                spared = 1 - self.leak[child]
                for each in self.order[: self.order.index(child)]:
                    spared *= 1 - self.weight[each, child] * path[each]
                for off, part in ((1, 1 - spared), (0, spared)):
                    key = _with(path, child, off)
                    following[key] = following.get(key, 0.0) + weight * part
            paths = following
        return float(sum(weight for path, weight in paths.items() if path[last]))


def _with(path: tuple[int, ...], place: int, state: int) -> tuple[int, ...]:
    return (*path[:place], state, *path[place + 1 :])


def as_nights(states: np.ndarray) -> Nights:
    """Nights as the store would have them, one a day."""
    components = observed()
    days = [FIRST + dt.timedelta(days=night) for night in range(len(states))]
    return Nights(components, days, states.astype(np.int8), {}, {})


def nights_with_trouble(states: np.ndarray, after: int) -> Iterator[tuple[int, int]]:
    """The nights after some on which a component is off that others may cause, each with the last of them."""
    components = observed()
    for night in range(after, len(states)):
        off = [
            each for each in range(len(components)) if states[night, each] and not components[each].outside
        ]
        if off and states[night].sum() > 1:
            yield night, off[-1]
