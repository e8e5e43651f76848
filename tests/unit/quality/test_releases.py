"""Rows that broke a rule and are evaluated because a person said so; and what is kept of the others."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.quality.day import validate_day
from obs_dagster.quality.purge import purge_quarantine
from obs_dagster.quality.releases import ReleaseError, release, releases_of, withdraw
from obs_dagster.quality.tally import tally
from obs_dagster.quality.validated import QUARANTINE, clean_rows, day_quality
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

NOW = dt.datetime(2024, 3, 6, tzinfo=dt.UTC)
HOT = "temp is outside [-50, 50]"
MISTYPED = "hour is not an integer"


@pytest.fixture
def world(small, day):
    """200 rows of two versions: 4 too hot, 3 with an hour that is none, 1 of them also hot, 2 without id."""
    found = small(
        features={
            "temp": {"type": "number", "min": -50, "max": 50},
            "hour": {"type": "integer", "nullable": False},
            "carrier": {"type": "category"},
        },
        quality={"max_quarantined_share": 0.5},
    )
    rows = pd.concat([found.rows(day, 100, version=version) for version in ("1", "2")], ignore_index=True)
    rows["hour"] = rows["hour"].astype(object)
    rows.loc[[0, 1, 100, 101], "temp"] = 99.0
    rows.loc[[1, 2, 102], "hour"] = "noon"
    rows.loc[[50, 150], "id"] = None
    rows["hour"] = rows["hour"].astype(str)
    found.log(day, rows)
    ingest_logs(found.monitor, day, found.lake)
    validate_day(found.monitor, day, found.lake)
    return found


def let_in(world, day, rule, **of):
    [made] = release(
        world.monitor, world.lake, rules=[rule], first=day, last=day, by="ann", comment="sound", now=NOW, **of
    )
    return made


def evaluated(world, day):
    with connect() as connection:
        return len(clean_rows(connection, world.monitor, [day], world.lake).fetchall())


def counted(world, day):
    found = {}
    for each in tally(world.monitor, world.lake, day, day):
        found[each.rule] = found.get(each.rule, 0) + each.rows
    return found


def test_what_is_in_quarantine_is_counted_by_rule_and_column(world, day):
    assert counted(world, day) == {
        HOT: 4,
        MISTYPED: 3,
        "hour is missing": 3,
        "id is missing": 2,
    }
    by = {
        (each.version, each.rule): (each.column, each.rows)
        for each in tally(world.monitor, world.lake, day, day)
    }
    assert by["1", MISTYPED] == ("hour", 2)
    assert by["2", HOT] == ("temp", 2)
    assert evaluated(world, day) == 192


def test_released_rows_are_evaluated_and_those_that_broke_another_rule_are_not(world, day):
    let_in(world, day, HOT)
    found = validate_day(world.monitor, day, world.lake)
    assert found.released == {HOT: 4}
    assert HOT not in found.broken_rules
    assert found.quarantined == 5  # the hot one with a wrong hour is still among them
    assert evaluated(world, day) == 195


def test_of_one_version_alone(world, day):
    let_in(world, day, HOT, versions=["2"])
    found = validate_day(world.monitor, day, world.lake)
    assert (found.released, found.broken_rules[HOT]) == ({HOT: 2}, 2)


def test_a_value_of_a_wrong_type_is_evaluated_as_one_that_is_not_there(world, day):
    let_in(world, day, MISTYPED)
    found = validate_day(world.monitor, day, world.lake)
    assert found.released == {MISTYPED: 3}
    assert counted(world, day) == {HOT: 4, "id is missing": 2}
    with connect() as connection:
        hours = clean_rows(connection, world.monitor, [day], world.lake).project("hour").fetchall()
    assert sum(hour is None for (hour,) in hours) == 2


def test_a_day_that_was_refused_is_evaluated_when_its_rows_are_released(world, day):
    world.changes["quality"] = {"max_quarantined_share": 0.01}
    assert not validate_day(world.monitor, day, world.lake).evaluated
    for rule in (HOT, MISTYPED):
        let_in(world, day, rule)
    found = validate_day(world.monitor, day, world.lake)
    assert (found.evaluated, found.quarantined) == (True, 2)


def test_a_withdrawn_release_is_as_if_it_had_never_been(world, day):
    before = day_quality(world.monitor, day, world.lake)
    made = let_in(world, day, HOT)
    validate_day(world.monitor, day, world.lake)
    withdraw("small", world.lake, made.id, by="bob", now=NOW)
    assert validate_day(world.monitor, day, world.lake) == before
    [kept] = releases_of("small", world.lake)
    assert (kept.by, kept.comment, kept.withdrawn_by) == ("ann", "sound", "bob")
    with pytest.raises(ReleaseError, match="is in force"):
        withdraw("small", world.lake, made.id, by="bob", now=NOW)


@pytest.mark.parametrize(
    "rule", ["id is missing", "model is missing", "score is not between 0 and 1", "score is not a number"]
)
def test_what_evaluation_cannot_do_without_is_never_released(world, day, rule):
    with pytest.raises(ReleaseError, match="cannot be released"):
        let_in(world, day, rule)
    assert releases_of("small", world.lake) == []


def test_a_release_is_of_its_days_alone(world, day):
    let_in(world, day + dt.timedelta(days=1), HOT)
    assert validate_day(world.monitor, day, world.lake).released == {}


@pytest.mark.parametrize("damaged", ["{", "[]", '{"id": 1}', ""])
def test_a_damaged_release_lets_nothing_in_and_stops_nothing(world, day, damaged):
    let_in(world, day, HOT)
    [file] = (world.root / "lake/small/releases").iterdir()
    file.write_text(damaged)
    found = validate_day(world.monitor, day, world.lake)
    assert (found.released, found.broken_rules[HOT]) == ({}, 4)


def test_rules_are_released_together_or_not_at_all(world, day):
    with pytest.raises(ReleaseError, match="id is missing"):
        release(
            world.monitor,
            world.lake,
            rules=[HOT, "id is missing"],
            first=day,
            last=day,
            by="ann",
            comment="sound",
            now=NOW,
        )
    assert releases_of("small", world.lake) == []


def test_why_a_purged_day_was_refused_is_said_without_a_value(world, day):
    world.changes["quality"] = {"max_quarantined_share": 0.0}
    assert "99" in validate_day(world.monitor, day, world.lake).reason
    purge_quarantine(world.monitor, world.lake, [day])
    for _ in range(2):
        reason = day_quality(world.monitor, day, world.lake).reason
        assert "99" not in reason
        assert "noon" not in reason
        assert f"{HOT}: 4 rows" in reason
        validate_day(world.monitor, day, world.lake)


def test_a_purged_quarantine_says_how_many_and_why_and_nothing_of_the_rows(world, day):
    before = evaluated(world, day)
    assert purge_quarantine(world.monitor, world.lake, [day, day + dt.timedelta(days=1)]) == 8
    assert purge_quarantine(world.monitor, world.lake, [day]) == 0
    for _ in range(2):
        rows = world.lake.table("small", QUARANTINE).read(day)
        assert rows.column_names == ["_obs_row", "_obs_rules"]
        assert evaluated(world, day) == before
        assert sum(each.rows for each in tally(world.monitor, world.lake, day, day)) == 12
        text = str(day_quality(world.monitor, day, world.lake))
        assert "99.0" not in text
        assert "noon" not in text
        # a day that is validated again keeps nothing either
        assert validate_day(world.monitor, day, world.lake).quarantined == 8
