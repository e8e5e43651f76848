"""What changed in the columns of a log from one day to the next."""

import datetime as dt

import pytest

from obs_dagster.quality.schema_events import events_of_day, schema_events
from obs_dagster.sources.ingest import ingest_logs

ONE = dt.timedelta(days=1)


def told(before, now):
    return [str(event) for event in schema_events(before, now)]


def test_columns_that_stay_are_no_event():
    assert told({"a": "DOUBLE", "b": "VARCHAR"}, {"b": "VARCHAR", "a": "DOUBLE"}) == []


@pytest.mark.parametrize(
    ("before", "now", "events"),
    [
        ({"a": "DOUBLE"}, {"a": "DOUBLE", "b": "VARCHAR"}, ["b came (VARCHAR)"]),
        ({"a": "DOUBLE", "b": "VARCHAR"}, {"a": "DOUBLE"}, ["b went (VARCHAR)"]),
        ({"a": "DOUBLE"}, {"a": "VARCHAR"}, ["a is VARCHAR, and was DOUBLE"]),
        # a column without any value has no type of its own
        ({"a": "DOUBLE"}, {"a": '"NULL"'}, []),
        (
            {"user_age": "BIGINT", "x": "BIGINT"},
            {"UserAge": "BIGINT", "y": "BIGINT"},
            [
                "user_age seems to be called UserAge now: the names are alike, and the type is the same",
                "x went (BIGINT)",
                "y came (BIGINT)",
            ],
        ),
        (
            {"age": "BIGINT"},
            {"years": "BIGINT"},
            ["age seems to be called years now: one of BIGINT went and one came, and the type is the same"],
        ),
        # alike, but not of one type
        ({"age": "BIGINT"}, {"age_": "VARCHAR"}, ["age went (BIGINT)", "age_ came (VARCHAR)"]),
        ({"a1": "DOUBLE", "a2": "DOUBLE"}, {}, ["a1 went (DOUBLE)", "a2 went (DOUBLE)"]),
    ],
)
def test_what_happened_is_said(before, now, events):
    assert told(before, now) == events


def test_a_day_is_compared_with_the_last_one_that_had_rows(small, day):
    world = small()
    days = [day + ONE * since for since in range(4)]
    rows = {each: world.rows(each, 20) for each in days}
    rows[days[2]] = rows[days[2]].assign(channel="web")
    rows[days[3]] = rows[days[3]].assign(channel="web").rename(columns={"temp": "temp_c"})
    for each in days:
        if each != days[1]:  # no rows on that day
            world.log(each, rows[each])
        ingest_logs(world.monitor, each, world.lake)
    found = [events_of_day(world.monitor, each, world.lake) for each in days]
    assert [(each.since, [str(event) for event in each.events]) for each in found] == [
        (None, []),
        (None, []),
        (days[0], ["channel came (VARCHAR)"]),
        (
            days[2],
            ["temp seems to be called temp_c now: the names are alike, and the type is the same"],
        ),
    ]
    assert str(found[2]) == f"Since {days[0]}, columns changed: channel came (VARCHAR)"
