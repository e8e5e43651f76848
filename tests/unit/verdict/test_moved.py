"""Which changes a verdict tells, and in which order."""

import datetime as dt

from obs_dagster.changes.change import Change, Changes, Reference
from obs_dagster.changes.summary import Summary
from obs_dagster.verdict.judge import verdicts
from obs_dagster.verdict.record_index import RecordIndex

DAY = dt.date(2013, 7, 21)


def change(column, *windows, version="1"):
    sides = (Summary(900, 0), Summary(900, 0))
    return Change(
        version, column, DAY, windows, Reference("training"), *sides, (), values=True, histogram=None
    )


def test_columns_that_alerts_fire_for_come_first(season):
    alerts = [season.drift_alert("dewp", 0.7, window=1), season.drift_alert("temp", 0.9)]
    found = [
        change("hour", 7),
        change("temp", 7),
        change("dewp", 1),
        change("month", 1),
        change("hour", 7, version="2"),
    ]
    judged = verdicts(
        season.monitor(),
        RecordIndex(season.records()),
        alerts,
        season.nights(),
        season.LAST,
        changes=Changes(found),
    )
    moved = {verdict.version: [each.column for each in verdict.moved] for verdict in judged}
    # month moved on the day alone, which no alert and no headline is about
    assert sorted(moved["1"][:2]) == ["dewp", "temp"]
    assert moved["1"][2:] == ["hour"]
    assert moved["2"] == ["hour"]


def test_nothing_is_told_where_nothing_is_known(season):
    judged = verdicts(
        season.monitor(), RecordIndex(season.records()), season.alerts(), season.nights(), season.LAST
    )
    assert all(verdict.moved == () for verdict in judged)
