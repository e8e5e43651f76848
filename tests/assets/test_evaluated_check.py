"""What the Dagster UI shows of days that were not evaluated."""

import datetime as dt

import dagster as dg
import pytest

from assets.data_quality import evaluated_check
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs

ONE = dt.timedelta(days=1)


@pytest.fixture
def checked(small, day):
    """The check over some days in a row: rows by what is done to them, None for no file."""

    def checked(*changes, **quality):
        world = small(quality=quality)
        found = {}
        for number, change in enumerate(changes):
            each = day + number * ONE
            if change is not None:
                world.log(each, world.rows(each, 40).assign(**change))
            ingest_logs(world.monitor, each, world.lake)
            found[each] = validate_day(world.monitor, each, world.lake)
        return evaluated_check(world.monitor, found)

    return checked


def test_days_that_were_evaluated_pass(checked):
    result = checked({}, {})
    assert (result.passed, result.description) == (True, None)


def test_a_refused_day_is_an_error_that_says_why(checked):
    result = checked({"score": 7.5})
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert result.description == (
        "2024-03-04 was NOT EVALUATED: all 40 rows broke the contract, and 5 % are tolerated: "
        "score is not between 0 and 1: 40 rows, such as 7.5"
    )


def test_of_several_days_the_last_is_told_and_the_others_are_counted(checked):
    result = checked({"score": 7.5}, {}, {"score": 7.5}, None)
    assert "2024-03-07 was NOT EVALUATED: there is no log file" in result.description
    assert result.description.endswith("(2 more days in this run)")
    assert result.metadata["days not evaluated"].value == 3


def test_a_day_without_rows_on_which_none_are_expected_passes(checked):
    assert checked({}, None, rows_expected="never").passed
    assert not checked({"score": 7.5}, rows_expected="never").passed
