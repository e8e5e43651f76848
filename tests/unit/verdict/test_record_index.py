import dataclasses
import datetime as dt

from obs_dagster.verdict.record_index import RecordIndex


def test_the_later_computed_record_counts(season):
    old = season.record("recall", "1", season.LAST, 0.4)
    new = dataclasses.replace(old, value=0.5, computed_at=old.computed_at + dt.timedelta(hours=1))
    for order in ([old, new], [new, old]):
        assert RecordIndex(order).at(season.LAST, "recall", "1", 7).value == 0.5


def test_a_series_is_in_order_of_day(season):
    records = [season.record("recall", "1", day, 0.4) for day in reversed(season.days(5))]
    assert list(RecordIndex(records).series("recall", "1", 7)) == season.days(5)


def test_what_is_not_there_is_empty(season):
    index = RecordIndex([season.record("recall", "1", season.LAST, 0.4, segment="origin=JFK")])
    assert index.series("recall", "2", 7) == {}
    assert index.at(season.LAST, "recall", "1", 7) is None
    assert index.segments("recall", "1", 7) == ["origin=JFK"]
    assert index.columns("recall", "1", 7) == []
