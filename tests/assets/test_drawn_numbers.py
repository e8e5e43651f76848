"""What Dagster draws over days."""

import datetime as dt
import runpy
from pathlib import Path

from assets.numbers import drawn_numbers
from assets.partitions import hours

SEASON = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "season.py"))
DAY = dt.date(2013, 7, 4)


def test_the_numbers_of_a_day_are_those_of_the_health_page_by_version():
    record = SEASON["record"]
    records = [
        record("recall", "1", DAY, 0.123456),
        record("recall", "2", DAY, 0.5),
        record("recall", "1", DAY, 0.1, window=28),
        record("recall", "1", DAY, 0.2, segment="origin=JFK"),
        record("roc_auc", "1", DAY, None),
    ]
    drawn = drawn_numbers(SEASON["monitor"](), "performance", records)
    assert drawn == {"recall, 7 days · version 1": 0.1235, "recall, 7 days · version 2": 0.5}


def test_of_columns_the_leading_output_is_drawn():
    moved = [SEASON["record"]("psi", "1", DAY, 0.3, column=column) for column in ("temp", "score")]
    assert drawn_numbers(SEASON["monitor"](), "drift", moved) == {"PSI of score, 7 days · version 1": 0.3}


def test_a_day_says_from_when_to_when_it_is():
    assert hours(SEASON["monitor"](), DAY) == "2013-07-04, midnight to midnight UTC"
    there = SEASON["monitor"](time_zone="America/New_York")
    assert hours(there, DAY).endswith("New_York (04 Jul 04:00 to 05 Jul 04:00 UTC)")
