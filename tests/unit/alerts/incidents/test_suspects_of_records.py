"""Suspects of made records: what ranks before what, and what is no suspect at all."""

from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts import report_failure
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.suspects import ranked
from obs_dagster.history import NightRecord, UpstreamEvent
from obs_dagster.history.usage import record_programs

RULE = {"name": "recall_low", "metric": "recall", "below": 0.5}
NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
QUIET = [0.0, 0.01, 0.0, 0.01, 0.0]


@pytest.fixture
def upstream(store, day):
    """Keeps what became of an asset on the n-th night."""

    def upstream(became, number, asset="weather/hourly"):
        told = f"{asset} {became}"
        event = UpstreamEvent("flight_delay", asset, became, day(number), NOW, told, f"run-{number}")
        store.record_upstream("flight_delay", [event, event])

    return upstream


def nights(evaluate, last, first=1):
    for number in range(first, last + 1):
        evaluate(number, RULE)


def refused(store, on):
    night = NightRecord(
        "flight_delay",
        on,
        evaluated=False,
        reason="too few",
        rows=0,
        versions=(),
        run_id="run",
        finished_at=NOW,
    )
    store.record_night(night)


def test_a_day_that_was_not_evaluated_is_the_least_of_what_changes_behaviour(
    store, write, evaluate, suspects, day
):
    rule = {**RULE, "for": 2}
    write([0.9] * 5 + [0.2, None, 0.2])
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    for number in (*range(1, 7), 8):
        evaluate(number, rule)
    refused(store, day(7))
    evaluate(8, rule)
    assert suspects() == [("column", "dep_delay"), ("day", str(day(7)))]


def test_a_version_that_was_there_before_the_window_is_not_new(write, evaluate, suspects, store, day):
    """A week's window is in breach some days after a version has come: that one is new, the old one not."""
    write([0.9] * 12 + [0.2])
    write([None] * 9 + [0.9] * 3 + [0.2], version="2")
    for number in range(1, 14):
        versions = ("1",) if number < 10 else ("1", "2")
        store.record_night(
            NightRecord(
                "flight_delay",
                day(number),
                evaluated=True,
                reason="",
                rows=1,
                versions=versions,
                run_id="run",
                finished_at=NOW,
            )
        )
    evaluate(13, RULE)
    found = {}
    with store.reading() as connection:
        for incident in list_incidents(store):
            kinds = ranked(incident, Evidence.of(connection, incident), lambda _: "", ())
            found[incident.version] = [each.about for each in kinds if each.kind == "version"]
    assert found == {"1": [], "2": ["2"]}


def test_only_metrics_that_tell_of_causes_are_read(write, evaluate, store):
    """What is odd about another metric is no evidence, and is not fetched: a wide log has thousands."""
    write([0.9] * 5 + [0.2])
    write([*QUIET, 3.0], metric="chi_square", column="dep_delay")
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    nights(evaluate, 6)
    with store.reading() as connection:
        [incident] = list_incidents(store)
        read = Evidence.of(connection, incident)
    assert {key[0] for key in read.series} == {"recall", "psi"}


def test_an_upstream_asset_that_failed_comes_before_what_followed_from_it(
    write, evaluate, suspects, upstream
):
    write([0.9] * 5 + [0.2])
    write([*QUIET, 0.4], metric="missing_share", column="dep_delay")
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    nights(evaluate, 6)
    upstream("changed", 6, asset="tariffs")
    upstream("failed", 5)
    upstream("failed", 20)
    assert suspects() == [
        ("upstream", "weather/hourly failed"),
        ("upstream", "tariffs changed"),
        ("missing", "dep_delay"),
        ("column", "dep_delay"),
    ]


def test_runs_that_failed_are_behind_labels_that_lack(store, write, evaluate, suspects, day):
    write([0.9] * 5 + [0.2], metric="label_coverage")
    for number in range(1, 7):
        evaluate(number, {"name": "labels", "metric": "label_coverage", "below": 0.5})
    for number, part in ((5, "labels"), (30, "")):
        report_failure(
            store,
            model="flight_delay",
            run_id=f"r{number}",
            partition=str(day(number)),
            error="no disk",
            owner="",
            now=NOW,
            part=part,
        )
    assert suspects() == [("run", str(day(5))), ("labels", "")]


def test_programs_that_changed_are_behind_what_nothing_in_the_data_explains(
    store, write, evaluate, suspects, day
):
    write([0.9] * 12 + [0.2])
    nights(evaluate, 13)
    with store.writing("flight_delay") as connection:
        for number in range(1, 14):
            programs = {"lightgbm": "4.7" if number > 12 else "4.6"}
            record_programs(connection, "flight_delay", [day(number)], programs)
    assert suspects() == [("program", "")]
