"""What several of these tests look at."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory, small_at):
    """Eight nights: version 2 scores the requests of version 1 in its shadow, less well; 3 has its own."""
    world = small_at(tmp_path_factory.mktemp("versus"), windows=[1])
    world.train("1", "2", "3")
    rng = np.random.default_rng(0)
    for number in range(8):
        day = dt.date(2024, 3, 4) + dt.timedelta(days=number)
        rows = world.rows(day, 250)
        late = rng.random(250) < rows["score"]
        shadow = rows.assign(model="2", score=np.clip(rows["score"] + rng.normal(0, 0.5, 250), 0, 1))
        other = world.rows(day, 250, version="3", seed=3)
        world.log(day, pd.concat([rows, shadow, other], ignore_index=True))
        known = pd.concat([rows, other], ignore_index=True)
        world.labels(f"{day}.parquet", known, day=day, late=[*late, *(rng.random(250) < other["score"])])
        world.night(day)
    return world
