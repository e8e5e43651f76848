"""What was lost or damaged between nights is read again from the sources, or said."""

import datetime as dt
import shutil

import pytest
from structlog.testing import capture_logs

from obs_dagster.evaluation.profiling import stale_outcomes
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels, label_book

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day):
    """Two days with their labels, and labels of a day that is to come."""
    world = small()
    for each in (day, day + ONE):
        world.log(each, world.rows(each, 20))
        ingest_logs(world.monitor, each, world.lake)
    for each in (day, day + ONE, day + 2 * ONE):
        world.labels(f"{each}.parquet", world.rows(each, 20), day=each)
    ingest_labels(world.monitor, world.lake)
    return world


def partition(world, day):
    return world.lake.table("small", GROUND_TRUTH).path(day)


def delete(path):
    path.unlink()


def delete_folder(path):
    shutil.rmtree(path.parent)


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(b"PAR1 or so")


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def flip(path):
    content = bytearray(path.read_bytes())
    for place in range(8, 60):
        content[place] ^= 0xFF
    path.write_bytes(content)


DAMAGE = [delete, delete_folder, empty, garbage, cut, flip]


def without_stamps(state):
    """The state of the lake without the book, which names times of files."""
    return {name: rows for name, rows in state.items() if "files_read" not in name}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: each.__name__)
def test_a_day_whose_labels_are_lost_has_them_again(world, day, damage):
    before = without_stamps(world.state())
    damage(partition(world, day))
    with capture_logs() as said:
        found = ingest_labels(world.monitor, world.lake)
    assert without_stamps(world.state()) == before
    assert found.touched == {day: 20}
    assert [str(day) in line["reason"] for line in said if line["event"] == "labels read again"] == [True]
    assert ingest_labels(world.monitor, world.lake).files == 0


@pytest.mark.parametrize("damage", DAMAGE[2:], ids=lambda each: each.__name__)
def test_a_damaged_book_is_none(world, damage):
    before = world.state()
    damage(world.lake.folder("small", "labels") / "files_read.json")
    assert ingest_labels(world.monitor, world.lake).files == 3
    assert world.state() == before


@pytest.mark.parametrize(
    "text", ["null", "[]", "{}", '{"a.parquet": "17-3"}', '{"files": {"a": {}}, "days": 3}']
)
def test_a_book_of_another_shape_is_none(world, text):
    before = world.state()
    (world.lake.folder("small", "labels") / "files_read.json").write_text(text)
    assert ingest_labels(world.monitor, world.lake).files == 3
    assert world.state() == before


@pytest.mark.parametrize("damage", [delete, *DAMAGE[2:]], ids=lambda each: each.__name__)
def test_labels_that_waited_are_read_again(world, day, damage):
    damage(world.lake.folder("small", "labels") / "unknown_predictions.parquet")
    found = ingest_labels(world.monitor, world.lake)
    assert (found.waiting, found.files) == (20, 3)
    late = day + 2 * ONE
    world.log(late, world.rows(late, 20))
    ingest_logs(world.monitor, late, world.lake)
    assert ingest_labels(world.monitor, world.lake).touched == {late: 20}


def test_everything_lost_at_once_is_read_again(world, day):
    before = world.state()
    for folder in (world.lake.folder("small", "labels"), partition(world, day).parents[1]):
        shutil.rmtree(folder)
    ingest_labels(world.monitor, world.lake)
    after = world.state()
    for state in (before, after):
        for each in state["small/labels/files_read.json"]["days"].values():
            each.pop("stamp")
    assert after == before


def test_labels_whose_source_is_gone_too_are_missed_aloud_until_they_are_back(world, day):
    source = world.root / f"labels/{day}.parquet"
    kept = source.read_bytes()
    source.unlink()
    partition(world, day).unlink()
    for _ in range(2):
        found = ingest_labels(world.monitor, world.lake)
        [note] = [each for each in found.book.notes() if str(day) in each]
        assert "0 of 20" in note
        assert label_book(world.monitor, world.lake).lost == {str(day): 20}
        assert found.book.serious
    source.write_bytes(kept)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.touched, found.book.lost) == ({day: 20}, {})


def test_a_partition_that_was_only_touched_is_left_alone(world, day):
    partition(world, day).touch()
    assert ingest_labels(world.monitor, world.lake).files == 0


def test_a_night_repairs_what_the_metrics_follow_from(small, day):
    world = small()
    world.train("1")
    world.log(day)
    world.labels("a.parquet", world.rows(day), day=day)
    before = {record.metric: record.value for record in world.night(day) if record.segment == "*"}
    assert before["label_coverage"] == 1
    partition(world, day).unlink()
    assert stale_outcomes(world.tonight, world.tonight.profiles.days()) == {day}
    assert {record.metric: record.value for record in world.night(day) if record.segment == "*"} == before
