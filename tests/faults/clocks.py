"""A machine whose clock jumps: moments are not what is counted by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from tests.faults.case import Case
from tests.faults.laboratory import QUIET, Laboratory
from tests.faults.processes import apart
from tests.faults.world import NIGHT, evaluate, send

WITH_MOMENTS = ("lake small/mlflow",)
"""What says when it was written."""

_JUMPS = (dt.timedelta(days=400), dt.timedelta(hours=-5), dt.timedelta(days=-400))


def cases() -> Iterator[Case]:
    """A clock that is ahead and back again, and the other way round; with a sender that dies meanwhile."""
    for jump in _JUMPS:
        yield Case("clocks", f"wrong by {jump}", partial(_wrong, jump))
        yield Case("clocks", f"wrong by {jump} while a sender dies", partial(_dies, jump))


def _wrong(jump: dt.timedelta, laboratory: Laboratory) -> int:
    wrong = replace(laboratory.put_back(QUIET), clock=jump)
    laboratory.well(partial(_night, wrong))
    # the same night once more, now that the clock is right
    laboratory.complete(without=WITH_MOMENTS)
    return 1


def _dies(jump: dt.timedelta, laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)
    laboratory.well(partial(evaluate, world, [NIGHT]))
    apart(partial(send, replace(world, clock=jump)), world.root, kill_at=1)
    laboratory.complete(repeated=1)
    return 1


def _night(world) -> None:
    evaluate(world, [NIGHT])
    send(world)
