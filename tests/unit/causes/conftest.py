"""Worlds with known causes, and networks that know all of them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.causes.world import World
from obs_dagster.causes.chances import Chances


def known(world: World, draws: int = 1) -> Chances:
    """The chances that really are, as if nights had taught them without any doubt."""
    candidates = {child: world.order[:place] for place, child in enumerate(world.order)}
    tables = {}
    for child, before in candidates.items():
        codes = np.arange(1 << len(before))
        spared = np.full(len(codes), 1 - world.leak[child])
        for place, cause in enumerate(before):
            spared *= np.where(codes >> place & 1, 1 - world.weight[cause, child], 1.0)
        tables[child] = np.tile(1 - spared, (draws, 1))
    return Chances(world.order, candidates, tables, draws)


@pytest.fixture(scope="session")
def chain() -> World:
    """0 -> 1 -> 3, 0 -> 2 -> 3, and each by itself now and then."""
    weight = np.zeros((4, 4))
    weight[0, 1], weight[1, 3], weight[0, 2], weight[2, 3] = 0.8, 0.7, 0.6, 0.5
    return World((0, 1, 2, 3), np.array([0.2, 0.15, 0.1, 0.05]), weight)
