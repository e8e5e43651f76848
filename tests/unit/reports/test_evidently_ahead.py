import datetime as dt
from concurrent.futures import Future

import pytest

from obs_dagster.reports import evidently_ahead
from obs_dagster.reports.evidently_ahead import EvidentlyAhead, begin_ahead
from obs_dagster.workers import Begun, WorkerError


@pytest.fixture(autouse=True)
def one_core(monkeypatch, tmp_path):
    """Nothing is begun before it is asked for, and all files are the test's."""
    monkeypatch.setenv("OBS_CORES", "1")
    monkeypatch.setattr(evidently_ahead, "_begun", {})
    folder = tmp_path / "pages"
    folder.mkdir()
    monkeypatch.setattr(evidently_ahead, "_root", lambda: folder)
    return folder


@pytest.fixture
def world(small, day):
    """Three nights, of which every second one has pages."""
    world = small(reports={"evidently_every_days": 2})
    world.train("1")
    for number in range(3):
        each = day + dt.timedelta(days=number)
        rows = world.rows(each)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        world.night(each)
    return world


def days_of(world, day):
    return [day + dt.timedelta(days=number) for number in range(3)]


def test_pages_are_files_until_they_are_forgotten(world, day, one_core):
    days = days_of(world, day)
    ahead = EvidentlyAhead(world.monitor, world.lake, days)
    assert ahead.pages(days[1]) is None
    pages = {each: ahead.pages(each)() for each in (days[0], days[2])}
    for each in pages:
        files = pages[each].files["1"]
        assert set(files) == {"evidently_drift.html", "evidently_classification.html"}
        assert all(f"small version 1, {each}" in file.read_text("utf-8") for file in files.values())
    ahead.forget([days[0]])
    assert not pages[days[0]].files["1"]["evidently_drift.html"].exists()
    assert pages[days[2]].files["1"]["evidently_drift.html"].exists()
    ahead.close()
    assert list(one_core.iterdir()) == []


def test_what_was_begun_is_used_only_for_the_rows_and_labels_it_was_begun_with(world, day, monkeypatch):
    made = []

    def write(monitor, day, lake, folder):
        made.append(day)
        return {"made": len(made)}

    monkeypatch.setattr(evidently_ahead, "write_pages", write)

    def begin(function, *arguments):
        found = function(*arguments)
        return lambda: found

    monkeypatch.setattr(evidently_ahead, "begin", begin)
    begin_ahead(world.monitor, [day], world.lake)
    begin_ahead(world.monitor, [day], world.lake)
    assert made == [day]
    assert EvidentlyAhead(world.monitor, world.lake, [day]).pages(day)() == {"made": 1}
    begin_ahead(world.monitor, [day], world.lake)
    rows = world.rows(day)
    world.labels("late.parquet", rows, day=day + dt.timedelta(days=1), late=rows["score"] > 0.9)
    world.night(day)
    assert EvidentlyAhead(world.monitor, world.lake, [day]).pages(day)() == {"made": 3}


def test_a_day_that_was_not_validated_has_no_pages(world, day):
    later = day + dt.timedelta(days=4)
    begin_ahead(world.monitor, [later], world.lake)
    assert EvidentlyAhead(world.monitor, world.lake, [later]).pages(later) is None


def test_what_nobody_came_for_is_given_up(world, day, monkeypatch):
    futures = []

    def begin(function, *arguments):
        begun = Begun(None, lambda: function(*arguments), Future())
        futures.append(begun.future)
        return begun

    monkeypatch.setattr(evidently_ahead, "begin", begin)
    EvidentlyAhead(world.monitor, world.lake, days_of(world, day)).close()
    begin_ahead(world.monitor, days_of(world, day), world.lake)
    evidently_ahead.forget_ahead()
    assert len(futures) == 4
    assert all(future.cancelled() for future in futures)
    assert evidently_ahead._begun == {}


def test_a_day_whose_pages_fail_says_so_of_every_version(world, day, monkeypatch):
    def fail(*_):
        raise WorkerError("A process died.")

    monkeypatch.setattr(evidently_ahead, "write_pages", fail)
    pages = EvidentlyAhead(world.monitor, world.lake, [day]).pages(day)()
    assert pages.files == {}
    assert list(pages.remarks) == ["1"]
    assert "A process died" in pages.remarks["1"][0]
