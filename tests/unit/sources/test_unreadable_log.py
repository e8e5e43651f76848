"""Days of a log whose files cannot be read."""

import datetime as dt

import pytest

from obs_dagster.errors import SourceError
from obs_dagster.evaluation.log_records import quality_records
from obs_dagster.quality.day import validate_day
from obs_dagster.sources import unreadable_log
from obs_dagster.sources.changed_logs import changed_days
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.unreadable_log import ingest_day, unreadable_logs

NOW = dt.datetime(2024, 3, 6, tzinfo=dt.UTC)


@pytest.fixture
def world(small, day):
    """A day whose file was written half."""
    found = small()
    halve(found.log(day))
    return found


def halve(file):
    file.write_bytes(file.read_bytes()[:-500])
    return file


def ingest(world, day):
    return ingest_day(world.monitor, day, world.lake, NOW)


def noted(world):
    return [(each.day, each.kept) for each in unreadable_logs("small", world.lake)]


def test_the_day_has_no_rows_and_says_which_file_and_why(world, day):
    found, unread = ingest(world, day)
    assert found.rows == 0
    assert f"{day}.parquet" in unread.error
    assert noted(world) == [(day, False)]
    quality = validate_day(world.monitor, day, world.lake)
    assert (quality.evaluated, quality.rows) == (False, 0)
    assert quality.reason.startswith("the log cannot be read\nCannot read ")
    assert f"{day}.parquet" in quality.reason


def test_what_was_read_of_the_day_before_stays(world, day):
    world.log(day)
    ingest(world, day)
    before = world.lake.table("small", LOGS).read(day)
    halve(world.log(day, world.rows(day, 50)))
    found, unread = ingest(world, day)
    assert (found.rows, unread.kept) == (200, True)
    assert world.lake.table("small", LOGS).read(day) == before
    assert noted(world) == [(day, True)]


def test_it_is_tried_again_when_the_files_change_and_not_before(world, day):
    ingest(world, day)
    assert list(changed_days(world.monitor, world.lake)) == []
    world.log(day)
    assert [(each.day, each.kind) for each in changed_days(world.monitor, world.lake)] == [(day, "changed")]
    found, unread = ingest(world, day)
    assert (found.rows, unread) == (200, None)
    assert noted(world) == []
    assert validate_day(world.monitor, day, world.lake).evaluated


def test_a_file_that_is_gone_for_good_is_no_file(world, day):
    ingest(world, day)
    (world.root / f"logs/{day}.parquet").unlink()
    found, unread = ingest(world, day)
    assert (found.rows, unread, noted(world)) == (0, None, [])


def test_rows_that_were_never_copied_do_not_stay(world, day):
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    file = world.log(day)
    ingest(world, day)
    halve(file)
    found, unread = ingest(world, day)
    assert (found.rows, unread.kept) == (0, False)
    assert not validate_day(world.monitor, day, world.lake).evaluated


def test_a_folder_in_the_place_of_a_file_is_noted(world, day):
    (world.root / f"logs/{day}.parquet").unlink()
    (world.root / f"logs/{day}.parquet").mkdir()
    _, unread = ingest(world, day)
    assert "is a folder" in unread.error
    assert list(changed_days(world.monitor, world.lake)) == []


def test_a_source_that_cannot_be_reached_says_nothing_of_the_day(world, day, monkeypatch):
    def down(*_, **__):
        raise SourceError("The warehouse is down.")

    monkeypatch.setattr(unreadable_log, "ingest_logs", down)
    roles = world.monitor.logs.columns.model_dump(exclude_none=True)
    world.changes["logs"] = {"source": "ibis", "path": "duckdb://x", "table": "t", "columns": roles}
    with pytest.raises(SourceError, match="is down"):
        ingest(world, day)
    assert noted(world) == []


def test_a_file_that_is_replaced_while_it_is_read_is_tried_again(world, day, monkeypatch):
    def replaced(*_, **__):
        world.log(day)
        raise SourceError("It changed while it was read.")

    monkeypatch.setattr(unreadable_log, "ingest_logs", replaced)
    ingest(world, day)
    assert [each.kind for each in changed_days(world.monitor, world.lake)] == ["changed"]


def test_a_mended_monitor_is_a_reason_to_try_again(world, day):
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": "jsonl"}
    world.log(day)
    ingest(world, day)
    assert list(changed_days(world.monitor, world.lake)) == []
    asked = changed_days(world.monitor, world.lake, also_unreadable=True)
    assert [each.kind for each in asked] == ["unreadable"]
    del world.changes["logs"]
    assert [each.kind for each in changed_days(world.monitor, world.lake)] == ["changed"]


def test_personal_values_are_not_in_what_is_said(world, day):
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": "jsonl"}
    world.changes["logs"]["pii"] = ["carrier"]
    (world.root / f"logs/{day}.parquet").unlink()
    (world.root / f"logs/{day}.jsonl").write_text('{"carrier": "bob@example.org", "id"')
    plain = ingest(small_of(world), day)[1]
    assert "bob" in plain.error
    assert "bob" not in ingest(world, day)[1].error
    assert f"{day}.jsonl as jsonl; why is left out" in ingest(world, day)[1].error


def small_of(world):
    """The same, without personal columns."""
    logs = {name: each for name, each in world.changes["logs"].items() if name != "pii"}
    return type(world)(world.root, world.changes | {"logs": logs})


def test_nothing_is_known_of_a_day_that_cannot_be_read(world, day):
    ingest(world, day)
    quality = validate_day(world.monitor, day, world.lake)
    records = list(quality_records(quality, day, world.recorder))
    assert {(each.value, each.reason) for each in records} == {(None, "the log cannot be read")}
    assert "What was evaluated before stays" not in quality.reason
    assert quality.refused
