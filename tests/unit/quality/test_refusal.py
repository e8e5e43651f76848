import numpy as np
import pandas as pd
import pytest

from obs_dagster.quality.day import validate_day
from obs_dagster.quality.refusal import cause, fact
from obs_dagster.sources.ingest import ingest_logs

BROKEN = {
    "id": (None, "id is missing: 40 rows"),
    "model": (None, "model is missing: 40 rows"),
    "score": (63.5, "score is not between 0 and 1: 40 rows, such as 63.5"),
    "at": (
        pd.Timestamp("2024-03-09 11:00", tz="UTC"),
        "at is outside 2024-03-04 (UTC): 40 rows, such as 2024-03-09 11",
    ),
    "temp": ("mild", 'temp is not a number: 40 rows, such as "mild"'),
    "hour": (1.5, "hour is not an integer: 40 rows"),
}


@pytest.fixture
def judged(small, day):
    def judged(rows=None, **changes):
        world = small(**changes)
        if rows is not None:
            world.log(day, rows)
        ingest_logs(world.monitor, day, world.lake)
        return validate_day(world.monitor, day, world.lake)

    return judged


@pytest.mark.parametrize("column", BROKEN)
def test_a_refused_day_names_rule_column_rows_and_an_example(judged, small, day, column):
    value, told = BROKEN[column]
    rows = small().rows(day, 40)
    rows[column] = pd.Series([value] * 40, index=rows.index)
    quality = judged(rows)
    assert not quality.evaluated
    assert fact(quality.reason) == "all 40 rows broke the contract, and 5 % are tolerated"
    assert cause(quality.reason).startswith(told)


def test_a_value_of_the_wrong_type_is_not_told_as_missing_too(judged, small, day):
    rows = small().rows(day, 40).assign(score="high")
    assert cause(judged(rows).reason) == 'score is not a number: 40 rows, such as "high"'


def test_a_day_with_all_rows_in_quarantine_is_refused_whatever_is_tolerated(judged, small, day):
    rows = small().rows(day, 40).assign(score=-1.0)
    quality = judged(rows, quality={"max_quarantined_share": 1})
    assert fact(quality.reason) == "all 40 rows broke the contract, and none is left to evaluate"
    one_left = rows.assign(score=np.where(np.arange(40) == 7, 0.5, -1.0))
    assert judged(one_left, quality={"max_quarantined_share": 1}).evaluated


@pytest.mark.parametrize(("broken", "share"), [(51, "5.1 %"), (50, None)])
def test_a_share_is_told_from_what_is_tolerated(judged, small, day, broken, share):
    rows = small().rows(day, 1_000)
    quality = judged(rows.assign(score=np.where(np.arange(1_000) < broken, 2.0, 0.5)))
    assert quality.evaluated == (share is None)
    if share:
        assert f"({share})" in fact(quality.reason)


@pytest.mark.parametrize("found", ["Score", " score", "scores"])
def test_a_lost_column_says_which_one_may_be_meant(judged, small, day, found):
    quality = judged(small().rows(day, 40).rename(columns={"score": found}))
    assert fact(quality.reason) == "the log has no column score"
    assert f"score may be {found}" in cause(quality.reason)


def test_rows_of_utc_days_are_suspected_where_the_day_is_local(judged, small, day):
    hours = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(24), unit="h")
    logs = small().monitor.logs.model_dump(mode="json", exclude_none=True)
    rows = small().rows(day, 24).assign(at=hours)
    quality = judged(rows, time_zone="Australia/Sydney", logs=logs | {"day_of": "path"})
    assert cause(quality.reason).endswith("correct time_zone or set logs.day_of: time")
