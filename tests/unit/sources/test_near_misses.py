"""Labels that wait for their prediction are told with why they may not match."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels

ONE = dt.timedelta(days=1)
UUID = "{:08d}-0000-4000-8000-00000000000A"


@pytest.fixture
def waiting(small, day):
    """What is said of labels with some ids, of predictions with others."""

    def run(logged, labelled, **changes):
        world = small(**changes)
        world.log(day, world.rows(day, len(logged)).assign(id=logged))
        ingest_logs(world.monitor, day, world.lake)
        world.write("labels/a.csv", pd.DataFrame({"id": labelled, "late": 1}))
        return ingest_labels(world.monitor, world.lake).book.waiting

    labels = {"source": "csv", "path": "labels/*.csv", "columns": {"prediction_id": "id", "label": "late"}}
    return lambda logged, labelled, **changes: run(logged, labelled, **{"labels": labels} | changes)


@pytest.mark.parametrize(
    ("logged", "labelled", "why"),
    [
        ("r17", " r17", "without the blanks around them"),
        ("r17", "r17\t", "without the blanks around them"),
        ("r17", "R17", "in another case"),
        ("17", "00017", "without zeros at the beginning"),
        ("0017", "17", "without zeros at the beginning"),
        ("123", "123.00", "as numbers, such as 123 for 123.00 or 1.23e2"),
        ("123", "1.23e2", "as numbers, such as 123 for 123.00 or 1.23e2"),
        (UUID.format(1), "{" + UUID.format(1) + "}", "without dashes, braces and the like"),
        ("a-17-b", "a_17_B", "without dashes, braces and the like"),
        ("ab-12-cd", "AB12CD", "without dashes, braces and the like"),
        ("1710", "17-10", "without dashes, braces and the like"),
        ("17", "order-17", "without what stands before a mark"),
        (UUID.format(1), "req_" + UUID.format(1), "without what stands before a mark"),
        ("eu/17", "17", "without what stands before a mark"),
    ],
)
def test_ids_in_another_form_are_told_with_an_example(waiting, logged, labelled, why):
    found = waiting([logged, "another"], [labelled, "nobody's"])
    assert found.why == {why: 1}
    assert found.alike == {why: [labelled, logged]}
    assert f"1 of 2 that were looked at match {why}, such as {labelled!r} for {logged!r}." in str(found)
    told = found.told(with_ids=False)
    assert f"match {why}." in told
    assert logged not in told.replace(why, "")


def test_each_label_is_counted_once(waiting):
    found = waiting(["r1", "r2"], [" r1", " R2"])
    assert found.why == {"without the blanks around them": 1, "without dashes, braces and the like": 1}


def test_ids_that_both_have_a_prefix_are_others(waiting):
    assert waiting(["order-17"], ["refund-17"]).why == {}


@pytest.mark.parametrize(("logged", "labelled"), [("11-0", "1-10"), ("2024/1/11", "2024/11/1")])
def test_dashes_at_other_places_make_other_ids(waiting, logged, labelled):
    assert waiting([logged], [labelled]).why == {}


def test_a_row_that_has_its_label_is_no_other_label_s(waiting):
    # `1/10` is of a day that has not been run, and no other spelling of `11/0`
    found = waiting(["11/0", "11/1"], ["11/0", "11/1", "1/10"])
    assert (found.labels, found.why, found.compared) == (1, {}, 1)


def test_where_nothing_is_alike_the_day_may_be_to_come(waiting):
    found = waiting(["r1"], ["zzz"])
    assert (found.why, found.compared) == ({}, 1)
    assert "has their day been run?" in str(found)


def test_one_of_several_columns_may_differ(small, day):
    columns = {"keys": {"id": "id", "date": "{day}"}, "label": "late"}
    world = small(labels={"source": "csv", "path": "labels/*.csv", "columns": columns})
    world.log(day, world.rows(day, 1).assign(id="r1"))
    ingest_logs(world.monitor, day, world.lake)
    labels = pd.DataFrame({"id": ["r1", "r2"], "date": [day + ONE, day], "late": 1})
    world.write("labels/a.csv", labels)
    found = ingest_labels(world.monitor, world.lake).book.waiting
    assert found.why == {"of another day": 1, "with another id": 1}
    assert found.alike["of another day"] == [f"r1, {day + ONE}", f"r1, {day}"]


def test_personal_ids_are_not_shown(waiting, small):
    logs = small().monitor.logs.model_dump(exclude_none=True) | {"pii": ["id"]}
    found = waiting(["r17"], ["R17"], logs=logs)
    assert (found.why, found.alike) == ({"in another case": 1}, {})
    assert found.ids == [pseudonym("R17")]
