"""What killed processes left is swept; what live ones write is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from obs_dagster import scratch
from obs_dagster.file_lock import hold, is_held, release, sweep_unseen
from obs_dagster.lake import leftovers
from obs_dagster.lake.leftovers import claimed

WRITER = """
import sys, time
from pathlib import Path
from tempfile import mkdtemp
from obs_dagster.lake.lake import replacing
from obs_dagster.lake.leftovers import aside, claim, mark
from obs_dagster.scratch import scratch

root = Path(sys.argv[1])
claim(root)
table = root / "model" / "inference_logs"
mkdtemp(prefix=f".baseline-{mark()}-", dir=root / "model")
aside(table / "day=2024-03-01").mkdir(parents=True)
(scratch() / "spilt").touch()
with replacing(table / "day=2024-03-02" / "data.parquet") as file:
    file.touch()
    print(scratch(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path, monkeypatch):
    """A process in the midst of its work, its lake and its temporary folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    root = tmp_path / "lake"
    (root / "model").mkdir(parents=True)
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE, text=True)
    process.temporary = process.stdout.readline().strip()
    process.root = root
    yield process
    process.kill()
    process.communicate()


def written_aside(root):
    return sorted(path.name[:10] for path in root.rglob(".*") if path.name != ".alive")


def test_nothing_of_a_live_process_is_swept_and_all_of_a_killed_one(writer, tmp_path):
    expected = [".baseline-", ".data.parq", ".day=2024-"]
    with claimed(writer.root):
        scratch.sweep(tmp_path / "temporary")
        assert written_aside(writer.root) == expected
        assert Path(writer.temporary).exists()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert written_aside(writer.root) == expected
    with claimed(writer.root):
        scratch.sweep(tmp_path / "temporary")
        assert written_aside(writer.root) == []
        assert not Path(writer.temporary).exists()
    assert list((writer.root / ".alive").iterdir()) == []


def test_what_has_no_mark_is_swept_when_it_is_old(tmp_path):
    old, new = (tmp_path / f".data.parquet.{digit * 32}" for digit in "ab")
    mine = tmp_path / ".gitignore"
    for path in (old, new, mine):
        path.touch()
    (tmp_path / ".baseline-abcd1234").mkdir()
    for path in (old, mine, tmp_path / ".baseline-abcd1234"):
        os.utime(path, (0, 0))
    with claimed(tmp_path):
        assert {path.name for path in tmp_path.glob(".*")} == {".alive", new.name, ".gitignore"}


def test_a_file_is_held_until_it_is_released_or_its_process_ends(tmp_path):
    file = tmp_path / "held"
    hold(file, "by me")
    assert is_held(file)
    assert file.read_text() == "by me"
    release(file)
    with pytest.raises(FileNotFoundError):
        is_held(file)
    code = "import sys, pathlib, obs_dagster.file_lock as lock; lock.hold(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)
    assert not is_held(file)


def test_a_mark_can_be_told_from_the_name(tmp_path):
    path = leftovers.aside(tmp_path / "x.y")
    assert leftovers._MARKED.fullmatch(path.name)[1] == leftovers.mark()


def test_what_was_left_before_anybody_could_see_it_goes_by_its_age(tmp_path):
    """A file that a killed process was about to hold is held by nobody, like one that is being made."""
    left, fresh = (tmp_path / f".run.{digit * 32}" for digit in "ab")
    other = tmp_path / ".opening"
    for each in (left, fresh, other):
        each.touch()
        os.utime(each, (0, 0))
    os.utime(fresh)
    sweep_unseen(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([fresh, other])
