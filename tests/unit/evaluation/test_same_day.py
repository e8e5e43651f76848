"""Two versions on one day: the split whose mix is evened out, and what is said where there is none."""

import numpy as np
import pytest

from obs_dagster.evaluation.same_day import compared_on, same_day, way_of
from obs_dagster.tasks.binary.compared import COMPARED

ACCURACY = COMPARED["accuracy"]


def judged(**columns):
    """What labelled rows of a version come to by split and cell; a fifth of them is decided wrongly."""

    def of(rows):
        return np.array([0.4, 0.1, 0.1, 0.4]) * rows

    cells = {
        (column,): {f"{column}={value}": of(rows) for value, rows in of_column.items()}
        for column, of_column in columns.items()
    }
    return cells | {(): {"*": of(sum(next(iter(columns.values())).values()))}}


def day(first, second):
    found = same_day({"1": judged(**first), "2": judged(**second)}, "1", "2", ACCURACY)
    assert found is not None
    return found


ALIKE = {"plan": {"free": 60, "pro": 40}, "region": {"north": 50, "south": 50}}
NORTH = {"plan": {"free": 30, "pro": 70}, "region": {"north": 98, "south": 2}}
SOUTH = {"plan": {"free": 60, "pro": 40}, "region": {"south": 100}}


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            ALIKE,
            {"plan": {"free": 100}, "region": {"north": 50, "south": 50}},
            "with the mix of region evened",
        ),
        (ALIKE, ALIKE, "on the same days, with the mix of region evened out"),
        (
            NORTH,
            SOUTH,
            "on the same days, with the mix of plan evened out, though they got other values of region",
        ),
        (
            {"region": {"north": 80}},
            {"region": {"south": 90}},
            "on the same days, though they got other values",
        ),
    ],
)
def test_what_was_evened_out_and_what_could_not_be_is_named(first, second, told):
    assert told in compared_on([day(first, second)])


def test_days_count_together():
    # four rows a day of a value are too few for its mix, but not for knowing that both versions get it
    few = {"city": dict.fromkeys("abcde", 4)}
    days = [day(few, few)] * 3
    assert way_of(days) == "same days"
    assert compared_on(days) == "on the same days"


def test_what_is_evened_out_on_some_days_alone_is_not_said_to_be():
    days = [day(ALIKE, ALIKE), day(NORTH, SOUTH)]
    assert days[0].evened != days[1].evened
    assert compared_on(days) == "on the same days"
