"""What is reported of nights is the same wherever it is made."""

import datetime as dt
from pathlib import Path

import pytest

from obs_dagster import workers
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.history import History
from obs_dagster.reports import night_reports
from obs_dagster.reports.evidently_ahead import Pages
from obs_dagster.reports.night_reports import NightReports, is_settled
from obs_dagster.reports.version_reports import PAGE


@pytest.fixture
def made(small, day, tmp_path):
    """Three evaluated nights, and what makes their reports."""
    world = small()
    world.train("1")
    days = [day + dt.timedelta(days=number) for number in range(3)]
    for each in days:
        rows = world.rows(each)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        world.night(each)
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        for family in (performance_records, service_records):
            found = [each for _, records in records_of_days(family, world.tonight, days) for each in records]
            metrics = {each.metric for each in found}
            history.replace_metrics(found, model=world.monitor.model, days=days, metrics=metrics)
        yield NightReports(world.tonight, history, days[-1]), days


def told(reports):
    return [
        (each.day, each.verdicts, each.page, [(of.version, of.artifacts, of.metrics) for of in each.versions])
        for each in reports
    ]


def test_processes_make_the_same_reports_in_the_same_order(made, monkeypatch):
    reports, days = made
    alone = told(reports.each(days))
    assert [found for found, *_ in alone] == days
    assert all(versions and f"{day:%-d %B}" in page for day, _, page, versions in alone)
    monkeypatch.setattr(night_reports, "_FEWEST", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    # this process would fail
    monkeypatch.setattr(night_reports, "Gathering", None)
    assert told(NightReports(reports.night, reports.history, reports.latest).each(days)) == alone


def test_a_page_says_what_evidently_could_not_draw(made):
    reports, (day, *_) = made
    plain = reports.of(day)
    [version] = [each.version for each in plain.versions]
    [whole] = reports.with_evidently(plain, lambda: Pages({version: {"drift.html": Path("drift.html")}}))
    assert dict(whole.last.artifacts) == {"evidently/drift.html": Path("drift.html")}
    assert whole.kept == ""
    [lacking] = reports.with_evidently(plain, lambda: Pages(remarks={version: ["no page of drift"]}))
    assert "no page of drift" in lacking.last.artifacts[PAGE]
    assert "no page of drift" not in plain.page
    assert lacking.last.remarks == ["no page of drift"]


def test_labels_are_settled_once_their_wait_is_over(made):
    reports, days = made
    monitor = reports.night.monitor
    wait = dt.timedelta(days=monitor.labels.max_delay_days)
    assert is_settled(monitor, days[0], days[0] + wait)
    assert not is_settled(monitor, days[0], days[0] + wait - dt.timedelta(days=1))
    assert is_settled(monitor.model_copy(update={"labels": None}), days[0], days[0])
