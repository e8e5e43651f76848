import dataclasses
import datetime as dt

from obs_dagster.verdict.record_index import DayRecords, RecordIndex


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


def test_days_in_order_are_shared_by_indexes_that_say_the_same(season):
    days = season.days(3)
    records = [
        season.record("recall", version, day, 0.5, segment=segment)
        for day in days
        for version in ("1", "2")
        for segment in ("*", "origin=JFK")
    ]
    of_day = {day: [each for each in records if each.day == day] for day in days}
    parts = {
        day: [DayRecords(each for each in found if (each.segment == "*") is whole) for whole in (True, False)]
        for day, found in of_day.items()
    }
    for some in (days, days[1:]):
        shared = RecordIndex.of_days({day: parts[day] for day in reversed(some)})
        alone = RecordIndex(record for record in records if record.day in some)
        assert shared.versions_by_day == alone.versions_by_day == {day: {"1", "2"} for day in some}
        assert shared.segments("recall", "1", 7) == alone.segments("recall", "1", 7) == ["origin=JFK"]
        assert shared.subjects("recall", "2", 7) == alone.subjects("recall", "2", 7)
        for segment in ("*", "origin=JFK", "origin=LGA"):
            series = shared.series("recall", "1", 7, segment=segment)
            assert series == alone.series("recall", "1", 7, segment=segment)
            assert list(series) == ([] if segment == "origin=LGA" else some)
            assert shared.at(some[-1], "recall", "1", 7, segment=segment) == series.get(some[-1])
