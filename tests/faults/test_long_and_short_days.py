"""Days of 23 and 25 hours: every row is in exactly one day, and in the right one."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import LOGS, ingest_logs

ZONE = ZoneInfo("Europe/Berlin")
EVERY = dt.timedelta(minutes=20)


@pytest.mark.parametrize(("middle", "hours"), [(dt.date(2024, 3, 31), 23), (dt.date(2024, 10, 27), 25)])
@pytest.mark.parametrize("path", ["logs/all.parquet", "logs/{day}.parquet"])
def test_every_row_is_in_one_day(small, middle, hours, path):
    days = [middle + dt.timedelta(days=off) for off in (-1, 0, 1)]
    logs = small().monitor.logs.model_dump(exclude_none=True) | {"path": path}
    world = small(time_zone="Europe/Berlin", start=str(days[0]), logs=logs)
    first, last = (
        dt.datetime.combine(day, dt.time(), ZONE) for day in (days[0], days[2] + dt.timedelta(days=1))
    )
    times = pd.date_range(first.astimezone(dt.UTC), last.astimezone(dt.UTC), freq=EVERY, inclusive="left")
    rows = world.rows(middle, len(times)).assign(at=times)
    local = times.tz_convert(ZONE).date
    for day in days:
        world.write(f"logs/{day}.parquet", rows[local == day])
    if "{day}" not in path:
        for day in days:
            (world.root / "logs" / f"{day}.parquet").unlink()
        world.write("logs/all.parquet", rows)
    found = {}
    for day in days:
        ingest_logs(world.monitor, day, world.lake)
        assert validate_day(world.monitor, day, world.lake).quarantined == 0
        found[day] = world.lake.table("small", LOGS).read(day)["id"].to_pylist()
    assert {day: len(ids) for day, ids in found.items()} == {
        day: 3 * (hours if day == middle else 24) for day in days
    }
    assert sorted(each for ids in found.values() for each in ids) == sorted(rows["id"])
