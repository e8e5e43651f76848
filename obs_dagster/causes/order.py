"""What may cause what: the order of stages, and what the monitor declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, permutations, product

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.component import Component

Order = tuple[int, ...]
"""Components by number, causes before effects."""

Edge = tuple[str, str]

_MOST_ORDERS = 120
"""Of more orders, the first ones are weighed."""


@dataclass(frozen=True)
class Possible:
    """What may cause what, of some components by number.

    Attributes:
        may: whether one may be a direct cause of another, shape (causes, effects).
        declared: whether it is one for sure.
        orders: the orders that are possible.
    """

    may: NDArray[np.bool_]
    declared: NDArray[np.bool_]
    orders: Sequence[Order]


def possible_among(
    components: Sequence[Component], declared: Collection[Edge] = (), forbidden: Collection[Edge] = ()
) -> Possible:
    """What may cause what among some components.

    A component may be caused by those of earlier stages, and of its own one; what comes from outside is
    caused by none. What the monitor declares is true whatever the stages say, and moves the effect behind its
    cause.

    Args:
        components: the components.
        declared: edges that are there, without a circle among them.
        forbidden: edges that are not.
    """
    number = {each.name: place for place, each in enumerate(components)}
    sure = {(number[cause], number[effect]) for cause, effect in declared if {cause, effect} <= number.keys()}
    never = {
        (number[cause], number[effect]) for cause, effect in forbidden if {cause, effect} <= number.keys()
    }
    stages = _stages([each.stage for each in components], sure)
    size = len(components)
    may = np.zeros((size, size), dtype=bool)
    known = np.zeros((size, size), dtype=bool)
    for cause, effect in product(range(size), repeat=2):
        known[cause, effect] = (cause, effect) in sure
        by_stage = cause != effect and stages[cause] <= stages[effect] and not components[effect].outside
        may[cause, effect] = known[cause, effect] or (by_stage and (cause, effect) not in never)
    orders = [order for order, _ in zip(_orders(stages, sure), range(_MOST_ORDERS), strict=False)]
    return Possible(may, known, orders)


def _stages(stages: Sequence[int], sure: Collection[tuple[int, int]]) -> list[int]:
    """The stage of each component, none before that of what is declared to cause it."""
    found = list(stages)
    for _ in found:
        for cause, effect in sure:
            found[effect] = max(found[effect], found[cause])
    return found


def _orders(stages: Sequence[int], sure: Collection[tuple[int, int]]) -> Iterator[Order]:
    """Stage by stage, in every order of those of one stage that the declared edges leave."""
    ordered = sorted(range(len(stages)), key=lambda each: stages[each])
    groups = [list(group) for _, group in groupby(ordered, key=lambda each: stages[each])]
    ways = [
        [
            way
            for way in permutations(group)
            if all(
                way.index(cause) < way.index(effect)
                for cause, effect in sure
                if cause in group and effect in group
            )
        ]
        for group in groups
    ]
    for chosen in product(*ways):
        yield tuple(each for way in chosen for each in way)
