"""Two processes at once on the same day, and on ranges of days that overlap."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations_with_replacement

from tests.faults.case import Case
from tests.faults.laboratory import FRESH, RANGE, Laboratory, labelled
from tests.faults.processes import start
from tests.faults.world import FIRST, NIGHT, World, days, evaluate, publish, send

IN_ANOTHER_ORDER = (
    "history metric_history",
    "history alert_events",
    "history outbox",
    "history deliveries",
    "taken",
    "lake small/mlflow",
)
"""What tells in which order days were evaluated: an alert that began on a day goes on with the next."""

_RANGES = [(first, last) for first in range(3) for last in range(first, 3)]


def cases(number: int) -> Iterator[Case]:
    """Pairs of ranges of the three days that have a day in common, over and over with other beginnings."""
    pairs = [
        (one, other)
        for one, other in combinations_with_replacement(_RANGES, 2)
        if max(one[0], other[0]) <= min(one[1], other[1])
    ]
    for count in range(number):
        one, other = pairs[count % len(pairs)]
        yield Case("ranges", f"{one} beside {other}, {count}", partial(_beside, one, other, count))


def _beside(one: tuple[int, int], other: tuple[int, int], count: int, laboratory: Laboratory) -> int:
    laboratory.prepare_range()
    world = laboratory.put_back(FRESH)
    labelled(world)
    chance = random.Random(count)  # noqa: S311  nothing secret
    all_days = days(FIRST, NIGHT)
    running = []
    for first, last in (one, other):
        running.append(start(partial(_together, world, all_days[first : last + 1]), world.root))
        time.sleep(chance.random() * 0.5)
    for each in running:
        laboratory.must_be_told(each.ended())
    laboratory.well(partial(_alone, world, all_days))
    laboratory.hold(without=IN_ANOTHER_ORDER, against=RANGE)
    return 1


def _together(world: World, wanted: Sequence) -> None:
    evaluate(world, wanted)
    send(world)
    publish(world, wanted)


def _alone(world: World, wanted: Sequence) -> None:
    evaluate(world, wanted)
    send(world, attempt=1)
    publish(world, wanted)
