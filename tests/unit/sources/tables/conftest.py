import datetime as dt
from dataclasses import replace

import pytest

from obs_dagster.monitor.model import Monitor
from tests.tables import arrow

ONE = dt.timedelta(days=1)


@pytest.fixture
def logged(small, tables, day):
    """Makes a small world with a table of the log's rows of three days, a file each; and what writes it."""

    def make(kind, bucket=None, *, days=3, rows=20, shape=lambda table: table, **keys):
        world = small() if bucket is None else small().moved_to(bucket)
        made = tables(kind, world.bucket or world.root)
        for number in range(days):
            table = shape(arrow(world.rows(day + number * ONE, rows)))
            (made.append if number else made.create)("log", table)
        logs = world.keys["logs"] | made.keys("log") | keys
        return replace(world, changes=world.changes | {"logs": logs}), made

    return make


@pytest.fixture
def pinned_at():
    """The monitor of a world with other keys of its log."""

    def change(world, **keys):
        logs = world.monitor.model_dump(exclude_unset=True)["logs"] | keys
        return Monitor.model_validate(
            world.keys | world.changes | {"logs": logs}, context=world.root / "m.yaml"
        )

    return change
