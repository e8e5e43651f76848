import datetime as dt

import pandas as pd

from obs_dagster.evaluation.log_records import quality_records, rows_before
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.rows_of_days import rows_of_days
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.sources.ingest import ingest_logs


def test_rows_of_days_are_those_that_were_read_as_validation_counted_them(small, day):
    world = small()
    days = [day + dt.timedelta(days=number) for number in range(4)]
    for number, each in enumerate(days):
        rows = world.rows(each, 20 + number)
        # repeated rows are rows of the log
        world.log(each, pd.concat([rows, rows.head(3)]) if number == 1 else rows)
        ingest_logs(world.monitor, each, world.lake)
        validate_day(world.monitor, each, world.lake)
    found = rows_of_days(world.monitor, day, days[-1], world.lake)
    assert found == [(days[0], 20), (days[1], 24), (days[2], 22), (days[3], 23)]
    assert rows_of_days(world.monitor, days[1], days[2], world.lake) == found[1:3]
    # what was found anew is told anew, and what is damaged is not guessed
    world.log(days[0], world.rows(days[0], 7))
    ingest_logs(world.monitor, days[0], world.lake)
    validate_day(world.monitor, days[0], world.lake)
    world.lake.table(world.monitor.model, QUARANTINE).path(days[2]).write_bytes(b"damaged")
    assert rows_of_days(world.monitor, day, days[-1], world.lake) == [(days[0], 7), found[1], found[3]]


def test_a_day_is_held_against_nights_more_than_a_week_before(small, day):
    world = small()
    ends = {back: day - dt.timedelta(days=back) for back in (7, 8, 63, 64)}
    for back, each in ends.items():
        world.log(each, world.rows(each, back))
        ingest_logs(world.monitor, each, world.lake)
        validate_day(world.monitor, each, world.lake)
    before = rows_before(world.monitor, day, world.lake)
    assert before == [(ends[63], 63), (ends[8], 8)]
    quality = day_quality(world.monitor, ends[7], world.lake)
    records = {each.metric: each for each in quality_records(quality, day, world.recorder, before=before)}
    assert records["rows_evidence"].reason.startswith("not calibrated: 2 nights before")
