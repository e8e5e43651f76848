import datetime as dt
import signal
import subprocess
import sys

import pyarrow as pa
import pytest

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake, manifest_of, read_json, replacing, write_json

DAY = dt.date(2024, 3, 4)
ROWS = pa.table({"a": [1, 2, 3]})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_block_replaces_the_file(tmp_path):
    target = tmp_path / "new" / "file"
    for text in ("old", "new"):
        with replacing(target) as aside:
            aside.write_text(text)
    assert target.read_text() == "new"
    assert names(target.parent) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "file"
    target.write_text("old")

    def interrupted():
        with replacing(target) as aside:
            aside.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_kill_leaves_the_old_file(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")
    code = (
        "import os, signal, sys; from pathlib import Path; from obs_dagster.lake.lake import replacing\n"
        "with replacing(Path(sys.argv[1])) as aside:\n"
        "    aside.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_what_a_killed_writer_left_is_no_day(tmp_path):
    table = Lake(tmp_path).table("m", "t")
    table.write(DAY, ROWS, {})
    (table.path(DAY).parent / ".data.parquet.0123").write_text("half")
    (table.folder / "day=2024-03-05").mkdir()
    (table.folder / "day=2024-03-05" / ".data.parquet.0123").write_text("half")
    assert table.days() == [DAY]
    assert table.read(DAY).equals(ROWS)


def test_rows_and_manifest_come_back(tmp_path):
    table = Lake(tmp_path).table("m", "t")
    manifest = {"n": 3, "versions": {'it\'s; "odd"': 2}, "none": None, "day": DAY}
    table.write(DAY, ROWS, manifest)
    assert table.read(DAY).equals(ROWS)
    assert table.manifest(DAY) == manifest | {"day": "2024-03-04"}


def test_days_are_found_listed_and_removed(tmp_path):
    table = Lake(tmp_path).table("m", "t")
    days = [DAY + dt.timedelta(days=offset) for offset in (3, 0, 1)]
    for day in days:
        table.write(day, ROWS, {})
    assert table.days() == sorted(days)
    assert table.days_between(DAY, DAY + dt.timedelta(days=2)) == sorted(days)[:2]
    table.remove(days[1])
    table.remove(days[1])
    assert table.days() == [days[2], days[0]]
    assert table.manifest(days[1]) is None


def test_a_table_without_days_has_none(tmp_path):
    table = Lake(tmp_path / "nowhere").table("m", "t")
    assert table.days() == []
    with pytest.raises(LakeError, match="does not exist") as caught:
        table.read(DAY)
    assert caught.value.remedy == "Run the day 2024-03-04 first."


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_a_damaged_file_is_named(tmp_path, damage):
    table = Lake(tmp_path).table("m", "t")
    table.write(DAY, ROWS, {})
    path = table.path(DAY)
    path.write_bytes({"cut": path.read_bytes()[:-20], "garbage": b"not parquet", "empty": b""}[damage])
    for read in (table.read, table.manifest, lambda day: manifest_of(table.path(day))):
        with pytest.raises(LakeError) as caught:
            read(DAY)
        assert str(path) in caught.value.message
        assert caught.value.remedy


def test_json_comes_back_and_damage_is_named(tmp_path):
    path = tmp_path / "deep" / "file.json"
    assert read_json(path) is None
    write_json(path, {"b": [1.5, None], "a": "ü"})
    assert read_json(path) == {"a": "ü", "b": [1.5, None]}
    for damage in (b'{"a": ', b"\xff\xfe"):
        path.write_bytes(damage)
        with pytest.raises(LakeError, match=r"file\.json"):
            read_json(path)
