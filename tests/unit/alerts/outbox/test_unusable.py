"""People hear once that a monitor cannot be used, again if its mistakes are others, and once that it can."""

import datetime as dt
from pathlib import Path

from obs_dagster.alerts import report_unusable
from obs_dagster.alerts.outbox import entries
from obs_dagster.monitor.loading import Faulty
from obs_dagster.monitor.problem import Problem

NOW = dt.datetime(2024, 3, 4, 6, tzinfo=dt.UTC)


def faulty(message, model="fraud"):
    return Faulty(model, (Problem(Path("fraud.yaml"), 3, 1, "logs.path", message),))


def hours(count):
    return NOW + dt.timedelta(hours=count)


def test_from_the_first_mistake_to_the_last_it_is_one_thread(store):
    wrong = [faulty("No such folder.")]
    assert report_unusable(store, wrong, ["other"], NOW) == ["fraud"]
    assert report_unusable(store, wrong, ["other"], hours(1)) == []
    assert report_unusable(store, [faulty("No such column.")], ["other"], hours(2)) == ["fraud"]
    assert report_unusable(store, [], ["fraud", "other"], hours(3)) == ["fraud"]
    assert report_unusable(store, [], ["fraud", "other"], hours(4)) == []
    told = [each.message for each in entries.waiting(store, ["fraud"])]
    assert [each.event for each in told] == ["firing", "firing", "resolved"]
    assert len({each.thread for each in told}) == 1
    assert told[0].facts["why"] == "fraud.yaml:3: logs.path: No such folder."
    assert told[0].title == "[critical] fraud: its monitor CANNOT BE USED"

    # a second time is a second story, though the mistake is an old one
    assert report_unusable(store, wrong, [], hours(5)) == ["fraud"]
    assert [each.message for each in entries.waiting(store, ["fraud"])][-1].thread != told[0].thread


def test_a_file_that_was_removed_is_not_over(store):
    report_unusable(store, [faulty("No.")], [], NOW)
    assert report_unusable(store, [], ["other"], hours(1)) == []
