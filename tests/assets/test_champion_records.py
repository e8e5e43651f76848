"""What the stage `performance` writes of versions beside the champion."""

import datetime as dt

from assets.champion import beside_champion
from obs_dagster.history import History

DAY = dt.date(2024, 3, 4)


def test_records_are_written_once_and_only_where_a_champion_is_named(small, tmp_path):
    world = small(windows=[1], champion="2")
    world.train("1")
    rows = world.rows(DAY, 100)
    world.log(DAY, rows)
    world.labels("1.parquet", rows, day=DAY)
    world.night(DAY)
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        assert beside_champion(world.tonight, [DAY], "sqlite:///absent.db", history) == 4
        assert beside_champion(world.tonight, [DAY], "sqlite:///absent.db", history) == 0
        found = {each.metric: each for each in history.metrics("small", first=DAY, last=DAY)}
        assert found["recall_beside_champion"].value is None
        assert found["recall_beside_champion"].reason == (
            "version 1 has no day with labels in common with version 2, its champion"
        )
        nobody = small(windows=[1]).tonight
        assert beside_champion(nobody, [DAY], "sqlite:///absent.db", history) == 0
