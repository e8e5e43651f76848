import datetime as dt
import runpy
from pathlib import Path

import pytest

from obs_dagster.history import History
from obs_dagster.reports.record_window import RecordWindow

record = runpy.run_path(str(Path(__file__).parents[1] / "season.py"))["record"]
FIRST = dt.date(2013, 6, 1)
DAYS = [FIRST + dt.timedelta(days=back) for back in range(12)]


class Counting(History):
    """A store that remembers how many records each reading gave."""

    read = 0

    def metrics(self, model, **wanted):
        found = super().metrics(model, **wanted)
        self.read += len(found)
        return found


@pytest.fixture
def history(tmp_path):
    with Counting.open(f"sqlite:///{tmp_path / 'history.db'}") as store:
        records = [
            record("recall", "1", day, 0.5, segment=segment)
            for day in DAYS
            if day != DAYS[3]  # a day that never ran
            for segment in ("*", "origin=JFK", "origin=EWR")
        ]
        store.replace_metrics(records, model="flight_delay", days=DAYS, metrics=["recall"])
        yield store


def wanted(history, day):
    """What a window of five days, two with segments, holds; read by itself."""
    whole = history.metrics("flight_delay", first=day - dt.timedelta(days=5), last=day, segments=["*"])
    recent = history.metrics("flight_delay", first=day - dt.timedelta(days=2), last=day)
    return sorted(whole + [each for each in recent if each.segment != "*"], key=lambda each: each.key)


@pytest.mark.parametrize("order", [DAYS, DAYS[::-1], [DAYS[2], DAYS[9], DAYS[3], DAYS[4]]])
def test_every_day_sees_its_own_window(history, order):
    window = RecordWindow(history, "flight_delay", whole_days=5, segment_days=2)
    for day in order:
        assert sorted(window.up_to(day), key=lambda each: each.key) == wanted(history, day)
        assert sorted(window.of(day), key=lambda each: each.key) == history.metrics(
            "flight_delay", first=day, last=day
        )


def test_days_in_order_are_read_once(history):
    window = RecordWindow(history, "flight_delay", whole_days=5, segment_days=2)
    for day in DAYS:
        window.of(day)
        window.up_to(day)
    assert history.read == 11 * 3
