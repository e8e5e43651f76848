"""How models stand: by verdicts of their last night, by nights that did not run, in few queries."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import event

from obs_dagster.alerts import report_failure
from obs_dagster.fleet import GRAVEST_FIRST, read_fleet
from obs_dagster.fleet.trend import leading
from obs_dagster.history import History, NightRecord, VerdictRecord
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Monitor, Problem
from obs_dagster.monitor.due import due_day, last_day
from obs_dagster.monitor.loading import Faulty

NOW = dt.datetime(2024, 3, 31, 6, tzinfo=dt.UTC)
YESTERDAY = dt.date(2024, 3, 30)


def monitor(model="m", **changes):
    described = {
        "model": model,
        "start": "2024-01-01",
        "logs": {
            "source": "parquet",
            "path": "log/{day}.parquet",
            "columns": {"prediction_id": "id", "time": "at", "version": "v", "score": "score"},
        },
        "labels": {
            "source": "parquet",
            "path": "l/*.parquet",
            "columns": {"prediction_id": "id", "label": "y"},
        },
        "features": {"a": {"type": "number"}},
        "baseline": {"kind": "rolling", "days": 7},
    }
    return Monitor.model_validate(described | changes)


@pytest.fixture
def store(tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        yield history


@pytest.fixture
def ran(store):
    """A night with the status of each version."""

    def run(model="m", day=YESTERDAY, *, evaluated=True, reason="", rows=100, **statuses):
        ended = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(5), dt.UTC)
        versions = tuple(statuses)
        store.record_night(NightRecord(model, day, evaluated, reason, rows, versions, "r", ended))
        store.record_verdicts(
            model, day, [VerdictRecord(model, each, day, status, "why") for each, status in statuses.items()]
        )

    return run


def standing(store, *monitors):
    (only,) = read_fleet(store, monitors or [monitor()], NOW)
    return only


def test_the_state_of_a_model_is_that_of_its_gravest_version(store, ran):
    ran(v1="sound", v2="moved")
    found = standing(store)
    assert (found.state, found.note, found.current) == ("moved", "", True)
    assert [(each.version, each.status) for each in found.versions] == [("v2", "moved"), ("v1", "sound")]


def test_since_is_the_first_of_the_days_in_a_row_with_the_status(store, ran):
    for back, status in enumerate(["failing", "failing", "sound", "failing"]):
        ran(day=YESTERDAY - dt.timedelta(days=back), v1=status)
    assert standing(store).versions[0].since == YESTERDAY - dt.timedelta(days=1)


def test_a_version_that_left_is_not_shown_and_a_day_that_runs_again_is_judged_anew(store, ran):
    ran(day=YESTERDAY - dt.timedelta(days=1), v1="failing")
    ran(v1="failing", v2="sound")
    ran(v2="sound")
    found = standing(store)
    assert found.state == "sound"
    assert [each.version for each in found.versions] == ["v2"]


@pytest.mark.parametrize(
    ("days", "state"), [(1, "sound"), (2, "sound"), (3, "overdue")], ids=["ran", "may still come", "missing"]
)
def test_a_night_that_did_not_run_is_overdue_whatever_the_last_one_said(store, ran, days, state):
    ran(day=YESTERDAY - dt.timedelta(days=days - 1), v1="sound")
    found = standing(store)
    assert found.state == state
    assert found.current is (state == "sound")
    if state == "overdue":
        assert "no night has run since that of 2024-03-28; 1 night" in found.note


@pytest.mark.parametrize(
    ("last", "state", "missing"),
    [
        (dt.date(2024, 3, 24), "sound", ""),
        (dt.date(2024, 3, 17), "overdue", "1 night"),
        (dt.date(2024, 3, 3), "overdue", "3 nights"),
    ],
)
def test_a_model_of_mondays_is_not_overdue_on_other_days(store, ran, last, state, missing):
    ran(day=last, v1="sound")
    # on a Monday runs the night of the Sunday before; now is a Sunday
    found = standing(store, monitor(schedule="0 5 * * mon"))
    assert found.state == state
    assert missing in found.note


def test_a_failing_version_stays_failing_when_its_night_is_overdue(store, ran):
    ran(day=YESTERDAY - dt.timedelta(days=9), v1="failing")
    found = standing(store)
    assert (found.state, found.current) == ("failing", False)


def test_a_model_without_a_night_is_overdue_once_one_was_due(store):
    assert standing(store).state == "overdue"
    assert standing(store, monitor(start="2024-03-30")).state == "unknown"


def test_a_run_that_failed_after_the_last_night_is_told(store, ran):
    ran(v1="sound")
    report_failure(
        store, model="m", run_id="r", partition="2024-03-31", error="the disk is full", owner="", now=NOW
    )
    found = standing(store)
    assert found.state == "overdue"
    assert "the run of 2024-03-31 FAILED 2024-03-31 06:00 UTC: the disk is full" in found.note
    ran(day=YESTERDAY + dt.timedelta(days=1), v1="sound")
    assert standing(store).state == "sound"


@pytest.mark.parametrize(("expected", "state"), [("daily", "not evaluated"), ("weekdays", "unknown")])
def test_a_day_that_was_not_evaluated_is_told_where_rows_were_expected(store, ran, expected, state):
    ran(evaluated=False, reason="the log has no rows", rows=0, v1="unknown")  # a Saturday
    assert standing(store, monitor(quality={"rows_expected": expected})).state == state


def test_a_night_without_a_verdict_is_unknown_never_what_the_night_before_was(store, ran):
    ran(day=YESTERDAY - dt.timedelta(days=1), v1="sound")
    ran()
    found = standing(store)
    assert (found.state, found.current) == ("unknown", False)
    assert "the night of 2024-03-30 has no verdict; the last is of 2024-03-29" in found.note


def test_the_end_of_a_complete_log_is_not_overdue(store, ran):
    ended = monitor(end="2024-02-01")
    ran(day=dt.date(2024, 2, 1), v1="sound")
    assert standing(store, ended).state == "sound"
    assert due_day(ended, NOW) == last_day(ended, NOW) == dt.date(2024, 2, 1)


def test_the_gravest_come_first(store, ran):
    states = {"a": "sound", "b": "failing", "c": "unknown", "d": "moved"}
    for model, state in states.items():
        ran(model, v1=state)
    ran("e", evaluated=False, reason="broken", v1="unknown")
    wrong = Faulty("g", (Problem(Path("/g.yaml"), 3, 1, "colour", "The key is unknown."),))
    found = read_fleet(store, [monitor(each) for each in (*states, "e", "f")], NOW, faulty=[wrong])
    assert [each.state for each in found] == list(GRAVEST_FIRST)


def test_of_a_model_whose_monitor_is_wrong_there_is_what_was_said_before(store, ran):
    ran("g", v1="failing")
    wrong = Faulty("g", (Problem(Path("/g.yaml"), 3, 1, "colour", "The key is unknown."),))
    (found,) = read_fleet(store, [], NOW, faulty=[wrong])
    assert found.note == "its monitor is wrong, g.yaml:3: colour: The key is unknown."
    assert [each.status for each in found.versions] == ["failing"]
    assert not found.current


def test_the_trend_is_of_the_leading_metric_as_far_as_labels_are_complete(store, ran):
    ran(v1="sound")
    watched = monitor(labels=monitor().labels.model_dump(by_alias=True) | {"max_delay_days": 2})
    lead = leading(watched)
    days = [YESTERDAY - dt.timedelta(days=back) for back in range(4)]
    store.replace_metrics(
        [
            MetricRecord(
                model="m",
                version=version,
                segment="*",
                column="",
                metric=lead.metric,
                definition="x/1",
                day=day,
                window=window,
                value=0.5,
                low=None,
                high=None,
                n=10,
                error=0.0,
                reason="",
                computed_at=NOW,
                run_id="r",
            )
            for day in days
            for window in (1, lead.window)
            for version in ("v1", "v2")
        ],
        model="m",
        days=days,
        metrics=[lead.metric],
    )
    trend = standing(store, watched).versions[0].trend
    assert list(trend.values) == [YESTERDAY - dt.timedelta(days=3), YESTERDAY - dt.timedelta(days=2)]


def test_the_number_of_queries_does_not_grow_with_the_models(store, ran):
    def queries(models):
        asked = []
        engine = store._engine

        def count(*_):
            asked.append(1)

        event.listen(engine, "before_cursor_execute", count)
        read_fleet(store, [monitor(each) for each in models], NOW)
        event.remove(engine, "before_cursor_execute", count)
        return len(asked)

    ran("m0", v1="sound")
    one = queries(["m0"])
    for number in range(1, 12):
        ran(f"m{number}", v1="sound")
    assert queries([f"m{number}" for number in range(12)]) == one
