"""Days whose outcomes were counted anew by a run that was killed before it stored what follows from them."""

import datetime as dt

import pytest

from obs_dagster.evaluation.owed import digests, owed_days, settle
from obs_dagster.evaluation.profiling import reduce_outcomes_of, stale_outcomes


@pytest.fixture
def world(small, day):
    """A day that was evaluated without labels, and its labels, which have come since."""
    world = small()
    world.train("1")
    rows = world.rows(day)
    world.log(day, rows)
    world.night(day)
    assert owed_days(world.tonight, set()) == set()
    world.labels("late.parquet", rows, day=day)
    return world


def test_a_day_is_owed_until_its_records_are_stored(world, day):
    world.night(day)
    # killed here, before anything was stored: nothing is stale any more
    night = world.tonight
    assert stale_outcomes(night, [day]) == set()
    assert owed_days(night, set()) == {day}
    settle(night, digests(night, [day]))
    assert owed_days(night, set()) == set()


def test_outcomes_that_change_while_records_are_stored_are_owed_again(world, day):
    night = world.tonight
    before = digests(night, [day])
    world.night(day)
    settle(night, before)
    assert owed_days(night, set()) == {day}


def test_a_lake_without_a_ledger_begins_with_what_there_is(world, day):
    world.night(day)
    (world.lake.root / "small" / "performance" / "evaluated.json").unlink()
    other = day + dt.timedelta(days=1)
    world.log(other)
    world.night(other)
    night = world.tonight
    assert owed_days(night, {other}) == set()
    # one that was about to change has to prove itself
    list(reduce_outcomes_of(night, [other]))
    assert owed_days(night, set()) == {other}
